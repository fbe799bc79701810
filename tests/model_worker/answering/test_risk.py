"""The risk of a token: by hand from transformers' own distributions, blind to what comes later and to who else runs."""

from dataclasses import replace

import pytest

from model_worker.answering.risk import AnswerRisk, FirstRead
from model_worker.decoding.odds import Odds
from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from protocol.steering import Sweep
from protocol.worker.frames import FRAME, Frame
from protocol.worker.requests import GenerateRequest, Sampling
from tests.model_worker.answering.test_replay import Asked, forced
from tests.model_worker.driving import TOLERANCE, answer, answers, ids_of, of_kind, request_for, tokens_of
from tests.model_worker.reference import teacher_forced

KNOWN, INVENTED = "What sport does Michael Jordan play?", "What sport does Michael Batkin play?"
SAMPLED = Sampling(temperature=1.0, seed=3, n_samples=3)

pytestmark = pytest.mark.core


def asked(loaded: Loaded, prompt: str = KNOWN, **changes) -> GenerateRequest:
    return request_for(loaded, prompt=prompt, **({"sweeps": ()} | changes))


def risks(frames: list[Frame], arm: int = 0, sample: int = 0) -> list[float | None]:
    return [token.risk for token in tokens_of(frames, arm, sample)]


@pytest.mark.parametrize("sampling", [Sampling(), SAMPLED], ids=["greedy", "sampled"])
def test_it_is_what_transformers_own_distributions_give_by_hand(embedded_engine: Engine, sampling: Sampling) -> None:
    loaded = embedded_engine.loaded
    frames = answer(embedded_engine, asked(loaded, sampling=sampling))
    start, told = frames[0], risks(frames)
    assert start.risk.decoding == ("greedy" if sampling.temperature == 0 else "sampled")
    prompt, said = [token.id for token in start.tokens], ids_of(frames, 0)
    logits = teacher_forced(loaded.model, prompt + said).logits[len(prompt) - 1 : -1].double()
    log_p = logits.log_softmax(-1)
    entropy = -(log_p.exp() * log_p).sum(-1)
    surprise, peak = -log_p[range(len(said)), said], -log_p.amax(-1)
    refuses = log_p[0].exp()[loaded.opens_refusal].sum()
    at_name = [
        (watched.role, reading[start.entity.end - 1])
        for watched, reading in zip(start.watched, of_kind(frames, "prompt")[0].arms[0].activations, strict=True)
    ]
    first = {"refusal_logodds": refuses.logit().item(), "entropy": entropy[0].item(), **dict(at_name)}
    assert told[0] == pytest.approx(start.risk.first.risk(first), abs=TOLERANCE)
    for place in range(1, len(said)):
        values = {
            "entropy": entropy[place].item(),
            "peak": peak[place].item(),
            "surprise": surprise[place].item(),
            "entropy_max": entropy[1 : place + 1].max().item(),
            "surprise_max": surprise[1 : place + 1].max().item(),
        }
        assert told[place] == pytest.approx(start.risk.under_way.risk(values), abs=TOLERANCE)


def test_what_comes_later_changes_no_bit_of_it(embedded_engine: Engine) -> None:
    """Teacher-forced: the same tokens up to one, others behind it."""
    loaded = embedded_engine.loaded
    run = answer(embedded_engine, asked(loaded))
    said = ids_of(run, 0)
    told = [token.model_dump_json() for token in tokens_of(answer(Asked(embedded_engine), forced(run, said)), 0)]
    for kept in range(1, len(said)):
        other = [*said[:kept], *([464] * (len(said) - kept))]
        frames = answer(Asked(embedded_engine), forced(run, other))
        again = [token.model_dump_json() for token in tokens_of(frames, 0)]
        assert again[:kept] == told[:kept] and again[kept:] != told[kept:]
        cut = answer(Asked(embedded_engine), forced(run, said[:kept]))
        assert [token.model_dump_json() for token in tokens_of(cut, 0)] == told[:kept]


def test_who_else_is_in_the_batch_changes_nothing(embedded_engine: Engine) -> None:
    loaded = embedded_engine.loaded
    mine, others = asked(loaded, sampling=SAMPLED), [asked(loaded, INVENTED), request_for(loaded)]
    alone = answer(embedded_engine, mine)
    beside = answers(embedded_engine, mine, *others, stagger=2)[0]
    for sample in range(3):
        assert risks(beside, 0, sample) == pytest.approx(risks(alone, 0, sample), abs=TOLERANCE)


def test_behind_a_token_that_opened_a_refusal_there_is_none(embedded_engine: Engine) -> None:
    frames = answer(embedded_engine, asked(embedded_engine.loaded, INVENTED))
    assert of_kind(frames, "verdict")[0].outcome == "refused"
    first, *behind = risks(frames)
    assert 0 < first < 0.5 and behind and set(behind) == {None}
    assert all(token.risk_moved == () for token in tokens_of(frames, 0)[1:])


