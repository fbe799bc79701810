"""The risk strip under a push: what it is worth on steered answers, which it was not fitted for."""

from typing import Literal

from pydantic import Field

from protocol.amounts import signed
from protocol.app.experiments.answers.arms import (
    ArmsDraft,
    ArmsExperiment,
    ControlCount,
    arm,
    controlled,
    require_allowed,
)
from protocol.app.experiments.directions import PUSHED_ROLES, direction_of, no_direction
from protocol.app.experiments.experiment import ExperimentAbout
from protocol.app.experiments.form import FormField, NumbersField, WordsField, number_field
from protocol.refusal import Refused
from protocol.steering import Held
from protocol.worker.models import ModelCard
from protocol.worker.names import WorldNames
from protocol.worker.studies import AnswersRequest, Asked

OF_VALIDATED = (0.5, 1.0, 1.5)
"""Of the strength that a direction was validated at."""


class RiskDraft(ArmsDraft):
    kind: Literal["risk"] = "risk"
    asked: Asked = Asked(names=WorldNames(most=60), split="all", most=60)
    sizes: tuple[float, ...] = Field(default=OF_VALIDATED, max_length=4, description="of the validated strength")
    n: ControlCount = 3


class RiskExperiment(ArmsExperiment[RiskDraft]):
    draft = RiskDraft
    most_names = 60
    about = ExperimentAbout(
        id="risk",
        study="answers",
        plot="risk",
        title="The risk under a push",
        redoes="What the risk strip says of steered answers",
        question="Does the risk of an answer still tell errors when the model is steered, and is it still a share?",
        control="Entropy at the same token; the same push along random directions; names that are in no fit.",
    )

    def preset(self, card: ModelCard) -> RiskDraft:
        return RiskDraft(model=card.id)

    def fields(self, card: ModelCard, draft: RiskDraft) -> tuple[FormField, ...]:
        if card.risk is None:
            return (WordsField(words="This model's card has no fit of the risk."),)
        return (
            WordsField(words="Half of the names were used to fit the risk: they are asked, and not counted."),
            NumbersField(path="sizes", label="Sizes", note="of the validated strength, each way"),
            number_field(RiskDraft, "n", label="Controls", note="random directions for each"),
        )

    def request(self, card: ModelCard, draft: RiskDraft) -> AnswersRequest:
        if card.risk is None:
            raise Refused(
                422,
                "no_risk",
                f"The risk of {card.id}'s answers is asked.",
                "Its card has no fit of it.",
                "Choose a model that has one.",
            )
        directions = [found for role in PUSHED_ROLES if (found := direction_of(card, role)) is not None]
        if not directions:
            raise no_direction(card, "known")
        arms = tuple(
            arm(
                f"{one.role} {signed(size * one.strength)}",
                one.role,
                Held(target=one.target, unit=one.unit, scope=one.scope, strength=size * one.strength),
            )
            for one in directions
            for size in sorted(draft.sizes)
        )
        controls = controlled(arms, draft.n, ("random",))
        require_allowed(arms, controls, "strength")
        return AnswersRequest(
            model=card.id, asked=draft.asked, arms=arms, controls=controls, by=("group",), plot="risk"
        )
