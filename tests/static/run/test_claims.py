"""What is said of a push is what was measured of it: a table of cases, on the page and in what is exported."""

import json

import pytest

from app.recordings.arms import read_recording
from app.wording.words import clause, nothing_pushed, read_back, why
from protocol.worker.frames import Verdict
from tests.static import ROOT
from tests.static.javascript import JavaScript

FIRST = [json.loads(line) for line in (ROOT / "static" / "first" / "explore.jsonl").read_text("utf-8").splitlines()]
SAME = "it says the same, word for word."
NONE = "Nor does any of 4 random pushes of that size open with an answer."
"""Beside a push that itself opens no answer."""


def pushed(
    mode: str, strength: float, before: tuple[float, ...], after: tuple[float, ...], *, generated: bool = False
) -> list[str]:
    """The shipped recording with one arm beside its baseline, which answers the same: its lines."""
    frames = {frame["kind"]: frame for frame in FIRST}
    start, prompt = (json.loads(json.dumps(frames[kind])) for kind in ("start", "prompt"))
    sweep = start["request"]["sweeps"][0] | {
        "mode": mode,
        "unit": None,
        "strengths": [strength],
        "generated": generated,
    }
    start["request"]["sweeps"], start["sweeps"] = [sweep], start["sweeps"][:1]
    start["arms"] = [start["arms"][0], {"sweep": 0, "strength": strength, "alpha": 0.0, "held": False}]
    prompt["arms"] = [prompt["arms"][0], prompt["arms"][1] | {"steered": [{"before": before, "after": after}]}]
    baseline = next(frame for frame in FIRST if frame["kind"] == "verdict" and frame["arm"] == 0)
    control = frames["control"] | {"sweep": 0, "strength": strength, "refusal_logodds": [3.0, 3.1, 3.2, 3.3]}
    told = [start, prompt, baseline, baseline | {"arm": 1}, control]
    return [json.dumps(frame) for frame in told]


NOTHING = "Nothing was pushed: L3 #4 was 0 at each steered token, so there is nothing to compare."
CASES = {
    "scale, silent": ("scale", 3.0, (0.0, 0.0), (0.0, 0.0), "Scaled ×3, " + SAME, NOTHING),
    "ablate, silent": ("ablate", 1.0, (0.0,), (0.0,), "100 % ablated, " + SAME, NOTHING),
    "scale, fires at one of them": ("scale", 3.0, (0.0, 2.0), (0.0, 6.1), "Scaled ×3, " + SAME, NONE),
    "scale, falls short": ("scale", 3.0, (2.0,), (4.0,), "Scaled ×3, read back as 4.00, " + SAME, NONE),
    "clamp, as asked": ("clamp", 50.0, (0.0,), (49.0,), "Clamped to 50, " + SAME, NONE),
    "clamp, other": ("clamp", 50.0, (0.0,), (33.4,), "Clamped to 50, read back as 33.4, " + SAME, NONE),
    "clamp, several": (
        "clamp",
        50.0,
        (0.0, 1.0),
        (33.4, 50.0),
        "Clamped to 50, read back as 33.4 to 50.0, " + SAME,
        NONE,
    ),
    "clamp, to what was there": (
        *("clamp", 5.0, (5.0,), (5.0,), "Clamped to 5, " + SAME),
        "Nothing was pushed: L3 #4 was 5.00 at each steered token, so there is nothing to compare.",
    ),
    "ablate, some is left": ("ablate", 1.0, (8.0,), (1.0,), "100 % ablated, read back as 1.00, " + SAME, NONE),
    "projected out": ("project_out", 1.0, (-8.0,), (0.0,), "100 % projected out, " + SAME, NONE),
    "add": ("add", 1.0, (0.0,), (12.0,), "At +1 " + SAME, NONE),
    "scale, no token": ("scale", 3.0, (), (), "Scaled ×3, " + SAME, "Nothing was pushed: no token is steered."),
}


@pytest.mark.parametrize("case", CASES)
def test_the_claim_says_what_was_measured_of_the_push(javascript: JavaScript, case: str) -> None:
    mode, strength, before, after, said, beside = CASES[case]
    lines = pushed(mode, strength, before, after)
    assert javascript.call("tests/static/run/claimed.js", "claimed", lines)["claim"] == f"{said} {beside}"
    recorded = read_recording("\n".join(lines).encode())
    assert (nothing_pushed(recorded, 1) or NONE) == beside
    read = read_back(recorded, 1)
    assert ("read back" in said) == bool(read) and read in said


Said = tuple[str, str | None, str | None]
"""Outcome, the phrase or the truth, and the fact that is stated."""

REFUSED: Said = ("refused", "i don't know", None)
RIGHT: Said = ("right", "James Cameron", "James Cameron")
WRONG: Said = ("wrong", "James Cameron", "Alfred Hitchcock")
OTHER: Said = ("wrong", "James Cameron", "Orson Welles")
STRANGE: Said = ("wrong", "James Cameron", None)
ANSWERED: Said = ("answered", None, None)
CHESS: Said = ("invented", None, "chess")
TENNIS: Said = ("invented", None, "tennis")
BROKEN: Said = ("broken", None, None)

