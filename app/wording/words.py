"""Outcomes and interventions in words, as the pages write them (static/run/names.js, static/run/verdicts.js).

The words are the vocabulary's. Knows nothing about where they are written.
"""

import re
from collections.abc import Sequence

from app.recordings.arms import Recorded
from app.recordings.dose import Band, control
from app.recordings.effect import effect_of
from app.wording.numbers import sig3
from protocol.amounts import amount, plain
from protocol.app.findings import View
from protocol.claims import (
    CROSSING,
    HELD_ALONE,
    NO_CONTROL,
    NO_TOKEN_PUSHED,
    NOR_CROSSING,
    NOTHING_PUSHED,
    OPENINGS,
    OUTSIDE,
    OUTSIDE_WORLD,
    READ_BACK,
    THEY_TURN,
    TURN_WITHIN,
)
from protocol.steering import NeuronSetTarget, NeuronTarget, Steered, Steering, latent_name
from protocol.vocabulary import ANOTHER_LATENT, BAND, OUTCOMES, Outcome, OutcomeTerm
from protocol.worker.frames import SteeringUsed, Verdict
from protocol.worker.requests import GenerateRequest

VERDICTS = {"reproduced": "Reproduced", "drifted": "Drifted", "cannot_run": "Cannot run here"}
"""Of a verification."""


def term(verdict: Verdict) -> OutcomeTerm:
    """An outcome's words; of a name outside the model's world they say that."""
    return OUTSIDE if verdict.rule == OUTSIDE_WORLD else OUTCOMES[verdict.outcome]


def why(verdict: Verdict) -> str:
    """The phrase, the fact or the rule that decided."""
    if verdict.phrase is None and verdict.rule != OUTSIDE_WORLD:
        return verdict.rule
    return term(verdict).why.format(rule=verdict.rule, phrase=verdict.phrase)


def clause(verdict: Verdict) -> str:
    """What stands behind "it": "refuses", "answers right"."""
    return term(verdict).clause.replace("*", "")


def control_sentence(band: Band | None, baseline: Outcome, pushed: Outcome) -> str:
    """How many random directions cross to the other opening, counted at the first answer token; pushed: what the push
    itself came to."""
    if band is None:
        return NO_CONTROL
    refused = baseline == "refused"
    n = band.n - band.n_refusing if refused else band.n_refusing
    what = OPENINGS["answer" if refused else "refusal"]
    crosses = refused != (pushed == "refused")
    if not n and not crosses:
        return NOR_CROSSING.format(n=band.n, what=what)
    who = f"All {band.n}" if n == band.n else f"{n or 'None'} of {band.n}"
    follows = TURN_WITHIN if crosses and n > BAND[0] * band.n else THEY_TURN if not crosses and 2 * n >= band.n else ""
    return CROSSING.format(who=who, open="open" if n > 1 else "opens", what=what) + follows


def control_told(recorded: Recorded, view: View) -> str:
    """Behind what a view shows: what its control did, or that nothing was pushed. "" where it shows the baseline, or a
    verdict is missing."""
    arm = recorded.arm_of(view)
    baseline, pushed = recorded.first(0).verdict, recorded.first(arm).verdict
    if not arm or not baseline or not pushed:
        return ""
    own = recorded.start.arms[arm]
    if own.sweep is None:
        return HELD_ALONE
    seen = control(recorded, own.sweep, own.strength)
    return nothing_pushed(recorded, arm) or control_sentence(seen, baseline.outcome, pushed.outcome)


def nothing_pushed(recorded: Recorded, arm: int) -> str:
    """Where the push came to none, that; else ""."""
    effect = effect_of(recorded, arm)
    if effect is None or not effect.nothing:
        return ""
    assert recorded.prompt
    own, before = recorded.start.arms[arm], recorded.prompt.arms[arm].steered[-1].before
    if own.sweep is None or not before:
        return NO_TOKEN_PUSHED
    what = target_name(recorded, recorded.start.request.sweeps[own.sweep].target)
    return NOTHING_PUSHED.format(what=what, value=_range(before))


def read_back(recorded: Recorded, arm: int) -> str:
    """Behind an amount, where what was measured afterwards is another; else ""."""
    effect = effect_of(recorded, arm)
    return READ_BACK.format(value=_range(effect.read)) if effect and effect.read else ""


def _range(values: Sequence[float]) -> str:
    """ "33.4", "33.4 to 41" """
    low, high = sig3(min(values)), sig3(max(values))
    return low if low == high else f"{low} to {high}"


def target_name(recorded: Recorded, target: Steered) -> str:
    """ "L3 #4", a named direction's name, or which random direction is in whose place."""
    if target.kind == "random":
        return f"random {target.index} of seed {target.seed}, like {target_name(recorded, target.like)}"
    if target.kind == "vector":
        return target.name
    if isinstance(target, NeuronTarget | NeuronSetTarget):
        return target.words
    layer = next((used.layer for used in recorded.start.dictionaries if used.id == target.dictionary), None)
    return f"{target.dictionary} #{target.latent}" if layer is None else latent_name(layer, target.latent)


def intervention_label(recorded: Recorded, used: SteeringUsed, steering: Steering) -> str:
    """What an intervention pushes along: the words of its label, else its target's name."""
    return label_words(used.label) or target_name(recorded, steering.target)


def label_words(label: str) -> str:
    """A direction's label without what is in brackets at its end: the short name says that already."""
    words = re.sub(r"\s*\([^()]*\)$", "", label)
    return words[:1].upper() + words[1:]


def amount_in(recorded: Recorded, steering: Steering, strength: float) -> str:
    """How hard, with the name of what a latent's value moves to."""
    return amount(steering, strength, to=target_name(recorded, steering.to) if steering.to else ANOTHER_LATENT)


def decoding(request: GenerateRequest) -> str:
    """How tokens were chosen, and how many at most."""
    how = request.sampling
    told = ["greedy"]
    if how.temperature > 0:
        told = [f"temperature {plain(how.temperature)}"]
        if how.top_p < 1:
            told.append(f"top-p {plain(how.top_p)}")
        told.append(f"{how.n_samples} samples" if how.n_samples > 1 else "1 sample")
        told.append("seed drawn" if how.seed is None else f"seed {how.seed}")
    return ", ".join([*told, f"up to {request.max_new_tokens} tokens"])


def lasting(hours: float) -> str:
    """ "24 hours", "30 minutes", "7 days" """
    for size, unit in ((24.0, "day"), (1.0, "hour"), (1 / 60, "minute")):
        n = round(hours / size, 6)
        if n.is_integer() and n > (1 if unit == "day" else 0):
            return f"{n:,.0f} {unit}{'' if n == 1 else 's'}"
    return f"{plain(round(hours, 3))} hours"


def visible(text: str) -> str:
    """A token with its white space made visible: "·Bat", "↵", "⟨bos⟩"."""
    if named := re.fullmatch(r"<([^<>\s]+)>", text):
        return {"start_of_turn": "⟨turn⟩", "end_of_turn": "⟨/turn⟩"}.get(named[1], f"⟨{named[1]}⟩")
    return text.replace(" ", "·").replace("\n", "↵").replace("\t", "⇥") or "∅"
