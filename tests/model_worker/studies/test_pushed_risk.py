"""The risk strip under a push: what is read of a steered answer, and the word that the rule has for planted ones."""

import numpy as np
import pytest

from model_worker.answering.risk import AnswerRisk, FirstRead
from model_worker.answering.risk_halves import risk_half, risk_unit
from model_worker.decoding.odds import Odds
from model_worker.engine import Engine
from model_worker.studies.answers.pushed_rule import RiskWorth, risk_worth
from model_worker.studies.answers.value_risk import HELD_OUT, value_risk
from model_worker.studies.shared.completions import Completion
from model_worker.studies.shared.counts import Case
from protocol.app.experiments.answers.risk import RiskExperiment
from protocol.refusal import Refused
from protocol.steering import Sweep
from protocol.worker.names import WorldNames
from protocol.worker.requests import GenerateRequest
from protocol.worker.studies import Asked
from protocol.worker.study_frames import TrialAnswer
from tests.model_worker.driving import answer, of_kind
from tests.model_worker.study_runs import figure, rows_of, studied, trials_of


@pytest.fixture(scope="module")
def frames(embedded_engine: Engine) -> list:
    experiment, card = RiskExperiment(), embedded_engine.loaded.card
    few = Asked(names=WorldNames(types=("player",), most=6), split="all", most=6, groups=("known", "withheld"))
    draft = experiment.preset(card).model_copy(update={"asked": few, "n": 1, "sizes": (1.0,)})
    return studied(embedded_engine, experiment.request(card, draft))


def test_a_steered_answers_risk_is_what_explores_tokens_say_of_the_same_push(
    embedded_engine: Engine, frames: list
) -> None:
    """Read by another path: generate, its frames, the token at which the value begins."""
    card, arm = embedded_engine.loaded.card, frames[0].arms[1]
    assert arm.role == "known" and arm.control_of is None
    trial = next(
        one for one in trials_of(frames) if one.answers[0].risk is not None and one.answers[1].risk is not None
    )
    name = frames[0].names[trial.name].name
    held = arm.hold[0]
    sweep = Sweep(**held.model_dump(exclude={"strength", "kind"}), strengths=(held.strength,))
    request = GenerateRequest(model=card.id, prompt=trial.prompt, entity=_span(trial.prompt, name), sweeps=(sweep,))
    told = [token for step in of_kind(answer(embedded_engine, request), "step") for token in step.tokens]
    for number in (0, 1):
        own = [token for token in told if token.arm == number]
        assert "".join(token.text for token in own) == trial.answers[number].text
        assert any(
            (token.risk, token.entropy_nats)
            == pytest.approx((trial.answers[number].risk, trial.answers[number].entropy_nats), abs=1e-4)
            for token in own[1:]
        )


def _span(prompt: str, name: str) -> dict:
    return {"start": prompt.index(name), "end": prompt.index(name) + len(name)}


def test_only_names_of_the_test_half_are_counted(embedded_engine: Engine, frames: list) -> None:
    marked = {frames[0].names[one.name].name: one.numbers[HELD_OUT] for one in trials_of(frames)}
    wanted = {name: (float(risk_half(risk_unit("player", name, invented=False)) == "test"),) for name in marked}
    assert marked == wanted and set(marked.values()) == {(0.0,), (1.0,)}
    held_out = [one for one in trials_of(frames) if one.numbers[HELD_OUT] == (1.0,)]
    (row,) = (one for one in rows_of(frames, "pushed_risk") if (one["arm"], one["read"]) == ("baseline", "risk"))
    assert row["answers"] == sum(one.answers[0].risk is not None for one in held_out)
    assert "too few" in figure(frames, "pushed_risk").claim
    assert {one["read"] for one in rows_of(frames, "pushed_risk")} >= {"entropy", "risk, random directions"}


def test_a_value_has_the_risk_of_its_token_whatever_comes_behind(embedded_engine: Engine) -> None:
    assert embedded_engine.loaded.risk is not None
    fit = embedded_engine.loaded.risk.file.nearest(0.0)
    odds = tuple(Odds(-0.1 * n, 0.2 * n, 0.0, -0.05 * n) for n in range(1, 6))
    whole, cut = (Completion(tuple(range(n)), "", True, odds[:n]) for n in (5, 3))
    assert value_risk(fit, whole, 2) == value_risk(fit, cut, 2)
    strip = AnswerRisk(fit, FirstRead(9.0, {"known": 3.0}))
    told = [strip.next(one, opens_refusal=False) for one in odds]
    assert told[2] is not None and value_risk(fit, whole, 2).risk == pytest.approx(told[2].risk, rel=1e-5)


@pytest.mark.core
@pytest.mark.parametrize(
    ("says", "word"),
    [
        (lambda p, rng: p, "calibrated"),
        (lambda p, rng: p**3, "overconfident"),
        (lambda p, rng: p**0.3, "overcautious"),
        (lambda p, rng: np.where(p > 0.5, 0.5 + 0.5 * p, 0.5 * p), "uneven"),
        (lambda p, rng: rng.permutation(p), "worthless"),
    ],
)
def test_the_rule_has_its_word_for_planted_answers(says, word: str) -> None:
    worth = planted(says)
    assert worth.word == word, worth
    assert worth.n == 600 and worth.recall is not None and worth.held is not None


def planted(says) -> RiskWorth:
    """600 answers, two about each name, that end wrong as often as p."""
    rng = np.random.default_rng(3)
    p = rng.uniform(0.1, 0.9, 600)
    wrong, said = rng.random(600) < p, says(p, rng)
    return risk_worth(
        [
            (
                Case("player", str(row // 2), f"attribute {row % 3}", "known", (), {}),
                _answer(bool(wrong[row]), float(said[row])),
            )
            for row in range(600)
        ]
    )


def _answer(wrong: bool, risk: float) -> TrialAnswer:
    return TrialAnswer(text="", outcome="wrong" if wrong else "right", rule="", risk=risk, entropy_nats=risk)


@pytest.mark.core
def test_few_answers_and_refusals_have_no_word() -> None:
    case = Case("player", "A", "sport", "known", (), {})
    refused = TrialAnswer(text="", outcome="refused", rule="", risk=0.9, entropy_nats=1.0)
    worth = risk_worth([(case, _answer(True, 0.9))] * 9 + [(case, _answer(False, 0.1))] * 50 + [(case, refused)])
    assert (worth.word, worth.n) == ("too few", 59)
    assert risk_worth([]).word == "too few"


def test_a_model_without_a_fit_is_refused(embedded_engine: Engine) -> None:
    card = embedded_engine.loaded.card.model_copy(update={"risk": None})
    experiment = RiskExperiment()
    with pytest.raises(Refused, match="no fit"):
        experiment.request(card, experiment.preset(card))
    assert "no fit" in experiment.fields(card, experiment.preset(card))[0].words
