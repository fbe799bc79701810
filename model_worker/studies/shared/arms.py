"""Arms of a study, as deltas on any of its questions: resolved once, put where each question has its name.

Knows nothing about controls or batches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from model_worker.answering.prompt import PromptTokens
from model_worker.model.loading import Loaded
from model_worker.steering.interventions import positions
from model_worker.steering.resolved import resolve
from model_worker.steering.sites import AnyDelta
from model_worker.steering.targets import read_of
from protocol.amounts import swept
from protocol.refusal import Refused
from protocol.steering import Held, NeuronSetTarget, NeuronTarget, PlainTarget
from protocol.vocabulary import ANOTHER_LATENT, SCOPES
from protocol.worker.study_frames import StudyArm


@dataclass(frozen=True)
class PlannedArm:
    """hold: none is the baseline."""

    told: StudyArm
    hold: tuple[Held, ...] = ()


class Resolved:
    """An arm's deltas, but for where."""

    def __init__(self, loaded: Loaded, hold: Sequence[Held], example: PromptTokens) -> None:
        """Raises Refused for what this model can't do, and for token positions of no particular prompt."""
        if any(held.scope == "positions" and held.positions for held in hold):
            raise Refused(
                422,
                "positions_of_many",
                "Steering of numbered tokens asked in a study.",
                "Its prompts have their names in different places.",
                "Use a scope that says where from the name.",
            )
        pushes = [(held, resolve(loaded, held, example.entity, example.tokens)) for held in hold]
        self._deltas = [(held, push.delta(held.strength)) for held, push in pushes]

    def at(self, prompt: PromptTokens) -> tuple[AnyDelta, ...]:
        return tuple(
            replace(delta, positions=positions(held.scope, held.positions, prompt.entity, prompt.tokens))
            for held, delta in self._deltas
        )


def in_words(loaded: Loaded, hold: Sequence[Held]) -> str:
    """What an arm does: "Known entity (latent 4 of resid_post/layer_3) at +1.25 × r̄, on the name's tokens"."""
    return " and ".join(_in_words(loaded, held) for held in hold)


def _in_words(loaded: Loaded, held: Held) -> str:
    target = target_in_words(loaded, read_of(held.target))
    if held.target.kind == "random":
        target = f"{'random neurons' if held.on_neurons else 'a random direction'} in the place of {target}"
    to = ANOTHER_LATENT if held.to is None else target_in_words(loaded, held.to)
    places = [] if held.scope == "positions" else [SCOPES[held.scope]]
    if held.generated:
        places.append("generated tokens")
    return f"{target} {swept(held, held.strength, to=to)}, on {' and '.join(places)}"


def target_in_words(loaded: Loaded, target: PlainTarget) -> str:
    if isinstance(target, NeuronTarget | NeuronSetTarget):
        return target.words
    plain = f"latent {target.latent} of {target.dictionary}" if target.kind == "latent" else target.name
    validated = (*loaded.card.directions, *loaded.card.more_directions)
    named = next((one.label for one in validated if one.target == target), None)
    return f"{named} ({plain})" if named else plain