def test_a_steered_arms_first_token_is_read_from_its_own_pass(embedded_engine: Engine) -> None:
    loaded = embedded_engine.loaded
    known = loaded.card.directions[0]
    sweep = Sweep(target=known.target, scope=known.scope, strengths=(known.strength,))
    frames = answer(embedded_engine, asked(loaded, INVENTED, sweeps=(sweep,)))
    start, prompt = frames[0], of_kind(frames, "prompt")[0].arms[1]
    assert next(one.outcome for one in of_kind(frames, "verdict") if one.arm == 1) == "invented"
    at = start.entity.end - 1
    read = {"known": prompt.activations[0][at], "unknown": prompt.activations[1][at]}
    assert read["known"] > of_kind(frames, "prompt")[0].arms[0].activations[0][at]
    token = tokens_of(frames, 1)[0]
    values = {"refusal_logodds": prompt.refusal_logodds, "entropy": token.entropy_nats, **read}
    assert token.risk == pytest.approx(start.risk.first.risk(values), abs=TOLERANCE)
    assert all(risk is not None for risk in risks(frames, 1))


def test_what_is_watched_makes_no_difference_to_it(embedded_engine: Engine) -> None:
    """Where the names' latents are watched anyway they are taken from there, else they are read."""
    sweep = Sweep(target=embedded_engine.loaded.card.watch[0].target, strengths=(1.0,))
    told, read = (
        answer(embedded_engine, asked(embedded_engine.loaded, sweeps=(sweep,), **how)) for how in ({}, {"watch": ()})
    )
    for arm in (0, 1):
        own, other = ([token.risk for token in tokens_of(frames, arm)] for frames in (told, read))
        assert own[0] == pytest.approx(other[0], abs=1e-5) and own[1:] == other[1:]


def test_not_asked_or_without_a_fit_a_run_is_what_it_was(embedded_engine: Engine) -> None:
    loaded = embedded_engine.loaded
    frames = answer(embedded_engine, asked(loaded, risk=False))
    with_it = answer(embedded_engine, asked(loaded))
    assert frames[0].risk is None and "risk" not in "".join(one.model_dump_json() for one in frames[1:])
    assert "risk" not in asked(loaded).model_dump_json(), "so that requests of before have their hash"
    for kept, told in zip(frames[1:-1], with_it[1:-1], strict=True):
        if kept.kind == "step":
            plain = tuple(one.model_copy(update={"risk": None, "risk_moved": ()}) for one in told.tokens)
            told = told.model_copy(update={"tokens": plain})
        assert told == kept
    bare = Engine(replace(loaded, risk=None))
    assert answer(bare, asked(loaded))[0].risk is None
    assert answer(embedded_engine, asked(loaded, format="raw"))[0].risk is None, "it was fitted on answers"


def test_what_moved_it_adds_up_to_it(embedded_engine: Engine) -> None:
    frames = answer(embedded_engine, asked(embedded_engine.loaded))
    fit = frames[0].risk
    for place, token in enumerate(tokens_of(frames, 0)):
        head = fit.first if place == 0 else fit.under_way
        assert len(token.risk_moved) == len(head.features)
        means = head.risk({one.name: one.mean for one in head.features})
        odds = means / (1 - means) * 2.718281828459045 ** sum(token.risk_moved)
        assert odds / (1 + odds) == pytest.approx(token.risk, rel=0.02)


def test_a_risk_is_read_off_every_place_of_an_answer_by_its_own_head(embedded: Loaded) -> None:
    """Without a model: largest values are of what was drawn from the second token on."""
    fit = embedded.risk.file.nearest(0.4)
    assert fit.decoding == "greedy" and embedded.risk.file.nearest(0.7).decoding == "sampled"
    one = AnswerRisk(fit, FirstRead(refusal_logodds=-5.0, latents={"known": 9.0, "unknown": 0.0}))
    loud, quiet = Odds(-3.0, 2.0, 0.1, -1.0), Odds(-0.1, 0.1, 3.0, -0.1)
    first = one.next(loud, False)
    calm = one.next(quiet, True)
    one.next(loud, False)
    after = one.next(quiet, False)
    assert first and calm and after and calm.risk < after.risk, "what was said stays said, the first token apart"
    start = FRAME.validate_json  # a recording of before has no risk
    line = '{"kind":"step","seq":2,"step":0,"tokens":[{"arm":0,"id":1,"text":"","logprob":-1.0}],"readings":[]}'
    assert start(line).tokens[0].risk is None
