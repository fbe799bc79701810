"""Outcomes and interventions in words, as the pages write them (names.js, verdicts.js). Knows nothing about where they
are written."""

import re

from app.recordings.arms import Recorded
from app.recordings.dose import Band
from app.wording.numbers import plain, signed
from protocol.steering import Steered, Steering
from protocol.vocabulary import Mode, Outcome, Unit
from protocol.worker.frames import SteeringUsed, Verdict
from protocol.worker.requests import GenerateRequest

OUTCOME_WORDS: dict[Outcome, str] = {
    "refused": "Refuses",
    "right": "Right",
    "wrong": "Wrong",
    "invented": "Invents",
    "answered": "Answers",
    "broken": "Not judged",
}

UNIT_NAMES: dict[Unit, str] = {
    "residual_norm": "× r\u0304",
    "raw": "raw",
    "activation": "activation",
    "factor": "factor",
    "share": "share",
}

SCOPE_WORDS = {
    "last_entity": "last token of the name",
    "entity": "the name's tokens",
    "entity_to_end": "name to end of prompt",
    "last_entity_to_end": "last token of the name to end of prompt",
    "last_prompt": "last token of the prompt",
    "prompt": "the whole prompt",
    "positions": "chosen tokens",
}

MODES: dict[Mode, str] = {
    "add": "added",
    "clamp": "clamped",
    "scale": "scaled",
    "ablate": "ablated",
    "project_out": "projected out",
    "swap": "moved",
}


def why(verdict: Verdict) -> str:
    """The phrase, the fact or the rule that decided."""
    if verdict.phrase is None:
        return verdict.rule
    if verdict.outcome == "right":
        return f"{verdict.rule}: {verdict.phrase}"
    if verdict.outcome == "wrong":
        return f"the {verdict.rule} is {verdict.phrase}"
    return f"matched “{verdict.phrase}”"


def control_sentence(band: Band | None, baseline: Outcome) -> str:
    """How many random directions cross to the other opening, counted at the first answer token."""
    if band is None:
        return "No control was run."
    refused = baseline == "refused"
    n = band.n - band.n_refusing if refused else band.n_refusing
    who = f"All {band.n}" if n == band.n else f"{n or 'None'} of {band.n}"
    verb = "opens" if n < 2 and n < band.n else "open"
    return f"{who} random pushes of that size {verb} with {'an answer' if refused else 'a refusal'}."


def target_name(recorded: Recorded, target: Steered) -> str:
    """ "L3 #4", a named direction's name, or which random direction is in whose place."""
    if target.kind == "random":
        return f"random {target.index} of seed {target.seed}, like {target_name(recorded, target.like)}"
    if target.kind == "vector":
        return target.name
    layer = next((used.layer for used in recorded.start.dictionaries if used.id == target.dictionary), None)
    return f"{target.dictionary if layer is None else f'L{layer}'} #{target.latent}"


def intervention_label(recorded: Recorded, used: SteeringUsed, steering: Steering) -> str:
    """What an intervention pushes along: its label without what is in brackets, else its target's name."""
    words = re.sub(r"\s*\([^()]*\)$", "", used.label)
    return words[:1].upper() + words[1:] or target_name(recorded, steering.target)


def amount(steering: Steering, strength: float) -> str:
    """How hard, with its unit: "+1.25 × r̄", "clamped to 20", "50 % ablated"."""
    match steering.mode:
        case "add":
            return f"{signed(strength)} {UNIT_NAMES[steering.measured_in]}"
        case "clamp":
            return f"clamped to {plain(strength)}"
        case "scale":
            return f"× {plain(strength)}"
        case mode:
            return f"{plain(100 * strength)} % {MODES[mode]}"


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


def visible(text: str) -> str:
    """A token with its white space made visible: "·Bat", "↵", "⟨bos⟩"."""
    if named := re.fullmatch(r"<([^<>\s]+)>", text):
        return {"start_of_turn": "⟨turn⟩", "end_of_turn": "⟨/turn⟩"}.get(named[1], f"⟨{named[1]}⟩")
    return text.replace(" ", "·").replace("\n", "↵").replace("\t", "⇥") or "∅"