TURNS: dict[str, tuple[Said, Said, str]] = {
    "repaired": (WRONG, RIGHT, "it gets the fact right that was wrong: James Cameron, not Alfred Hitchcock."),
    "repaired, from what no world has": (STRANGE, RIGHT, "it gets the fact right that was wrong: James Cameron."),
    "lost": (RIGHT, WRONG, "it gets the fact wrong that was right: Alfred Hitchcock, not James Cameron."),
    "lost, to what no world has": (RIGHT, STRANGE, "it gets the fact wrong that was right."),
    "one wrong, then another": (
        WRONG,
        OTHER,
        "it gets the fact wrong another way: Orson Welles, not Alfred Hitchcock.",
    ),
    "the same wrong one": (WRONG, WRONG, "it still answers wrong, in other words."),
    "wrong, and nobody knows how": (WRONG, STRANGE, "it still answers wrong, in other words."),
    "right in other words": (RIGHT, RIGHT, "it still answers right, in other words."),
    "a refusal, then right": (REFUSED, RIGHT, "it stops refusing and answers right."),
    "a refusal, then wrong": (REFUSED, WRONG, "it stops refusing and answers wrong."),
    "a refusal, then invented": (REFUSED, CHESS, "it stops refusing and invents a fact."),
    "right, then a refusal": (RIGHT, REFUSED, "it stops answering and refuses."),
    "wrong, then a refusal": (WRONG, REFUSED, "it stops answering and refuses."),
    "broken, then a refusal": (BROKEN, REFUSED, "it refuses instead."),
    "broken, then wrong": (BROKEN, WRONG, "it answers wrong instead."),
    "broken twice": (BROKEN, BROKEN, "it still says something not judged, in other words."),
    "a refusal in other words": (REFUSED, REFUSED, "it still refuses, in other words."),
    "invented twice": (CHESS, TENNIS, "it invents another fact: tennis, not chess."),
    "invented once": (CHESS, CHESS, "it still invents a fact, in other words."),
    "truth not known": (ANSWERED, ANSWERED, "it still answers, in other words."),
    "truth not known, then broken": (ANSWERED, BROKEN, "it says something not judged instead."),
    "right, then broken": (RIGHT, BROKEN, "it says something not judged instead."),
}


def turned(before: Said, after: Said, *, older: bool) -> list[str]:
    """A push from one answer to another; older: as recordings were before a verdict said which fact is stated."""
    lines = [json.loads(line) for line in pushed("add", 1.0, (0.0,), (12.0,))]
    for frame, said, text in zip([f for f in lines if f["kind"] == "verdict"], (before, after), "ab", strict=True):
        frame |= dict(zip(("outcome", "phrase", "said"), said, strict=True)) | {"text": text}
        if older:
            del frame["said"]
    return [json.dumps(frame) for frame in lines]


@pytest.mark.parametrize("case", TURNS)
def test_the_claim_speaks_of_the_fact_where_its_truth_is_known(javascript: JavaScript, case: str) -> None:
    before, after, words = TURNS[case]
    told = javascript.call("tests/static/run/claimed.js", "claimed", turned(before, after, older=False))
    assert told["claim"].startswith(f"At +1 {words} ") and "random pushes of that size" in told["claim"]
    assert told["title"].endswith(words.rstrip("."))


@pytest.mark.parametrize("case", TURNS)
def test_an_older_recording_says_no_more_than_it_holds(javascript: JavaScript, case: str) -> None:
    before, after, words = TURNS[case]
    told = javascript.call("tests/static/run/claimed.js", "claimed", turned(before, after, older=True))["claim"]
    for fact in ("Alfred Hitchcock", "Orson Welles", "tennis", "chess"):
        assert fact not in told
    assert ("the fact" in told) == (" that was " in words)


def test_what_is_invented_of_a_name_outside_the_world_is_said_so(javascript: JavaScript) -> None:
    frames = [json.loads(line) for line in turned(REFUSED, CHESS, older=False)]
    last = [frame for frame in frames if frame["kind"] == "verdict"][-1] | {"rule": "no such name in its world"}
    lines = [json.dumps(last if frame["kind"] == "verdict" and frame["arm"] else frame) for frame in frames]
    told = javascript.call("tests/static/run/claimed.js", "claimed", lines)
    said = "it stops refusing and invents a fact of a name outside its world"
    assert told["claim"].startswith(f"At +1 {said}. ") and told["title"].endswith(said)
    verdict = Verdict.model_validate(last)
    assert clause(verdict) in said and why(verdict) == "outside its world"


def test_of_a_push_that_goes_on_in_the_answer_the_prompt_alone_says_nothing(javascript: JavaScript) -> None:
    lines = pushed("scale", 3.0, (0.0,), (0.0,), generated=True)
    assert javascript.call("tests/static/run/claimed.js", "claimed", lines)["claim"].endswith(NONE)
    assert nothing_pushed(read_recording("\n".join(lines).encode()), 1) == ""
