"""Misfires: every tier, both halves of the set; the known latent ablated at the name, against latents that fire as
often and against random directions."""

from typing import Literal

from protocol.app.experiments.answers.arms import (
    ArmsDraft,
    ArmsExperiment,
    ControlCount,
    ablated,
    arm,
    controlled,
    require_allowed,
)
from protocol.app.experiments.directions import direction_of, held_along, no_direction
from protocol.app.experiments.experiment import ExperimentAbout
from protocol.app.experiments.form import FormField, WordsField, number_field
from protocol.steering import Held
from protocol.vocabulary import MAX_STUDY_WATCHED
from protocol.worker.models import ModelCard
from protocol.worker.names import WorldNames
from protocol.worker.studies import AnswersRequest, Asked


class MisfiresDraft(ArmsDraft):
    """known: the push whose latent is ablated."""

    kind: Literal["misfires"] = "misfires"
    asked: Asked = Asked(names=WorldNames(most=40), split="all", most=40)
    known: Held | None = None
    n: ControlCount = 5


class MisfiresExperiment(ArmsExperiment[MisfiresDraft]):
    draft = MisfiresDraft
    most_names = 40
    about = ExperimentAbout(
        id="misfires",
        study="answers",
        plot="misfires",
        title="Misfires",
        redoes="The claim itself: wrong answers as a latent that fires when it should not",
        question="Does the known latent fire where the model answers wrong, and does taking it away make it refuse?",
        control="Right answers and refusals beside it; other latents taken away instead.",
    )

    def preset(self, card: ModelCard) -> MisfiresDraft:
        return MisfiresDraft(model=card.id, known=held_along(direction_of(card, "known", latent=True)))

    def fields(self, card: ModelCard, draft: MisfiresDraft) -> tuple[FormField, ...]:
        if draft.known is None:
            return (WordsField(words="This model's card has no known latent."),)
        found = direction_of(card, "known", latent=True)
        return (
            WordsField(words="is ablated at the name's tokens.", role="known", target=found.target if found else None),
            number_field(
                MisfiresDraft,
                "n",
                label="Controls",
                note="of each kind: latents that fire as often, random directions",
            ),
        )

    def request(self, card: ModelCard, draft: MisfiresDraft) -> AnswersRequest:
        if draft.known is None:
            raise no_direction(card, "known")
        arms = (arm("known ablated", "known", ablated(draft.known)),)
        controls = controlled(arms, draft.n, ("matched", "random"))
        require_allowed(arms, controls, "arm")
        return AnswersRequest(
            model=card.id,
            asked=draft.asked,
            arms=arms,
            controls=controls,
            by=("group",),
            plot="misfires",
            watch=tuple(one.target for one in card.watch[:MAX_STUDY_WATCHED]),
        )
