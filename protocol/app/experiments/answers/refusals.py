"""Ferrando et al., figures 3, 11 and 26: refusals of known and of unknown names, by arm.

In the place of their orthogonalised weights the direction is projected out at its layer, at every token.
"""

from typing import Literal

from protocol.app.experiments.answers.arms import (
    ArmsDraft,
    ArmsExperiment,
    ControlCount,
    arm,
    controlled,
    projected_out,
    require_allowed,
)
from protocol.app.experiments.directions import PUSHED_ROLES, direction_of, has_latents, held_along, push_fields
from protocol.app.experiments.experiment import ExperimentAbout
from protocol.app.experiments.form import FormField, TicksField, WordsField, number_field, same_words
from protocol.steering import Held
from protocol.vocabulary import CONTROL_KINDS, ControlKind
from protocol.worker.models import ModelCard
from protocol.worker.studies import AnswersRequest


class RefusalsDraft(ArmsDraft):
    """n: controls of each kind for each arm that is added; n_projected: for each that is projected out."""

    kind: Literal["refusals"] = "refusals"
    known: Held | None = None
    unknown: Held | None = None
    kinds: tuple[ControlKind, ...] = tuple(CONTROL_KINDS)
    n: ControlCount = 5
    n_projected: ControlCount = 3


class RefusalsExperiment(ArmsExperiment[RefusalsDraft]):
    draft = RefusalsDraft
    about = ExperimentAbout(
        id="refusals",
        study="answers",
        plot="arms",
        title="Refusals by arm",
        redoes="Figures 3, 11, 26",
        question="Does pushing along the known or the unknown latent change how often the model refuses?",
        control="The same push along silent latents, equally frequent ones and random directions.",
    )

    def preset(self, card: ModelCard) -> RefusalsDraft:
        known, unknown = (held_along(direction_of(card, role)) for role in PUSHED_ROLES)
        latents = all(has_latents(card, held.target) for held in (known, unknown) if held)
        kinds: tuple[ControlKind, ...] = tuple(CONTROL_KINDS) if latents else ("random",)
        return RefusalsDraft(model=card.id, known=known, unknown=unknown, kinds=kinds)

    def fields(self, card: ModelCard, draft: RefusalsDraft) -> tuple[FormField, ...]:
        return (
            *push_fields(card, optional=True, placed=True),
            WordsField(words="Each is added (+known, +unknown), and projected out at every token, at its layer."),
            number_field(RefusalsDraft, "n", label="Controls", note="of each kind, for each that is added"),
            number_field(RefusalsDraft, "n_projected", label="and", note="for each that is projected out"),
            TicksField(
                path="kinds",
                label="Kinds",
                options=same_words(tuple(CONTROL_KINDS)),
                note="; ".join(CONTROL_KINDS.values()),
            ),
        )

    def request(self, card: ModelCard, draft: RefusalsDraft) -> AnswersRequest:
        pushes = [(role, held) for role in PUSHED_ROLES if (held := getattr(draft, role)) is not None]
        added = [arm(f"+{role}", role, held) for role, held in pushes]
        taken = [arm(f"{role} projected out", role, projected_out(held)) for role, held in pushes]
        kinds = tuple(kind for kind in draft.kinds if kind != "silent")  # what doesn't fire has nothing to take out
        arms = (*added, *taken)
        controls = (*controlled(added, draft.n, draft.kinds), *controlled(taken, draft.n_projected, kinds))
        require_allowed(arms, controls, "arm")
        return AnswersRequest(model=card.id, asked=draft.asked, arms=arms, controls=controls, plot="arms")
