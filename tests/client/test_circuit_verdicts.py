"""A claim about circuits holds where all that it needs was measured outside its controls, and nowhere else."""

import gzip
import json
import re

import pytest

from app.settings import ROOT
from client.circuit_verdicts import (
    CircuitVerdict,
    forced_recognition_invents,
    misfire_is_recognition_without_recall,
    recognition_lifts_it,
    refusal_is_the_default,
    what_is_moved_not_where_it_looks,
    which_inhibits_which,
)
from client.recording import Recording
from protocol.enough import FEWEST_CONTROLS
from protocol.worker.circuit_frames import (
    Arrow,
    Arrows,
    DefaultResult,
    Defaults,
    HeadRow,
    Heads,
    MeasuredChange,
    NodeGroups,
    PatternShare,
    RandomBand,
)
from protocol.worker.circuits import Beside
from protocol.worker.frames import Frame
from protocol.worker.tokens import NextToken
from tests.app.circuit_frames import CIRCUIT, circuit_frames

NARROW = RandomBand(n=16, mean=0.0, low=-0.1, high=0.1)
WIDE = RandomBand(n=16, mean=0.0, low=-20.0, high=20.0)
ONE = RandomBand(n=1, mean=0.0, low=0.0, high=0.0)


def _recording(*more: Frame, without: tuple[type, ...] = ()) -> Recording:
    """Of Batkin, refused (a), beside Jordan, answered (b), turned round: a is known."""
    assert CIRCUIT.beside
    turned = CIRCUIT.model_copy(update={"prompt": CIRCUIT.beside.prompt, "beside": Beside(prompt=CIRCUIT.prompt)})
    opening, *rest = circuit_frames(turned)
    opening = opening.model_copy(update={"sides": opening.sides[::-1]})
    recording = Recording("run")
    for frame in (opening, *(one for one in rest if not isinstance(one, without)), *more):
        recording.add(frame)
    return recording


def _defaults(test: str, m: tuple[float, ...], *bands: RandomBand | None) -> DefaultResult:
    return DefaultResult(test=test, m=m, control=bands or (None, None))  # type: ignore[arg-type]


def _tests(hidden: tuple[float, float], *bands: RandomBand | None) -> Defaults:
    return Defaults(
        seq=9, results=(_defaults("name_hidden", hidden, *bands), _defaults("name_neutral", (4.0, 4.6), NARROW, NARROW))
    )


def _saying(tests: Defaults, *, opens_refusal: bool) -> Defaults:
    """The same, with what comes first after each."""
    first = NextToken(id=5, text=" Michael", prob=0.4, opens_refusal=opens_refusal)
    results = tuple(one.model_copy(update={"top": (first, first)}) for one in tests.results)
    return tests.model_copy(update={"results": results})


SAID = _tests((2.6, 2.6), NARROW, NARROW)
HALF = Defaults(seq=9, results=_tests((2.6, 2.6), NARROW, NARROW).results[:1])


@pytest.mark.parametrize(
    ("verdict", "holds"),
    [
        (refusal_is_the_default(_recording(_tests((2.6, 2.6), NARROW, NARROW))), "yes"),
        (refusal_is_the_default(_recording(_saying(SAID, opens_refusal=True))), "yes"),
        (refusal_is_the_default(_recording(_saying(SAID, opens_refusal=False))), "no"),
        (refusal_is_the_default(_recording(_tests((-0.6, 2.6), NARROW, NARROW))), "no"),
        (refusal_is_the_default(_recording(_tests((2.6, 2.6), WIDE, NARROW))), "no"),
        (refusal_is_the_default(_recording(_tests((2.6, 2.6), None, NARROW))), "no"),
        (refusal_is_the_default(_recording()), "unmeasured"),
        (refusal_is_the_default(_recording(_tests((2.6, 2.6), ONE, NARROW))), "unmeasured"),
        (refusal_is_the_default(_recording(_tests((2.6, 2.6), NARROW, ONE))), "unmeasured"),
        (
            refusal_is_the_default(_recording(Defaults(seq=9, results=_tests((2.6, 2.6), NARROW).results[:1]))),
            "unmeasured",
        ),
    ],
)
def test_refusing_is_the_default_where_both_names_are_refused_unseen_and_no_control_does_it(
    verdict: CircuitVerdict, holds: str
) -> None:
    assert verdict.holds == holds, verdict.words


def test_what_too_few_controls_stand_beside_says_how_many_it_takes() -> None:
    told = refusal_is_the_default(_recording(_tests((2.6, 2.6), NARROW, ONE)))
    assert "(1 control, of 6 that it takes to count: " in told.words


