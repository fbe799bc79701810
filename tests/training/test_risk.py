"""The strip's fits are made of the trials beside them, of names that no test has; and a leak would be seen."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from model_worker.model.registry import CARDS
from protocol.risk.fit import RiskFile
from training.risk.answering import risk_samplings
from training.risk.fit import fitted_heads
from training.risk.held_out import held_out, readings, with_figures
from training.risk.questions import halved_by, risk_questions
from training.risk.shipping import risk_file
from training.risk.trials import TRIALS, RiskTrial, read_trials, value_tokens
from training.risk.worlds import talk_of

FEW = 20  # draws, where the interval is not the point
MODELS = [file.name.removesuffix(".jsonl.gz") for file in sorted(TRIALS.glob("*.jsonl.gz"))]
SHIPPED = [model for model in MODELS if (CARDS / model / "risk.json").exists()]
NOT_SHIPPED = [model for model in MODELS if model not in SHIPPED]


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def trials(model: str) -> list[RiskTrial]:
    return read_trials(TRIALS / f"{model}.jsonl.gz")


@pytest.mark.parametrize("model", SHIPPED, indirect=True)
def test_what_ships_is_what_its_trials_give(model: str, trials: list[RiskTrial]) -> None:
    shipped = RiskFile.model_validate_json((CARDS / model / "risk.json").read_bytes())
    again = risk_file(model, trials, FEW)
    for told, found in product(shipped.fits, again.fits):
        if told.decoding == found.decoding:
            for head in ("first", "under_way"):
                own, other = getattr(told, head), getattr(found, head)
                assert other.bias == pytest.approx(own.bias, rel=1e-3, abs=1e-3)
                assert [one.name for one in other.features] == [one.name for one in own.features]
                weights = [one.weight for one in own.features]
                assert [one.weight for one in other.features] == pytest.approx(weights, rel=1e-3, abs=1e-3)
            at = {one.place: one for one in found.tested}
            for place in told.tested:
                assert (at[place.place].n, at[place.place].auroc) == (place.n, pytest.approx(place.auroc, abs=1e-3))


def test_no_unit_is_in_both_halves(model: str, trials: list[RiskTrial]) -> None:
    asked = risk_questions(CARDS / model, halved_by(CARDS / model), talk_of(model))
    half_of: dict[str, set[str]] = {}
    for one in [*asked, *trials]:
        half_of.setdefault(one.unit, set()).add(one.half)
    assert len(half_of) > 300 < len(trials) and all(len(halves) == 1 for halves in half_of.values())


def test_what_the_test_half_says_reaches_no_weight(model: str, trials: list[RiskTrial]) -> None:
    """A leak that is planted: every answer of the test half turned round. The fit does not move, its figures do."""
    trials = trials[::5]
    turned = [
        replace(one, outcome="right" if one.is_error else "wrong") if one.half == "test" else one for one in trials
    ]
    fit, same = fitted_heads(trials, "greedy"), fitted_heads(turned, "greedy")
    assert same == fit
    told, worse = with_figures(fit, trials, FEW).at("value"), with_figures(same, turned, FEW).at("value")
    assert told is not None and worse is not None and told.auroc + worse.auroc == pytest.approx(1, abs=2e-3)
    leaked = [replace(one, half="fit") for one in turned]
    assert fitted_heads(leaked, "greedy") != fit, "and this would show where they were let in"


def test_a_coin_instead_of_the_label_is_chance(trials: list[RiskTrial]) -> None:
    trials = trials[::5]
    units = sorted({one.unit for one in trials})
    coin = dict(zip(units, (np.random.default_rng(3).random(len(units)) < 0.5).tolist(), strict=True))
    tossed = [replace(one, outcome="wrong" if coin[one.unit] else "right") for one in trials]
    fit = with_figures(fitted_heads(tossed, "sampled"), tossed, FEW)
    low, high = fit.at("value").auroc_interval
    assert low - 0.03 < 0.5 < high + 0.03


def test_a_value_is_found_by_the_form_of_the_answer() -> None:
    pieces = ["It", " was", " directed", " by", " Jacques", " T", "ourne", "ur", ".", ""]
    assert value_tokens(pieces, "It was directed by {v}.") == (4, 7)
    assert value_tokens(["Lyon", " is", " in", " the", " United", " States", "."], "{e} is in {v}.") == (4, 5)
    assert value_tokens(["I", " do", " not", "."], "{e} is in {v}.") is None


@pytest.mark.parametrize("model", SHIPPED, indirect=True)
def test_it_reads_errors_at_the_value_and_not_before(trials: list[RiskTrial]) -> None:
    """The claim of docs/risk.md, of what ships."""
    fit = with_figures(fitted_heads(trials, "sampled"), trials, 100)
    own = held_out(fit, trials)
    value, before = fit.at("value"), fit.at("before")
    assert value.within_interval[0] > 0.75 and before.within_interval[1] < 0.7
    assert len(readings(fit, own, "value").risk) == value.n


@pytest.mark.parametrize("model", NOT_SHIPPED, indirect=True)
def test_a_fit_that_does_not_ship_tells_less_than_entropy_alone(trials: list[RiskTrial]) -> None:
    """Why its model has none."""
    value = with_figures(fitted_heads(trials, "greedy"), trials, FEW).at("value")
    assert value is not None and value.within < value.entropy_within - 0.1


def test_no_two_questions_share_the_numbers_that_their_samples_are_drawn_by(model: str) -> None:
    asked = risk_questions(CARDS / model, halved_by(CARDS / model), talk_of(model))
    seeds = {risk_samplings(one, 1)[1].seed for one in asked}
    assert len(seeds) > 0.999 * len({one.text for one in asked})


def test_some_fit_ships() -> None:
    assert SHIPPED
