"""A replay: recorded tokens stand in the answers' place, and everything else is the run itself."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import torch
from pydantic import ValidationError

from model_worker.answering.plan import numbering
from model_worker.decoding.odds import GREEDY_DRAW, Draw, draw_at, missed_by
from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from protocol.canonical import canonical_json
from protocol.refusal import Refused
from protocol.steering import Held, LatentTarget, Sweep, VectorTarget
from protocol.worker.frames import Frame
from protocol.worker.replay import AnswerTokens, ReplayRequest
from protocol.worker.requests import Controls, GenerateRequest, ReadLatents, Sampling
from tests.model_worker.driving import (
    TOLERANCE,
    answer,
    answers,
    ids_of,
    interventions_of,
    logprobs_of,
    of_kind,
    request_for,
    tokens_of,
)
from tests.model_worker.live import started, wait_until_ready
from tests.model_worker.reference import teacher_forced
from tests.model_worker.steering.test_steering import same

SAMPLINGS = (Sampling(), Sampling(temperature=0.9, top_p=0.95, seed=5, n_samples=3))


class Asked:
    """An engine that is asked for runs and for replays alike."""

    def __init__(self, engine: Engine) -> None:
        self.advance = engine.advance
        self.generate = lambda asked: (engine.replay if isinstance(asked, ReplayRequest) else engine.generate)(asked)


def replay_of(frames: list[Frame]) -> ReplayRequest:
    run = frames[0].request
    rows = numbering([range(len(frames[0].arms))], run.sampling.n_samples)
    return ReplayRequest(
        run=run,
        answers=tuple(
            AnswerTokens(arm=arm, sample=sample, ids=tuple(ids_of(frames, arm, sample))) for arm, sample in rows
        ),
    )


def forced(frames: list[Frame], ids: list[int]) -> ReplayRequest:
    """Every answer says these tokens."""
    replay = replay_of(frames)
    said = tuple(one.model_copy(update={"ids": tuple(ids)}) for one in replay.answers)
    return replay.model_copy(update={"answers": said})


def all_at_once(loaded: Loaded, sampling: Sampling, **changes) -> GenerateRequest:
    """Everything that a run can have, and arms that share their passes in another order than they are numbered in."""
    low, *_, high = loaded.card.dictionaries
    latents = [LatentTarget(dictionary=dictionary.id, latent=3) for dictionary in (low, high)]
    vector = VectorTarget(name=loaded.card.vectors[0].name)
    sweeps = (
        Sweep(target=latents[1], scope="last_entity", strengths=(0.5, 1.5)),
        Sweep(target=latents[0], scope="entity_to_end", strengths=(-0.5, 1.0), generated=True),
        Sweep(target=latents[1], mode="clamp", scope="last_entity", strengths=(40.0,)),
        Sweep(target=vector, mode="project_out", scope="last_entity", strengths=(1.0,)),
    )
    fields = dict(
        sweeps=sweeps,
        hold=(Held(target=latents[1], mode="scale", strength=2.0, scope="last_prompt"),),
        controls=Controls(n_directions=3),
        read=(ReadLatents(dictionary=low.id), ReadLatents(dictionary=high.id, top=4)),
        sampling=sampling,
    )
    return request_for(loaded, **(fields | changes))


def check_a_fresh_recording(engine: Engine, sampling: Sampling) -> None:
    frames = answer(engine, all_at_once(engine.loaded, sampling))
    again = answer(Asked(engine), replay_of(frames))
    assert [frame.kind for frame in again] == [frame.kind for frame in frames], "and so no departure"
    assert {"latents", "control", "verdict"} <= {frame.kind for frame in frames}
    assert again[1:-1] == frames[1:-1]
    assert again[0].entity == frames[0].entity and again[0].arms == frames[0].arms


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=["greedy", "sampled"])
def test_a_fresh_recording_is_replayed_frame_by_frame(random_engine: Engine, sampling: Sampling) -> None:
    check_a_fresh_recording(random_engine, sampling)


@pytest.mark.core
@pytest.mark.parametrize("sampling", SAMPLINGS, ids=["greedy", "sampled"])
def test_a_fresh_recording_of_the_embedded_model_is_replayed_frame_by_frame(
    embedded_engine: Engine, sampling: Sampling
) -> None:
    check_a_fresh_recording(embedded_engine, sampling)


def test_the_first_pass_takes_arms_in_another_order_than_they_are_numbered_in(random_engine: Engine) -> None:
    """Without this the test above would not see tokens that go to the wrong arm."""
    asked = []
    lane = random_engine.lanes["interactive"]
    lane.enter, enter = lambda group: asked.append(group) or enter(group), lane.enter
    try:
        frames = answer(random_engine, all_at_once(random_engine.loaded, Sampling()))
        answer(Asked(random_engine), replay_of(frames))
    finally:
        del lane.enter
    assert asked[0].given == () and len(asked[1].given) == 8
    assert sorted(asked[1].given) == sorted(tuple(ids_of(frames, arm)) for arm in range(8))
    assert asked[1].given != tuple(tuple(ids_of(frames, arm)) for arm in range(8))


def test_forced_tokens_have_the_odds_of_plain_transformers_and_depart_where_its_argmax_does(
    random_engine: Engine,
) -> None:
    loaded = random_engine.loaded
    direction = loaded.card.directions[0].target
    sweeps = (Sweep(target=direction, scope="entity_to_end", strengths=(-0.5, 1.5), generated=True),)
    run = answer(random_engine, request_for(loaded, sweeps=sweeps))
    own, n_ids = ids_of(run, 0), len(loaded.opens_refusal)
    other = torch.randint(n_ids, (20,), generator=torch.Generator().manual_seed(1)).tolist()
    said = [token if place % 3 else other[place] for place, token in enumerate(own)]
    said = [token for token in said[:-1] if token not in loaded.stop_ids]
    frames = answer(Asked(random_engine), forced(run, said))
    prompt, n_new = [token.id for token in frames[0].tokens], len(said)
    n_departed = 0
    for arm in range(3):
        assert ids_of(frames, arm) == said
        seen = teacher_forced(loaded.model, prompt + said, interventions_of(loaded, frames[0], arm, n_new))
        logprobs = seen.logits[len(prompt) - 1 : -1].log_softmax(-1)
        best, chosen = logprobs.max(-1)
        theirs = logprobs[range(n_new), said]
        assert (logprobs_of(frames, arm) - theirs).abs().max() <= TOLERANCE
        departures = {frame.place: frame for frame in of_kind(frames, "departure") if frame.arm == arm}
        assert sorted(departures) == [place for place in range(n_new) if chosen[place] != said[place]]
        for place, frame in departures.items():
            assert frame.id == chosen[place]
            assert frame.short_by == pytest.approx((best - theirs)[place].item(), abs=2 * TOLERANCE)
        n_departed += len(departures)
    assert n_departed >= 6


def test_sampled_tokens_depart_where_the_draw_falls_into_the_share_of_another(random_engine: Engine) -> None:
    loaded = random_engine.loaded
    run = answer(random_engine, request_for(loaded, sweeps=(), sampling=SAMPLINGS[1]))
    said = [token for token in ids_of(run, 0, 1)[:-1] if token not in loaded.stop_ids]
    frames = answer(Asked(random_engine), forced(run, said))
    prompt = [token.id for token in frames[0].tokens]
    logits = teacher_forced(loaded.model, prompt + said).logits[len(prompt) - 1 : -1]
    for sample in range(3):
        draws = [draw_at(SAMPLINGS[1], sample, place) for place in range(len(said))]
        expected = [drawn(row, draw) for row, draw in zip(logits, draws, strict=True)]
        departures = {frame.place: frame.id for frame in of_kind(frames, "departure") if frame.sample == sample}
        assert departures == {place: token for place, token in enumerate(expected) if token != said[place]}
        assert bool(departures) == (sample != 1)


def drawn(logits: torch.Tensor, draw: Draw) -> int:
    """By hand: the likeliest that hold top_p, scaled up to one, and the one whose share holds u."""
    probs, order = (logits.double() / draw.temperature).softmax(-1).sort(descending=True, stable=True)
    kept = probs[probs.cumsum(-1) - probs < draw.top_p]
    return order[int((kept.cumsum(-1) / kept.sum() <= draw.u).sum())].item()


LOGITS = torch.tensor([[0.1, 0.2, 0.3, 0.4]]).log()


def logit(p: float) -> float:
    return math.log(p / (1 - p))


@pytest.mark.core
@pytest.mark.parametrize(
    ("draw", "chosen", "wanted", "nats"),
    [
        (GREEDY_DRAW, 3, 1, math.log(2)),
        (Draw(1.0, 1.0, 0.39), 3, 2, logit(0.4) - logit(0.39)),
        (Draw(1.0, 1.0, 0.72), 1, 2, logit(0.72) - logit(0.7)),
        (Draw(1.0, 0.65, 0.56), 3, 2, logit(0.4) - logit(0.56 * 0.7)),
        (Draw(1.0, 1.0, 0.05), 3, 2, math.log(4 / 3)),  # as if the two were listed the other way round
        (Draw(0.5, 1.0, 0.53), 3, 2, 0.5 * (logit(0.16 / 0.3) - logit(0.53))),
        (Draw(0.01, 1.0, 0.5), 3, 1, math.log(2)),
    ],
    ids=[
        "greedy",
        "just before its share",
        "just after it",
        "scaled by top_p",
        "nearly as likely",
        "cooler",
        "nearly greedy",
    ],
)
def test_how_nearly_a_token_was_chosen_is_worked_by_hand(draw: Draw, chosen: int, wanted: int, nats: float) -> None:
    assert missed_by(LOGITS, torch.tensor([chosen]), torch.tensor([wanted]), [draw]) == [pytest.approx(nats, rel=1e-4)]


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=["greedy", "sampled"])
def test_a_replay_among_strangers_changes_nobody_and_nobody_changes_it(
    random_engine: Engine, sampling: Sampling
) -> None:
    loaded = random_engine.loaded
    recorded = answer(random_engine, all_at_once(loaded, sampling))
    strangers = [
        request_for(loaded, prompt=prompt, sampling=sampling.model_copy(update={"seed": seed}))
        for prompt, seed in (("Who wrote it?", None if sampling.temperature == 0 else 8), ("hello", sampling.seed))
    ]
    alone = [answer(random_engine, one) for one in strangers]
    first, replay, last = answers(Asked(random_engine), strangers[0], replay_of(recorded), strangers[1], stagger=2)
    for ours, theirs in ((first, alone[0]), (last, alone[1]), (replay, recorded)):
        same(ours, theirs)
    assert not of_kind(replay, "departure")


def test_an_answer_ends_where_its_tokens_do_and_its_verdict_knows_how(embedded_engine: Engine) -> None:
    whole = answer(embedded_engine, request_for(embedded_engine.loaded, prompt="What sport does Michael Jordan play?"))
    cut = answer(Asked(embedded_engine), forced(whole, ids_of(whole, 0)[:-1]))
    (verdict, *_), (short, *_) = of_kind(whole, "verdict"), of_kind(cut, "verdict")
    assert (verdict.outcome, short.outcome) == ("right", "broken")
    assert short.rule == "no end within the token limit" and short.text == verdict.text
    assert len(tokens_of(cut, 0)) == len(tokens_of(whole, 0)) - 1


@pytest.mark.parametrize("which", ["unknown_token", "stops_early"])
def test_tokens_that_the_model_cannot_have_chosen_are_refused_before_the_first_frame(
    random_engine: Engine, which: str
) -> None:
    loaded = random_engine.loaded
    run = answer(random_engine, request_for(loaded, sweeps=()))
    odd = len(loaded.opens_refusal) if which == "unknown_token" else min(loaded.stop_ids)
    with pytest.raises(Refused) as refused:
        next(random_engine.replay(forced(run, [5, odd, 6])))
    assert (refused.value.status, refused.value.refusal.code) == (422, which)
    assert random_engine.lanes["interactive"].n_waiting == 0


@pytest.mark.core
def test_a_replay_agrees_with_its_run_or_is_no_request() -> None:
    run = GenerateRequest(model="m", prompt="Who?", max_new_tokens=2, sampling=Sampling(temperature=1.0, seed=1))
    said = AnswerTokens(arm=0, ids=(5, 6))
    ReplayRequest(run=run, answers=(said,))
    for wrong, why in (
        (dict(answers=(said, said)), "1 answers"),
        (dict(answers=(said.model_copy(update={"sample": 1}),)), "1 answers"),
        (dict(answers=(AnswerTokens(arm=0, ids=(5, 6, 7)),)), "at most 2"),
        (dict(run=run.model_copy(update={"sampling": Sampling(temperature=1.0)})), "seed"),
    ):
        with pytest.raises(ValidationError, match=why):
            ReplayRequest(**(dict(run=run, answers=(said,)) | wrong))
    with pytest.raises(ValidationError):
        AnswerTokens(arm=0, ids=(-1,))


@pytest.fixture(scope="module")
def worker(random_card: Path) -> Iterator[httpx2.Client]:
    with started(random_card) as client:
        wait_until_ready(client)
        yield client


def test_a_replay_is_asked_over_http_in_either_lane_and_may_be_large(worker: httpx2.Client) -> None:
    sampling = Sampling(temperature=1.0, seed=1, n_samples=64)
    run = GenerateRequest(model="random-gemma2", prompt="Who?", max_new_tokens=128, sampling=sampling)
    saids = [tuple(10 + (place * sample) % 200 for place in range(128)) for sample in range(64)]
    replay = ReplayRequest(
        run=run, answers=tuple(AnswerTokens(arm=0, sample=n, ids=ids) for n, ids in enumerate(saids))
    )
    padded = canonical_json(replay).replace(b",", b",  " + 4 * b" ")
    assert 64 * 1024 < len(padded) < 1024 * 1024
    for lane in ("interactive", "background"):
        answered = worker.post("/v1/replay", params={"lane": lane}, content=padded)
        frames = [json.loads(line) for line in answered.text.splitlines()]
        assert (answered.status_code, frames[0]["kind"], frames[-1]["kind"]) == (200, "start", "done")
        steps = [frame["tokens"] for frame in frames if frame["kind"] == "step"]
        assert [tuple(step[n]["id"] for step in steps[:-1]) for n in range(64)] == saids
    too_large = worker.post("/v1/replay", content=padded + 1024 * 1024 * b" ")
    assert (too_large.status_code, too_large.json()["refusal"]["code"]) == (413, "body_too_large")
    other = replay.model_copy(update={"run": run.model_copy(update={"model": "another"})})
    unknown = worker.post("/v1/replay", content=canonical_json(other))
    assert (unknown.status_code, unknown.json()["refusal"]["code"]) == (404, "unknown_model")
    refused = worker.post("/v1/replay", content=canonical_json(replay).replace(b"[10,10,", b"[10,9999,", 1))
    assert (refused.status_code, refused.json()["refusal"]["code"]) == (422, "unknown_token")
