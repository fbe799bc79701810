"""What a push along a direction does to answers and to attention, beside random ones.

Chooses nothing; does not know what was hoped for.
"""

import random
from dataclasses import dataclass

import torch
from torch import Tensor

from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.dictionaries.directions import (
    Direction,
    changes_under,
    random_units,
)
from training.tiny_gemma2.evaluation.answers import EVERY_WORDING, AnsweredPrompts, answered_prompts
from training.tiny_gemma2.language_model.answers import Steer, scope_positions, steered
from training.tiny_gemma2.language_model.prompts import EntityPrompt, sampled
from training.tiny_gemma2.language_model.sets import one_question_each
from training.tiny_gemma2.subject import Subject, both

CONTROLLED_ON = 32  # names whose first token controls are read at

# --- steering ---


@dataclass(frozen=True)
class DirectionPush:
    """A direction at work: `sign` +1 towards its role, −1 away from it."""

    direction: Direction
    sign: int = 1

    @property
    def role(self) -> str:
        """What it makes the model believe."""
        other = {"known": "unknown", "unknown": "known"}
        return self.direction.role if self.sign > 0 else other[self.direction.role]

    def steer(self, norms: tuple[float, ...]) -> Steer:
        d = self.direction
        return Steer(d.layer, self.sign * d.strength * norms[d.layer] * d.vector, d.scope)


@dataclass(frozen=True)
class Effect:
    """Shares of answers that the push is meant to bring about, clean and steered, and of controls beside it."""

    clean: AnsweredPrompts
    pushed: AnsweredPrompts
    changes: Tensor  # (n controls,): |share of first tokens under a control − clean share|

    @property
    def control(self) -> tuple[float, float, float]:
        """Mean, 95th percentile, largest."""
        return float(self.changes.mean()), float(self.changes.quantile(0.95)), float(self.changes.max())


def steering_prompts(subject: Subject, role: str, n: int | None = None) -> list[EntityPrompt]:
    """One question a name of the test half, every wording: unknown names for a push to known, and the reverse."""
    known, unknown = both(subject, "test")
    rng = random.Random(subject.recipe.seed + 37)
    asked = one_question_each(subject.tokenizer, unknown if role == "known" else known, rng, EVERY_WORDING)
    return sampled(asked, n or subject.recipe.n_pushed, rng)


def control_units(n: int, d_model: int, dictionary: TrainedDictionary | None, but: int | None, seed: int = 0) -> Tensor:
    """(up to 2n, d_model), norm 1: `n` random directions and, with a dictionary, `n` random other latents."""
    units = random_units(n, d_model, seed)
    if dictionary is None:
        return units
    others = [i for i in range(len(dictionary.threshold)) if i != but]
    chosen = random.Random(seed).sample(others, min(n, len(others)))
    return torch.cat([units, torch.nn.functional.normalize(dictionary.w_dec[chosen], dim=-1)])


def effect(subject: Subject, pushed: DirectionPush, dictionary: TrainedDictionary | None, n_controls: int) -> Effect:
    """Whole greedy answers under the push; controls of its norm, place and scope by first token on CONTROLLED_ON."""
    d = pushed.direction
    prompts = steering_prompts(subject, pushed.role)
    some = sampled(prompts, CONTROLLED_ON, random.Random(1))
    units = control_units(n_controls, subject.chat.config.hidden_size, dictionary, d.latent)
    changes = changes_under(subject.chat, subject.tokenizer, some, pushed.role, d, subject.norms[d.layer], units)
    return Effect(
        answered_prompts(subject, prompts), answered_prompts(subject, prompts, pushed.steer(subject.norms)), changes
    )


def wanted_outcome(role: str) -> str:
    return "invented" if role == "known" else "refused"


# --- attention ---


@torch.no_grad()
def attention_to_entity(subject: Subject, prompts: list[EntityPrompt], *steers: Steer) -> Tensor:
    """(layers, heads): weight from the last prompt token to the entity's tokens, mean over prompts."""
    total, n = torch.zeros(()), 0
    lengths: dict[int, list[EntityPrompt]] = {}
    for p in prompts:
        lengths.setdefault(len(p.ids), []).append(p)
    for rows in lengths.values():
        with steered(subject.chat, rows, steers):
            out = subject.chat(torch.tensor([p.ids for p in rows]), use_cache=False, output_attentions=True)
        for i, p in enumerate(rows):
            span = list(scope_positions(p, "entity"))
            total = total + torch.stack([a[i, :, -1, span].sum(-1) for a in out.attentions])
            n += 1
    return total / n
