"""Page and exports say the same: numbers, amounts, verdicts and controls, from one table of cases."""

from itertools import product
from typing import get_args

import pytest

from app.recordings.dose import Band
from app.wording.numbers import probability, sig3
from app.wording.words import control_sentence, label_words, visible, why
from protocol.amounts import amount, plain, signed, swept
from protocol.steering import LatentTarget, Steering
from protocol.vocabulary import MODES, Outcome
from protocol.worker.frames import Verdict
from tests.static.javascript import JavaScript

NUMBERS = (0.0, 0.0004, -0.0004, 1e-7, -2.5e-5, 0.0655, 0.3125, 1.125, -2.65847, 9.995, 0.99951, 1.0, 55.1)
LARGE = (999.4, 999.5, 999.6, 1000.5, 12345.6, -0.5, 1.25, 1024.125, 100.5, 9999.995)
STRENGTHS = (1.0, 0.5, 0.07, -0.25, 1.25, 12.0, 0.0, -400.0, 1 / 3, 0.333333333, 2.0000001)
LABELS = [
    "known entity (latent 55, layer 3)",
    "known (a) entity",
    "x (a (b))",
    "élan (1)  (2)",
    "(all of it)",
    "",
    "a)",
]
TEXTS = [" Bat", "\n", "<bos>", "<start_of_turn>", "a\tb", "", "<0x0A>", "x < y"]
PUSHES = [
    Steering(
        target=LatentTarget(dictionary="d", latent=1),
        mode=mode,
        unit=unit,
        to=LatentTarget(dictionary="d", latent=2) if term.needs_to else None,
    )
    for mode, term in MODES.items()
    for unit in (None, *term.units)
]


def test_numbers_and_tokens_are_written_alike(javascript: JavaScript) -> None:
    for write in (sig3, signed, plain, probability):
        for x in NUMBERS + LARGE:
            assert javascript.call("static/core/format.js", write.__name__, x) == write(x), (write.__name__, x)
    assert [javascript.call("static/core/format.js", "visible", text) for text in TEXTS] == list(map(visible, TEXTS))


def test_a_label_loses_the_same_brackets(javascript: JavaScript) -> None:
    assert [javascript.call("static/run/names.js", "labelWords", one) for one in LABELS] == list(
        map(label_words, LABELS)
    )
    assert label_words(LABELS[0]) == "Known entity"


@pytest.mark.parametrize("brief", [False, True], ids=["whole", "brief"])
@pytest.mark.parametrize("to", [None, "L3 #4"], ids=["to no named latent", "to a named one"])
def test_how_hard_is_said_alike_in_every_mode_and_unit(javascript: JavaScript, to: str | None, brief: bool) -> None:
    named, module = {"to": to} if to else {}, "static/run/steering/amount.js"
    for push in PUSHES:
        steering = push.model_dump(mode="json")
        for x in STRENGTHS:
            told = javascript.call(module, "amountOf", steering, x, named | {"brief": brief})
            assert told == amount(push, x, brief=brief, **named)
            said = javascript.call(module, "pushWords", "swept", steering, x, named)
            assert said["words"] + said["value"] == swept(push, x, **named)


def test_amounts_name_their_unit_and_leave_out_what_goes_without_saying() -> None:
    by = {(push.mode, push.measured_in): push for push in PUSHES}
    assert [amount(by[key], 1.25) for key in (("add", "residual_norm"), ("add", "raw"), ("scale", "factor"))] == [
        "+1.25 × r\u0304",
        "+1.25 raw",
        "scaled ×1.25",
    ]
    assert amount(by["add", "residual_norm"], 1.25, brief=True) == "+1.25"
    assert amount(by["add", "raw"], 1.25, brief=True) == "+1.25 raw"
    assert amount(by["ablate", "share"], 0.5) == amount(by["ablate", "share"], 0.5, brief=True) == "50 % ablated"
    assert (
        swept(by["add", "raw"], -2.0) == "at \u22122 raw" and swept(by["clamp", "activation"], 12.0) == "clamped to 12"
    )


def test_verdicts_and_controls_are_said_alike(javascript: JavaScript) -> None:
    verdicts = [
        Verdict(seq=0, arm=0, text="t", outcome=outcome, rule="sport", phrase=phrase)
        for outcome in get_args(Outcome)
        for phrase in (None, "{rule} <b>")
    ]
    bands = [Band(0.0, 0.0, 0.0, n, k) for n in (1, 2, 32) for k in sorted({0, 1, n - 1, n})]
    for verdict in verdicts:
        frame = verdict.model_dump(mode="json")
        assert javascript.call("static/run/verdicts.js", "why", frame) == why(verdict)
        for band, pushed in product(bands, ("refused", "right")):
            asked = vars(band), frame, {"outcome": pushed}
            said = javascript.call("tests/static/run/controlled.js", "sentenceOn", *asked)
            assert said == control_sentence(band, verdict.outcome, pushed), (band, verdict.outcome, pushed)


@pytest.mark.core
def test_a_turn_that_random_pushes_make_too_is_said_to_be_within_what_they_do() -> None:
    def told(n_refusing: int, baseline: Outcome, pushed: Outcome) -> str:
        return control_sentence(Band(0.0, 0.0, 0.0, 32, n_refusing), baseline, pushed)

    assert told(15, "refused", "right").endswith("open with an answer. This turn is within what they do.")
    assert told(31, "refused", "right") == "1 of 32 random pushes of that size opens with an answer."
    assert told(32, "wrong", "wrong").endswith("open with a refusal. They turn it, this push does not.")
    assert told(3, "wrong", "wrong") == "3 of 32 random pushes of that size open with a refusal."