def test_recognition_lifts_a_refusal_where_taking_it_away_turns_the_answer_and_no_random_direction_does() -> None:
    off = Defaults(seq=9, results=(_defaults("recognition_off", (0.7, 8.0), NARROW, NARROW),))
    told = recognition_lifts_it(_recording(off))
    assert told.holds == "no" and "−7 → −7.1" in told.words, "the scripted group moves m no more than its controls"
    groups = next(frame for frame in circuit_frames() if isinstance(frame, NodeGroups))
    strong = tuple(
        group.model_copy(update={"to_other_a": group.to_other_a.model_copy(update={"measured": 5.3})})
        for group in groups.groups
        if group.to_other_a
    )
    moved = _recording(groups.model_copy(update={"groups": strong}), off, without=(NodeGroups,))
    assert recognition_lifts_it(moved).holds == "yes"
    assert recognition_lifts_it(_recording(without=(NodeGroups,))).holds == "unmeasured"


def test_inhibition_runs_one_way_where_the_other_way_moves_nothing() -> None:
    def arrows(back: float) -> Recording:
        told = Arrows(
            seq=9,
            arrows=(
                Arrow(
                    source="not_recognised", target="recognised", in_a=0.66, in_b=0.0, control_a=NARROW, control_b=None
                ),
                Arrow(
                    source="recognised", target="not_recognised", in_a=back, in_b=0.0, control_a=NARROW, control_b=None
                ),
            ),
        )
        return _recording(told, without=(Arrows,))

    assert which_inhibits_which(arrows(0.0)).holds == "yes"
    assert which_inhibits_which(arrows(0.5)).holds == "no"
    assert which_inhibits_which(_recording()).holds != "yes", "of the way back nothing was measured"


def test_heads_move_more_than_they_look_where_patterns_carry_less_than_outputs() -> None:
    def heads(pattern: float, share: float) -> Recording:
        row = HeadRow(
            layer=5,
            head=0,
            attention_a=1.0,
            attention_b=1.0,
            output_a=6.6,
            output_b=-2.4,
            pattern_a=pattern,
            pattern_b=0.0,
        )
        patterns = (PatternShare(queries="end", in_a=share, in_b=share),)
        return _recording(Heads(seq=9, heads=(row,), n_heads=24, control_a=NARROW, control_b=NARROW, patterns=patterns))

    assert what_is_moved_not_where_it_looks(heads(0.03, 0.13)).holds == "yes"
    assert what_is_moved_not_where_it_looks(heads(5.0, 0.13)).holds == "no"
    assert what_is_moved_not_where_it_looks(heads(0.03, 0.7)).holds == "no"


def test_a_misfire_needs_a_wrong_answer_and_an_invention_one_that_random_pushes_dont_open() -> None:
    told = _recording()
    assert misfire_is_recognition_without_recall(told, "right", "Basketball.").holds == "no"
    wrong = misfire_is_recognition_without_recall(told, "wrong", "Curling.")
    assert "“Curling.”, which is wrong" in wrong.words
    for outcome, n_answering in (("refused", 0), ("invented", 20)):
        assert forced_recognition_invents(told, outcome, "He plays curling.", n_answering, 32).holds == "no"


def test_recognition_is_not_said_to_invent_where_m_still_refuses_with_it() -> None:
    def told(after: float) -> CircuitVerdict:
        recording = _recording()
        before = recording.circuit.sides[1].m
        groups = next(frame for frame in circuit_frames() if isinstance(frame, NodeGroups))
        to = MeasuredChange(predicted=after - before, measured=after - before, control=NARROW)
        turned = tuple(group.model_copy(update={"to_other_b": to}) for group in groups.groups)
        recording = _recording(groups.model_copy(update={"groups": turned}), without=(NodeGroups,))
        return forced_recognition_invents(recording, "invented", "He plays baseball.", 3, 32)

    assert told(-1.0).holds == "yes"
    assert told(+1.0).holds == "no" and "→ +1 (" in told(+1.0).words and "which still refuses" in told(+1.0).words


def test_what_ships_counts_only_what_stands_beside_enough_controls() -> None:
    with gzip.open(ROOT / "static" / "first" / "stories.jsonl.gz") as file:
        rows = [row for kind, row in map(json.loads, file) if kind == "finding"]
    told = [(row, pairs) for row in rows if (pairs := re.search(r"[Mm]easured in (\d+) of \d+ pairs", row["note"]))]
    assert len(told) > 6
    for row, pairs in told:
        here = [one for one in row["note"].split("\n\n") if ": Measured here." in one]
        assert len(here) == int(pairs[1]), row["title"]
        for controls in re.findall(r"\((\d+) control", " ".join(here)):
            assert int(controls) >= FEWEST_CONTROLS, row["title"]
