"""Which experiments there are, in the order of the page's list; and what a draft of one comes to.

A new one is a module beside the others and a line in EXPERIMENTS.
"""

from typing import Annotated, Any, Union

from pydantic import BaseModel, Field, ValidationError

from protocol.app.experiments.answers.dose import DoseExperiment
from protocol.app.experiments.answers.misfires import MisfiresExperiment
from protocol.app.experiments.answers.refusals import RefusalsExperiment
from protocol.app.experiments.answers.scopes import ScopesExperiment
from protocol.app.experiments.attention import AttentionExperiment
from protocol.app.experiments.cost import asked_names, names_counted
from protocol.app.experiments.experiment import Draft, Experiment, ExperimentMade, ExperimentOffer
from protocol.app.experiments.knowledge import KnowledgeExperiment
from protocol.app.experiments.label import LabelExperiment
from protocol.app.experiments.patching import PatchingExperiment
from protocol.app.experiments.transfer import TransferExperiment
from protocol.app.experiments.uncertainty import UncertaintyExperiment
from protocol.base import Message
from protocol.refusal import Refusal, Refused, from_validation
from protocol.worker.models import ModelCard
from protocol.worker.studies import DiscoverRequest
from protocol.worker.world import ModelWorld

EXPERIMENTS: tuple[Experiment[Any], ...] = (
    RefusalsExperiment(),
    DoseExperiment(),
    ScopesExperiment(),
    AttentionExperiment(),
    PatchingExperiment(),
    KnowledgeExperiment(),
    TransferExperiment(),
    UncertaintyExperiment(),
    MisfiresExperiment(),
    LabelExperiment(),
)
ExperimentDraft: object = Annotated[Union[tuple(one.draft for one in EXPERIMENTS)], Field(discriminator="kind")]  # noqa: UP007
"""A draft of any of them, as JSON."""

_NOTHING_LEFT = Refusal(
    code="nothing_to_ask",
    asked="No question is left.",
    allowed="A study puts one at least.",
    change="Choose more names or another part.",
)


class ExperimentOffers(Message):
    """Every experiment, for one model."""

    model: str
    experiments: tuple[ExperimentOffer, ...]


def offers(card: ModelCard) -> ExperimentOffers:
    return ExperimentOffers(model=card.id, experiments=tuple(one.offer(card) for one in EXPERIMENTS))


def read_draft(body: bytes | str) -> Draft:
    """JSON of a draft. Raises ValidationError for what the protocol doesn't allow, and Refused (422) for what is no
    draft."""
    try:
        kind = _ExperimentKind.model_validate_json(body).kind
    except ValidationError as error:
        raise from_validation(error) from None
    for one in EXPERIMENTS:
        if one.about.id == kind:
            draft: Draft = one.draft.model_validate_json(body)
            return draft
    raise Refused(
        422,
        "unknown_experiment",
        "An experiment is asked that isn't here.",
        f"There are {', '.join(one.about.id for one in EXPERIMENTS)}.",
        "Say one of them as `kind`.",
    )


def made(card: ModelCard, draft: Draft, world: ModelWorld | None) -> ExperimentMade:
    """world: of the model, if somebody has it."""
    experiment = next(one for one in EXPERIMENTS if one.about.id == draft.kind)
    try:
        request = experiment.request(card, draft)
    except ValidationError as error:
        return ExperimentMade(problem=from_validation(error).refusal)
    except Refused as refused:
        return ExperimentMade(problem=refused.refusal)
    assert not isinstance(request, DiscoverRequest)  # none is an experiment
    names = names_counted(request.asked, world)
    if names is None:
        return ExperimentMade(request=request)
    asked = asked_names(request.asked, names)
    cost = experiment.cost(request, asked, card)
    if not cost.n_questions:
        return ExperimentMade(cost=cost, problem=_NOTHING_LEFT)
    return ExperimentMade(request=request, cost=cost, doubt=experiment.doubt(cost, asked))


class _ExperimentKind(BaseModel):
    kind: str
    model: str
