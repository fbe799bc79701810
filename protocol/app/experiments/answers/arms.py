"""What experiments share whose arms are made of a few numbers: arms of one push each, their controls, their request.

Knows nothing about which pushes.
"""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field

from protocol.app.experiments.cost import Cost, NameCounts, asked_questions, cost_of
from protocol.app.experiments.experiment import D, Experiment
from protocol.base import Message, Name
from protocol.refusal import Refused
from protocol.steering import Held
from protocol.vocabulary import MAX_CHOSEN_ARMS, MAX_CONTROLLED_ARMS, MAX_STUDY_CONTROLS, ControlKind, Role
from protocol.worker.models import ModelCard
from protocol.worker.studies import AnswersRequest, ArmSpec, Asked, ControlSpec, StudyRequest

KNOWN_OR_NOT = Asked(groups=("known", "unknown"))
ControlCount = Annotated[int, Field(ge=0, le=MAX_STUDY_CONTROLS)]


class ArmsDraft(Message):
    model: Name
    asked: Asked = KNOWN_OR_NOT

    def putting(self, **asked: object) -> Self:
        """The same, with other questions: fields of Asked."""
        return self.model_copy(update={"asked": self.asked.model_copy(update=asked)})


class ArmsExperiment(Experiment[D]):
    """Every arm answers every question, and so does every control."""

    @abstractmethod
    def request(self, card: ModelCard, draft: D) -> AnswersRequest: ...

    def cost(self, request: StudyRequest, names: NameCounts, card: ModelCard) -> Cost:
        assert isinstance(request, AnswersRequest)
        return cost_of(asked_questions(request.asked, names, card), request.n_arms, "arms")


def arm(name: str, role: Role, held: Held) -> ArmSpec:
    return ArmSpec(name=name, role=role, hold=(held,))


def projected_out(held: Held) -> Held:
    """Everywhere at its layer: what stands here for the paper's orthogonalised weights."""
    return Held(target=held.target, mode="project_out", scope="prompt", generated=True, strength=1.0)


def ablated(held: Held) -> Held:
    return Held(target=held.target, mode="ablate", scope="entity", strength=1.0)


def controlled(arms: Iterable[ArmSpec], n: int, kinds: tuple[ControlKind, ...]) -> tuple[ControlSpec, ...]:
    """n of each kind, for each arm."""
    return tuple(ControlSpec(of=arm.name, kinds=kinds, n=n) for arm in arms) if n and kinds else ()


def require_allowed(arms: Sequence[ArmSpec], controls: Sequence[ControlSpec], noun: Literal["arm", "strength"]) -> None:
    """Raises Refused (422) for more, or fewer, than a study may have."""
    if not arms:
        raise _not_allowed("Nothing would be pushed.", "A study has an arm at least.", f"Give it an {noun}.")
    if len({arm.name for arm in arms}) < len(arms):
        raise _not_allowed(f"One {noun} stands twice.", "Each may stand once.", "Leave one out.")
    if len(arms) > MAX_CHOSEN_ARMS:
        raise _not_allowed(
            f"{len(arms)} {noun}s are asked.",
            f"{MAX_CHOSEN_ARMS} are allowed, beside their controls.",
            f"Use fewer {noun}s.",
        )
    if len(controls) > MAX_CONTROLLED_ARMS:
        raise _not_allowed(
            f"{len(controls)} {noun}s with controls are asked.",
            f"{MAX_CONTROLLED_ARMS} are allowed.",
            f"Use fewer {noun}s, or no controls.",
        )


def _not_allowed(asked: str, allowed: str, change: str) -> Refused:
    return Refused(422, "not_allowed", asked, allowed, change)
