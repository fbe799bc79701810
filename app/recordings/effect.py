"""What a push came to at the tokens that it steered: nothing, or an activation other than the one asked for.

As static/run/effect.js reads a run; a test holds the two together. Knows no words.
"""

from dataclasses import dataclass

from app.recordings.arms import Recorded
from protocol.vocabulary import MODES, Mode

NEAR = 0.05
"""Of what was asked for: nearer is as asked."""


@dataclass(frozen=True)
class PushEffect:
    """read: least and greatest activation that was read back, where one of them is not what was asked for."""

    nothing: bool
    read: tuple[float, float] | None


def effect_of(recorded: Recorded, arm: int) -> PushEffect | None:
    """Of what an arm sweeps. None where it was not measured (a recording of version 1), or goes on in the answer."""
    own = recorded.start.arms[arm]
    if own.sweep is None or recorded.prompt is None:
        return None
    steering, measured = recorded.start.request.sweeps[own.sweep], recorded.prompt.arms[arm].steered
    place = len(recorded.start.held) if own.held else 0
    if place >= len(measured) or steering.generated:
        return None
    before, after = measured[place].before, measured[place].after
    wanted = [_wanted(steering.mode, own.strength, a) for a in before]
    if MODES[steering.mode].in_proportion:
        nothing = all(a == 0 for a in before)
    else:
        nothing = all(value == a for value, a in zip(wanted, before, strict=True))
    missed = any(
        value is not None and abs(now - value) > NEAR * abs(value or a)
        for value, a, now in zip(wanted, before, after, strict=True)
    )
    return PushEffect(nothing, (min(after), max(after)) if missed and not nothing else None)


def _wanted(mode: Mode, strength: float, a: float) -> float | None:
    """The activation that is asked for where it was `a`; None for a mode that asks for none."""
    match mode:
        case "clamp":
            return strength
        case "scale":
            return strength * a
        case "ablate":
            return (1 - strength) * a
        case _:
            return None
