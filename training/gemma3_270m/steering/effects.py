"""What a direction does at a strength, beside controls of the same length: shares of names won over.

A push towards known wins an invented name when it answers, a push towards unknown a known name when it refuses. Chosen
by first tokens on validation names, told by whole answers on test names. Knows nothing about how directions are found.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from model_worker.engine import Engine
from model_worker.studies.shared.statistics import wilson
from training.gemma3_270m.steering.pushed import NamePush, NameQuestion, first_tokens, pushed_answers

TRIED_STRENGTHS = (0.03125, 0.0625, 0.09375, 0.125, 0.1875, 0.25, 0.375)
ENOUGH_WON = 0.95


@dataclass(frozen=True)
class Candidate:
    """`unit` (d_model,) of norm 1, as it is pushed towards `role`; `strength` in multiples of r."""

    name: str
    role: str
    layer: int
    unit: Tensor
    strength: float = 0.0

    def push(self, norms: Sequence[float]) -> NamePush:
        return self.along(self.unit, norms)

    def along(self, unit: Tensor, norms: Sequence[float]) -> NamePush:
        """The same push in another direction."""
        return NamePush(self.layer, unit * self.strength * norms[self.layer])

    def wins(self, logodds: Tensor) -> Tensor:
        return logodds < 0 if self.role == "known" else logodds > 0


def best_strength(
    engine: Engine, one: Candidate, questions: Sequence[NameQuestion], norms: Sequence[float],
    strengths: Sequence[float] = TRIED_STRENGTHS,
) -> tuple[Candidate, dict[float, float]]:  # fmt: skip
    """The gentlest that wins ENOUGH_WON of the questions by their first token, or as many as any within .02; and the
    share at every strength."""
    tried = [replace(one, strength=s) for s in strengths]
    won = torch.stack([one.wins(first_tokens(engine, q, [t.push(norms) for t in tried])) for q in questions])
    found = dict(zip(strengths, won.float().mean(0).tolist(), strict=True))
    top = min(ENOUGH_WON, max(found.values()) - 0.02)
    return replace(one, strength=min(s for s, share in found.items() if share >= top)), found


def control_shares(
    engine: Engine, one: Candidate, questions: Sequence[NameQuestion], norms: Sequence[float], units: Tensor
) -> Tensor:
    """(units,): share of the questions that a push along each unit wins, at the candidate's place and length."""
    won = [one.wins(first_tokens(engine, q, [one.along(unit, norms) for unit in units])).float() for q in questions]
    return torch.stack(won).mean(0)


def told_controls(shares: Tensor) -> dict[str, float]:
    return {
        "n": len(shares),
        "mean": round(float(shares.mean()), 4),
        "p95": round(float(shares.quantile(0.95)), 4),
        "largest": round(float(shares.max()), 4),
    }


def whole_answers(engine: Engine, one: Candidate, questions: Sequence[NameQuestion], norms: Sequence[float]) -> dict:
    """Of whole answers, untouched and pushed: outcomes by type, share won with its interval."""
    asked: list[tuple[NameQuestion, NamePush | None]] = []
    for q in questions:
        asked += [(q, None), (q, one.push(norms))]
    found = pushed_answers(engine, asked)
    pairs = list(zip(questions, found[::2], found[1::2], strict=True))
    wanted = {"answered", "right", "wrong", "invented"} if one.role == "known" else {"refused"}
    won = sum(after.outcome in wanted for _, _, after in pairs)
    before = sum(first.outcome in wanted for _, first, _ in pairs)
    low, high = wilson(won, len(pairs)) or (0.0, 1.0)
    by_type: dict[str, list[int]] = {}
    for q, _, after in pairs:
        counted = by_type.setdefault(q.named.type, [0, 0])
        counted[0] += after.outcome in wanted
        counted[1] += 1
    return {
        "n": len(pairs),
        "untouched": round(before / len(pairs), 4),
        "pushed": round(won / len(pairs), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "broken": sum(after.outcome == "broken" for _, _, after in pairs),
        "by_type": by_type,
        "examples": [
            {"question": q.text, "untouched": a.text, "pushed": b.text, "outcome": b.outcome} for q, a, b in pairs[:12]
        ],
    }


def told_effect(
    engine: Engine,
    one: Candidate,
    questions: Sequence[NameQuestion],
    controlled: Sequence[NameQuestion],
    norms: Sequence[float],
    controls: dict[str, Tensor],
    massive: Sequence[int],
    say: Callable[[str], None],
) -> dict:
    """questions: asked for whole answers. controlled: those that controls are tried on, by first token. controls: units
    by kind."""
    others = one.unit.clone()
    others[list(massive)] = 0
    whole = whole_answers(engine, one, questions, norms)
    out = {
        "name": one.name, "role": one.role, "layer": one.layer, "strength": one.strength,
        "share_without_massive": round(float(others.norm()), 3),
        "whole": whole,
        "first_token": round(float(control_shares(engine, one, controlled, norms, one.unit[None])[0]), 4),
        "n_controlled": len(controlled),
        "controls": {
            kind: told_controls(control_shares(engine, one, controlled, norms, units))
            for kind, units in controls.items()
        },
    }  # fmt: skip
    say(f"{one.name} {one.strength}: {whole['pushed']} whole, controls {out['controls']}")
    return out
