"""Ferrando et al., table 6, over a set: a direction at several strengths, with random ones at each."""

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
from protocol.app.experiments.directions import PLACES, direction_to, directions_of, doses_of, no_direction, unit_words
from protocol.app.experiments.experiment import ExperimentAbout
from protocol.app.experiments.form import (
    ChoiceField,
    FieldOption,
    FormField,
    NumbersField,
    WordsField,
    number_field,
    options,
)
from protocol.steering import Held, Strength, Target
from protocol.vocabulary import DEFAULT_SCOPE, MAX_CONTROLLED_ARMS, Scope
from protocol.worker.models import DirectionCard, ModelCard
from protocol.worker.studies import AnswersRequest


class DoseDraft(ArmsDraft):
    """target: a direction of the card; None: it has none."""

    kind: Literal["dose"] = "dose"
    target: Target | None = None
    scope: Scope = DEFAULT_SCOPE
    strengths: tuple[Strength, ...] = Field(default=(), max_length=200)
    n: ControlCount = 4


class DoseExperiment(ArmsExperiment[DoseDraft]):
    draft = DoseDraft
    about = ExperimentAbout(
        id="dose",
        study="answers",
        plot="dose",
        title="Dose and response over a set",
        redoes="Table 6, for one prompt there",
        question="At which strength does the answer turn, and is it still text by then?",
        control="Random directions of the same norm at each strength; KL and surprise beside it.",
    )

    def preset(self, card: ModelCard, direction: DirectionCard | None = None) -> DoseDraft:
        """Of the first slider where none is named."""
        found = direction or next(iter(directions_of(card)), None)
        if found is None:
            return DoseDraft(model=card.id)
        return DoseDraft(model=card.id, target=found.target, scope=found.scope, strengths=doses_of(found))

    def fields(self, card: ModelCard, draft: DoseDraft) -> tuple[FormField, ...]:
        directions = directions_of(card)
        if not directions:
            return (WordsField(words="This model's card has no direction."),)
        notes = {one.target: f"{unit_words(one)}; up to {MAX_CONTROLLED_ARMS} with controls" for one in directions}
        choices = tuple(
            FieldOption(
                value=one.target,
                sets={"strengths": doses_of(one), "scope": one.scope},
                notes={"strengths": notes[one.target]},
            )
            for one in directions
        )
        return (
            ChoiceField(path="target", label="Direction", options=choices),
            NumbersField(path="strengths", label="Strengths", note=notes[directions[0].target]),
            ChoiceField(path="scope", label="At", options=options(PLACES)),
            number_field(DoseDraft, "n", label="Controls", note="random directions for each"),
        )

    def request(self, card: ModelCard, draft: DoseDraft) -> AnswersRequest:
        if draft.target is None:
            raise no_direction(card, "known")
        direction = direction_to(card, draft.target)
        arms = tuple(
            arm(
                f"{direction.role} {signed(one)}",
                direction.role,
                Held(target=draft.target, unit=direction.unit, scope=draft.scope, strength=one),
            )
            for one in sorted(draft.strengths)
        )
        controls = controlled(arms, draft.n, ("random",))
        require_allowed(arms, controls, "strength")
        return AnswersRequest(
            model=card.id, asked=draft.asked, arms=arms, controls=controls, by=("group",), plot="dose"
        )
