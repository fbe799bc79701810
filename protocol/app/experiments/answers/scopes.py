"""Ferrando et al., section 5: the last entity token against the rest of the prompt: one push in every
place, and at generated tokens too."""

from typing import Literal

from protocol.app.experiments.answers.arms import (
    ArmsDraft,
    ArmsExperiment,
    ControlCount,
    arm,
    controlled,
    require_allowed,
)
from protocol.app.experiments.directions import direction_to, directions_of, no_direction, unit_words
from protocol.app.experiments.experiment import ExperimentAbout
from protocol.app.experiments.form import ChoiceField, FieldOption, FormField, WordsField, number_field
from protocol.steering import Held, Strength, Target
from protocol.vocabulary import SCOPES, Scope
from protocol.worker.models import DirectionCard, ModelCard
from protocol.worker.studies import AnswersRequest

COMPARED: tuple[tuple[Scope, bool], ...] = (
    ("last_entity", False),
    ("entity", False),
    ("entity_to_end", False),
    ("last_entity_to_end", False),
    ("last_entity_to_end", True),
)
"""A scope, and whether generated tokens are pushed too."""


class ScopesDraft(ArmsDraft):
    """target: a direction of the card; None: it has none."""

    kind: Literal["scopes"] = "scopes"
    target: Target | None = None
    strength: Strength = 1.0
    n: ControlCount = 5


class ScopesExperiment(ArmsExperiment[ScopesDraft]):
    draft = ScopesDraft
    about = ExperimentAbout(
        id="scopes",
        study="answers",
        plot="scopes",
        title="Where it must be steered",
        redoes="Section 5; the repository's entity_last run",
        question="Is the name's last token enough, or does the push need the end of the prompt?",
        control="Random directions at the same tokens.",
    )

    def preset(self, card: ModelCard, direction: DirectionCard | None = None) -> ScopesDraft:
        """Of the first slider where none is named."""
        found = direction or next(iter(directions_of(card)), None)
        if found is None:
            return ScopesDraft(model=card.id)
        return ScopesDraft(model=card.id, target=found.target, strength=found.strength)

    def fields(self, card: ModelCard, draft: ScopesDraft) -> tuple[FormField, ...]:
        directions = directions_of(card)
        if not directions:
            return (WordsField(words="This model's card has no direction."),)
        choices = tuple(
            FieldOption(value=one.target, sets={"strength": one.strength}, notes={"strength": unit_words(one)})
            for one in directions
        )
        places = "At the last token of the name; at all its tokens; from either to the end of the prompt; and at what "
        return (
            ChoiceField(path="target", label="Direction", options=choices),
            number_field(ScopesDraft, "strength", label="Strength", note=unit_words(directions[0]), whole=False),
            WordsField(words=f"{places}is written too."),
            number_field(ScopesDraft, "n", label="Controls", note="random directions for each"),
        )

    def request(self, card: ModelCard, draft: ScopesDraft) -> AnswersRequest:
        if draft.target is None:
            raise no_direction(card, "known")
        direction = direction_to(card, draft.target)
        arms = tuple(
            arm(
                f"{direction.role}: {SCOPES[scope]}{', answer too' if generated else ''}",
                direction.role,
                Held(
                    target=draft.target,
                    unit=direction.unit,
                    scope=scope,
                    generated=generated,
                    strength=draft.strength,
                ),
            )
            for scope, generated in COMPARED
        )
        controls = controlled(arms, draft.n, ("random",))
        require_allowed(arms, controls, "arm")
        return AnswersRequest(
            model=card.id, asked=draft.asked, arms=arms, controls=controls, by=("group",), plot="scopes"
        )
