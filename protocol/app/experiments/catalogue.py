"""Which experiments there are, in the order of the page's list; and what a draft of one comes to.

A new one is a module beside the others and a line in EXPERIMENTS.
"""

from typing import Annotated, Any, Union

from pydantic import BaseModel, Field, ValidationError

from protocol.app.experiments.answers.dose import DoseExperiment
from protocol.app.experiments.answers.misfires import MisfiresExperiment
from protocol.app.experiments.answers.refusals import RefusalsExperiment
from protocol.app.experiments.answers.risk import RiskExperiment
from protocol.app.experiments.answers.scopes import ScopesExperiment
from protocol.app.experiments.attention import AttentionExperiment
from protocol.app.experiments.circuits import CircuitsExperiment
from protocol.app.experiments.cost import asked_names, names_counted
from protocol.app.experiments.experiment import Draft, Experiment, ExperimentMade, ExperimentOffer
from protocol.app.experiments.knowledge import KnowledgeExperiment
from protocol.app.experiments.label import LabelExperiment
from protocol.app.experiments.neurons import NeuronsExperiment
from protocol.app.experiments.patching import PatchingExperiment
from protocol.app.experiments.transfer import TransferExperiment
from protocol.app.experiments.uncertainty import UncertaintyExperiment
from protocol.base import Message
from protocol.refusal import Refusal, Refused, from_validation
from protocol.vocabulary import TIERS
from protocol.worker.models import ModelCard
from protocol.worker.names import LABELS, WorldNames
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
    NeuronsExperiment(),
    MisfiresExperiment(),
    RiskExperiment(),
    CircuitsExperiment(),
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


PRESET_S = 240.0
"""A preset takes no longer than this at the card's pace, unless the fewest questions do."""

FEWER = (100, 50, 25, 12, 6, 3)  # of each type and group


def offers(card: ModelCard, world: ModelWorld | None = None) -> ExperimentOffers:
    """world: of the model, if somebody has it: then its own names are counted."""
    own = {entry.tier for entry in world.entries} if world else set(TIERS)
    tiers = tuple(tier for tier in TIERS if tier in own or tier in LABELS)
    found = tuple(_in_minutes(one.offer(card, tiers), card, world) for one in EXPERIMENTS)
    return ExperimentOffers(model=card.id, experiments=found)


def _in_minutes(offer: ExperimentOffer, card: ModelCard, world: ModelWorld | None) -> ExperimentOffer:
    """With as many questions as are answered in minutes by a model of this pace."""
    draft: Any = offer.draft
    for most in (draft.asked.most, *(n for n in FEWER if n < draft.asked.most)):
        own = draft.asked.model_copy(update={"most": most})
        counted = own.model_copy(update={"names": WorldNames(most=offer.most_names)})
        cost = made(card, draft.model_copy(update={"asked": counted}), world).cost
        if cost is None or cost.seconds is None:
            break
        if cost.seconds <= PRESET_S or most == FEWER[-1]:
            return offer.model_copy(update={"draft": draft.model_copy(update={"asked": own})})
    return offer


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
    cost = experiment.cost(request, asked, card).at_pace_of(card, request.kind)
    if not cost.n_questions:
        return ExperimentMade(cost=cost, problem=_NOTHING_LEFT)
    return ExperimentMade(request=request, cost=cost, doubt=experiment.doubt(cost, asked))


class _ExperimentKind(BaseModel):
    kind: str
    model: str
