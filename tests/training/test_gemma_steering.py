"""Gemma's pushes and what is counted of them, tried on the embedded model, which answers in a second."""

import pytest
import torch

from model_worker.engine import Engine
from protocol.steering import Sweep, VectorTarget
from protocol.worker.frames import Prompt
from protocol.worker.requests import GenerateRequest
from training.gemma3_270m.card.assembly import direction_cards, effect_evidence, target_of_name
from training.gemma3_270m.directions.naming import Named
from training.gemma3_270m.directions.recognition import SideSample, TwoSides, auroc_of_type, mean_difference
from training.gemma3_270m.steering.controls import isotropic, on_the_data, without
from training.gemma3_270m.steering.counted import counted_story, moves, told_moves
from training.gemma3_270m.steering.effects import Candidate, best_strength, control_shares, whole_answers
from training.gemma3_270m.steering.pushed import (
    NamePush,
    NameQuestion,
    PushedAnswer,
    first_tokens,
    name_question,
    pushed_answers,
)

JORDAN = Named("Michael Jordan", "player", "known", "basketball")
BATKIN = Named("Michael Batkin", "player", "unknown")


@pytest.fixture(scope="module")
def asked(embedded_engine: Engine) -> list[NameQuestion]:
    return [name_question(embedded_engine, one, f"What sport does {one.name} play?") for one in (JORDAN, BATKIN)]


def known(engine: Engine, strength: float = 1.0) -> Candidate:
    name = engine.loaded.card.vectors[0].name
    unit = engine.loaded.vectors[name]
    return Candidate(name, "known", engine.loaded.layer_of[name], unit / unit.norm(), strength)


def test_a_push_is_the_products_own_at_the_name(embedded_engine: Engine, asked: list[NameQuestion]) -> None:
    card, one = embedded_engine.loaded.card, known(embedded_engine, 0.75)
    ours = first_tokens(embedded_engine, asked[1], [None, one.push(card.residual_norm)])
    sweep = Sweep(
        target=VectorTarget(name=one.name), scope="entity", unit="residual_norm", strengths=(0.75,), generated=False
    )
    request = GenerateRequest(model=card.id, prompt=asked[1].text, sweeps=(sweep,), max_new_tokens=1)
    (prompt,) = [f for f in embedded_engine_frames(embedded_engine, request) if isinstance(f, Prompt)]
    assert ours.tolist() == pytest.approx([arm.refusal_logodds for arm in prompt.arms], abs=2e-3)


def embedded_engine_frames(engine: Engine, request: GenerateRequest) -> list:
    frames = []
    for frame in engine.generate(request):
        if frame is None:
            engine.advance()
        else:
            frames.append(frame)
    return frames


def test_a_push_of_nothing_changes_no_answer(embedded_engine: Engine, asked: list[NameQuestion]) -> None:
    nothing = NamePush(2, torch.zeros(embedded_engine.loaded.card.d_model))
    found = pushed_answers(embedded_engine, [(q, p) for q in asked for p in (None, nothing)])
    assert found[0] == found[1] and found[2] == found[3]
    assert [found[0].outcome, found[2].outcome] == ["right", "refused"]


def test_a_push_towards_known_wins_the_invented_name_and_a_random_one_as_long_does_not(
    embedded_engine: Engine, asked: list[NameQuestion]
) -> None:
    norms = embedded_engine.loaded.card.residual_norm
    chosen, shares = best_strength(embedded_engine, known(embedded_engine), asked[1:], norms, (0.25, 0.75, 1.0))
    assert shares[1.0] == 1.0 and chosen.strength <= 1.0
    told = whole_answers(embedded_engine, chosen, asked[1:], norms)
    assert (told["untouched"], told["pushed"], told["n"]) == (0.0, 1.0, 1)
    beside = control_shares(embedded_engine, chosen, asked[1:], norms, isotropic(8, 160, 0))
    assert beside.shape == (8,) and float(beside.mean()) < 0.5


def test_controls_are_as_long_as_the_push_by_the_first_ruler_and_told_by_the_second() -> None:
    x = torch.randn(50, 16, generator=torch.Generator().manual_seed(0)) * torch.tensor([30.0, *[1.0] * 15])
    for units in (isotropic(10, 16, 0), on_the_data(x, 10, 0)):
        assert torch.allclose(units.norm(dim=-1), torch.ones(10), atol=1e-5)
    assert float(without(on_the_data(x, 10, 0), [0]).mean()) < float(without(isotropic(10, 16, 0), [0]).mean())


def test_one_direction_tells_the_sides_apart_whatever_the_type() -> None:
    generator = torch.Generator().manual_seed(0)

    def side(shift: float) -> SideSample:
        x = torch.randn(60, 8, generator=generator)
        x[:, 3] += shift
        x[:30, 0] += 50  # of one type
        return SideSample(x, ["player"] * 30 + ["city"] * 30)

    sides = TwoSides(side(4.0), side(0.0))
    direction = mean_difference(sides, ["player", "city"])
    for kind in ("player", "city"):
        told = auroc_of_type(direction, sides, kind)
        assert told is not None and told["auroc"] > 0.95 and told["n_known"] == 30


def test_moves_are_counted_of_those_that_were_in_the_state(embedded_engine: Engine, asked: list[NameQuestion]) -> None:
    before = [PushedAnswer("", "refused"), PushedAnswer("", "right"), PushedAnswer("", "wrong")]
    after = [PushedAnswer("", "invented"), PushedAnswer("", "refused"), PushedAnswer("", "right")]
    told = told_moves(moves(before, after))
    assert told["refused_to_answered"] == [1, 1] and told["right_to_refused"] == [1, 1]
    assert told["wrong_to_right"] == [1, 1] and told["any_to_refused"] == [1, 2]
    push = known(embedded_engine).push(embedded_engine.loaded.card.residual_norm)
    story = counted_story(embedded_engine, asked, {"known": push}, {"random": [NamePush(2, 0 * push.vector)] * 2})
    assert story["all"]["known"]["refused_to_answered"] == [1, 1]
    assert story["all"]["random"]["refused_to_answered"] == [0, 2]


def test_evidence_says_n_and_controls() -> None:
    effect = {
        "name": "known-unknown-5", "role": "known", "strength": 0.5, "n_controlled": 4, "first_token": 0.75,
        "whole": {"n": 40, "pushed": 0.9, "low": 0.77, "high": 0.96, "untouched": 0.1, "broken": 1},
        "controls": {"data": {"n": 100, "mean": 0.05, "p95": 0.25, "largest": 0.5}},
    }  # fmt: skip
    back = effect | {"name": "-known-unknown-5", "role": "unknown", "strength": 0.75}
    said = effect_evidence(effect)
    beside, whole = said.split(" By whole answers ")
    assert ": 3 of 4 (30% to 95%) test names by their first token; along random pushes as long, at the same 4" in beside
    assert "data 5% on average, 25% at the 95th percentile of 100." in beside
    assert "4 test names are too few to say anything" in beside
    assert "90% with no control beside it" in whole, "one measure, then the other"
    assert "too few" not in effect_evidence(effect | {"n_controlled": 12})
    assert effect_evidence(back, -1).startswith("At −0.75 r̄, known names are refused")
    (slider,) = direction_cards({"known known-unknown": effect, "unknown known-unknown": back})
    assert slider.validated == 0.5 and min(slider.strengths) == -0.75 and max(slider.strengths) > 0.5
    assert target_of_name("resid_post/layer_8#3").latent == 3
