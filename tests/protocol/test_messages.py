"""Messages are strict, frozen, and spelled one way."""

import hashlib
import json

import pytest
from pydantic import ValidationError

from protocol.app.findings import FindingRequest
from protocol.canonical import canonical_json, sha256
from protocol.refusal import from_validation
from protocol.steering import Sweep
from protocol.vocabulary import MAX_ARMS
from protocol.worker.models import DirectionCard
from protocol.worker.requests import GenerateRequest

pytestmark = pytest.mark.core

SWEEP = {"target": {"kind": "latent", "dictionary": "d", "latent": 1}, "strengths": [1, -0.5]}
ASKED = {"model": "m", "prompt": "Who?", "sweeps": [SWEEP]}


def read(**changes) -> GenerateRequest:
    return GenerateRequest.model_validate_json(json.dumps(ASKED | changes))


def test_equal_requests_have_equal_hashes_however_they_are_written() -> None:
    written = GenerateRequest.model_validate_json(
        '{"sweeps":[{"strengths":[1.0,-5e-1],"mode":"add","target":{"latent":1,"dictionary":"d","kind":"latent"}}],'
        '"prompt":"Wh\\u006f?","format":"chat",  "model":"m"}'
    )
    assert sha256(written) == sha256(read()) == hashlib.sha256(canonical_json(read())).hexdigest()
    assert sha256(read(prompt="Who!")) != sha256(read())


def test_canonical_json_reads_back_as_the_same_request() -> None:
    request = read(prompt="naïve 🙂 <b>")
    assert GenerateRequest.model_validate_json(canonical_json(request)) == request


def test_a_message_is_frozen() -> None:
    with pytest.raises(ValidationError):
        read().prompt = "other"


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": ""},
        {"prompt": " \n"},
        {"prompt": "a\0"},
        {"prompt": 5},
        {"max_new_tokens": "8"},
        {"max_new_tokens": 0},
        {"made_up": 1},
        {"model": "a b"},
        {"model": ""},
        {"entity": {"start": 2, "end": 2}},
        {"entity": {"start": 0, "end": 50}},
        {"sweeps": [SWEEP | {"strengths": [0]}]},
        {"sweeps": [SWEEP | {"strengths": [1, 1.0]}]},
        {"sweeps": [SWEEP | {"strengths": []}]},
        {"sweeps": [SWEEP | {"strengths": [1e9]}]},
        {"sweeps": [SWEEP | {"mode": "freeze"}]},
        {"sweeps": [SWEEP | {"scope": "everywhere"}]},
        {"sweeps": [SWEEP | {"target": {"kind": "latent", "dictionary": "d", "latent": -1}}]},
    ],
)
def test_what_is_not_allowed_is_refused_in_words(changes) -> None:
    with pytest.raises(ValidationError) as error:
        read(**changes)
    refusal = from_validation(error.value).refusal
    assert refusal.asked and refusal.allowed and refusal.change


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_no_strength_is_endless(text: str) -> None:
    with pytest.raises(ValidationError):
        GenerateRequest.model_validate_json(json.dumps(ASKED).replace("-0.5", text))


def test_lone_surrogates_are_refused_in_json_and_in_python() -> None:
    with pytest.raises(ValidationError):
        GenerateRequest.model_validate_json(json.dumps(ASKED).replace("Who", "\\ud83d"))
    with pytest.raises(ValidationError):
        FindingRequest(run_id="r", title="\ud83d")


def test_a_run_has_a_bounded_number_of_arms() -> None:
    wide = Sweep.model_validate_json(json.dumps(SWEEP | {"strengths": list(range(1, 33))}))
    with pytest.raises(ValidationError, match=f"65 arms asked, {MAX_ARMS} allowed"):
        GenerateRequest(model="m", prompt="Who?", sweeps=(wide, wide))


def test_a_refusal_never_repeats_a_made_up_kind() -> None:
    target = {"kind": "x\0" + "y" * 5_000, "dictionary": "d", "latent": 1}
    with pytest.raises(ValidationError) as error:
        read(sweeps=[SWEEP | {"target": target}])
    assert len(from_validation(error.value).refusal.model_dump_json()) < 500


def test_a_refusal_never_repeats_a_made_up_key_in_full() -> None:
    with pytest.raises(ValidationError) as error:
        read(**{"\0<script>" + "x" * 5_000: 1})
    refusal = from_validation(error.value).refusal
    assert len(refusal.asked) < 200 and "\0" not in refusal.asked


def test_a_card_that_says_no_validated_strength_still_reads_and_pushes_with_the_most_that_it_draws() -> None:
    slider = {"role": "known", "label": "k", "target": SWEEP["target"], "scope": "entity", "evidence": "at +0.5: all"}
    old = DirectionCard.model_validate_json(json.dumps(slider | {"strengths": [-2, 0.5, 1]}))
    assert (old.validated, old.strength) == (None, 1)
    new = DirectionCard.model_validate_json(json.dumps(slider | {"strengths": [-2, 0.5, 1], "validated": 0.25}))
    assert new.strength == 0.25


@pytest.mark.core
def test_a_title_turns_nothing_around_and_marks_alone_are_none() -> None:
    def saved(title: str) -> FindingRequest:
        return FindingRequest.model_validate_json(json.dumps({"run_id": "r", "title": title}))

    assert saved("a \u202egnp.exe\u202c \u2066b\u2069 \u200fאבג").title == "a gnp.exe b \u200fאבג"
    with pytest.raises(ValidationError, match="the text is empty"):
        saved("\u202e\u2066 \u2069")
    with pytest.raises(ValidationError, match=r"its character 3 is NUL \(U\+0000\)"):
        saved("ab\0c")
