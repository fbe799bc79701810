"""What can be asked of steering, and what contradicts itself."""

import json

import pytest
from pydantic import ValidationError

from protocol.canonical import sha256
from protocol.refusal import from_validation
from protocol.steering import Sweep
from protocol.vocabulary import MAX_ROWS, MODES
from protocol.worker.requests import GenerateRequest

pytestmark = pytest.mark.core

LATENT = {"kind": "latent", "dictionary": "d", "latent": 1}
OTHER = LATENT | {"latent": 2}
VECTOR = {"kind": "vector", "name": "v"}


def asked(**changes) -> GenerateRequest:
    return GenerateRequest.model_validate_json(json.dumps({"model": "m", "prompt": "Who?"} | changes))


def sweep(**changes) -> Sweep:
    return Sweep.model_validate_json(json.dumps({"target": LATENT, "strengths": [0.5]} | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mode": "swap"}, "needs `to`"),
        ({"mode": "add", "to": OTHER}, "needs `to`"),
        ({"mode": "swap", "to": LATENT}, "itself"),
        ({"mode": "swap", "to": OTHER, "target": VECTOR}, "only a latent"),
        ({"mode": "clamp", "unit": "raw"}, "measured in activation"),
        ({"mode": "add", "unit": "share"}, "residual_norm or raw"),
        ({"scope": "positions"}, "no token would be steered"),
        ({"scope": "entity", "positions": [3]}, "another"),
        ({"scope": "positions", "positions": [0]}, "BOS"),
        ({"scope": "positions", "positions": [3, 3]}, "distinct"),
        ({"strengths": [0]}, "changes nothing"),
        ({"mode": "scale", "strengths": [1]}, "changes nothing"),
        ({"mode": "ablate", "strengths": [1.5]}, "share"),
        ({"mode": "project_out", "strengths": [-0.5]}, "share"),
    ],
)
def test_steering_that_contradicts_itself_is_refused_in_words(changes, words: str) -> None:
    with pytest.raises(ValidationError) as error:
        asked(sweeps=[{"target": LATENT, "strengths": [0.5]} | changes])
    assert words.lower() in from_validation(error.value).refusal.allowed.lower()


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_has_a_unit_of_its_own(mode: str) -> None:
    steering = sweep(mode=mode, **({"to": OTHER} if mode == "swap" else {}))
    assert steering.unit is None and steering.measured_in == MODES[mode].units[0]


def test_clamping_to_nothing_and_scaling_by_nothing_do_something() -> None:
    assert sweep(mode="clamp", strengths=[0]).strengths == sweep(mode="scale", strengths=[0]).strengths == (0.0,)


def test_what_is_held_may_not_be_idle_either() -> None:
    with pytest.raises(ValidationError, match="changes nothing"):
        asked(hold=[{"target": LATENT, "strength": 0}])


def test_zero_has_one_hash() -> None:
    plus, minus = (asked(sweeps=[{"target": LATENT, "mode": "clamp", "strengths": [zero]}]) for zero in (0.0, -0.0))
    assert plus == minus and sha256(plus) == sha256(minus)


@pytest.mark.parametrize(
    ("sampling", "words"),
    [
        ({"n_samples": 2}, "temperature 0"),
        ({"seed": 1}, "temperature 0"),
        ({"top_p": 0.5}, "temperature 0"),
        ({"temperature": 1e-308}, "too small"),
        ({"temperature": 1, "top_p": 0}, "greater than 0"),
    ],
)
def test_sampling_that_makes_no_sense_is_refused(sampling, words: str) -> None:
    with pytest.raises(ValidationError) as error:
        asked(sampling=sampling)
    assert words.lower() in from_validation(error.value).refusal.allowed.lower()


def test_a_run_has_a_bounded_number_of_answers() -> None:
    strengths = [k / 10 for k in range(1, 6)]
    with pytest.raises(ValidationError, match=f"{6 * 43} answers asked, {MAX_ROWS} allowed"):
        asked(sweeps=[{"target": LATENT, "strengths": strengths}], sampling={"temperature": 1, "n_samples": 43})


def test_a_dictionary_is_read_once() -> None:
    with pytest.raises(ValidationError, match="twice"):
        asked(read=[{"dictionary": "d"}, {"dictionary": "d", "top": 3}])
