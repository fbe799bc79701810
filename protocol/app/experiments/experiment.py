"""An experiment: what it is called, what its form offers for a model, which request the form's draft makes, and at
what cost. Everybody asks the same one: the page through the app, the client and its report directly.

A *draft* is what a form edits. Mostly it is the study's request itself; where arms are to be made of a few numbers,
it is those. Knows nothing about any particular experiment, and puts nothing to a worker.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, ClassVar, Generic, Protocol, TypeVar, cast

from pydantic import SerializeAsAny, WithJsonSchema

from protocol.app.experiments.cost import Cost, NameCounts
from protocol.app.experiments.form import (
    ChoiceField,
    FormField,
    FormPart,
    TicksField,
    number_field,
    options,
    same_words,
)
from protocol.base import Message, Name, Text
from protocol.enough import too_few_of_one_kind
from protocol.refusal import Refusal
from protocol.vocabulary import SPLITS, TIERS, Tier
from protocol.worker.models import ModelCard
from protocol.worker.studies import Asked, StudyRequest

UNLABELLED = "unlabelled"


class Draft(Protocol):
    """What every draft has; `kind` says which experiment it is of."""

    @property
    def kind(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def asked(self) -> Asked: ...


D = TypeVar("D", bound=Message)


class ExperimentAbout(Message):
    """What it is, in words. study, plot: how its requests are known. redoes: the place in Ferrando et al. page: that
    draws it whole, where there is one."""

    id: Text
    study: Name
    plot: Text | None = None
    title: Text
    redoes: Text
    question: Text
    control: Text
    page: Text | None = None


class ExperimentOffer(Message):
    """For one model: the draft to begin with, and the parts of a form that edits it. Its names are chosen besides, into
    `asked.names`; most_names: of the world's, at most so many of each type and tier at first."""

    about: ExperimentAbout
    draft: Annotated[
        SerializeAsAny[Message],
        WithJsonSchema({"type": "object", "description": "An ExperimentDraft, of the kind that the experiment is."}),
    ]
    parts: tuple[FormPart, ...]
    most_names: int


class ExperimentMade(Message):
    """What a draft comes to. problem: why it can't be asked; then there is no request. cost None: nobody here can count
    the model's own names. doubt: why it could say nothing, however it comes out."""

    request: StudyRequest | None = None
    cost: Cost | None = None
    problem: Refusal | None = None
    doubt: Text | None = None


class Experiment(ABC, Generic[D]):
    about: ClassVar[ExperimentAbout]
    draft: type[D]
    most_names: ClassVar[int] = 100
    title: ClassVar[str] = "Arms"  # of the part of the form that is its own

    @abstractmethod
    def preset(self, card: ModelCard) -> D:
        """The draft to begin with, as the card validated it."""

    @abstractmethod
    def fields(self, card: ModelCard, draft: D) -> tuple[FormField, ...]:
        """Of its own part of the form."""

    @abstractmethod
    def cost(self, request: StudyRequest, names: NameCounts, card: ModelCard) -> Cost:
        """names: those that are asked about, of each type and group."""

    def doubt(self, cost: Cost, names: NameCounts) -> str | None:
        """Whether there are too few of them to say anything. What is pushed is held against itself, group by group."""
        groups = Counter({group: 0 for _, group in names})
        for (_, group), n in names.items():
            groups[group] += n
        few, group = min((n, group) for group, n in groups.items() if n)
        return too_few_of_one_kind(few, f"{group} names")

    def request(self, card: ModelCard, draft: D) -> StudyRequest:
        """Raises Refused (422) or ValidationError for what the protocol doesn't allow."""
        return cast(StudyRequest, draft)

    def offer(self, card: ModelCard, tiers: Sequence[Tier] = tuple(TIERS)) -> ExperimentOffer:
        """tiers: that its names have."""
        draft = self.preset(card)
        parts = (
            FormPart(title="Questions", fields=_questions(self.draft, card, tiers)),
            FormPart(title=self.title, fields=self.fields(card, draft)),
        )
        return ExperimentOffer(about=self.about, draft=draft, parts=parts, most_names=self.most_names)


def _questions(draft: type[Message], card: ModelCard, tiers: Sequence[Tier]) -> tuple[FormField, ...]:
    """Which questions are put: of every experiment."""
    attributes = tuple(dict.fromkeys(one.name for one in card.attributes))
    which = TicksField(
        path="asked.attributes", label="Attributes", options=same_words(attributes), note="none ticked: all of them"
    )
    return (
        ChoiceField(
            path="asked.split",
            label="Part",
            options=options({split: term.name for split, term in SPLITS.items()}),
            note="dealt by a hash of the name, so that what ranked a latent is not what tests it",
        ),
        number_field(draft, "asked.most", label="Of each type and group at most", note="questions"),
        TicksField(
            path="asked.groups",
            label="Groups",
            options=same_words((*tiers, UNLABELLED)),
            note="none ticked: all of them",
        ),
        *((which,) if len(attributes) > 1 else ()),
        ChoiceField(
            path="asked.per_name",
            label="Of each name",
            options=options({"one": "one attribute, drawn by hash", "all": "every attribute"}),
        ),
    )
