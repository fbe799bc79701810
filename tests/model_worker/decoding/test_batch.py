"""One batch for everybody: who comes, who waits, who leaves, and who is to blame."""

import gc
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from model_worker.answering import generate
from model_worker.decoding.pool import Pool
from model_worker.engine import Engine
from model_worker.model.loading import Loaded, load
from model_worker.model.memory import refusing
from model_worker.model.registry import read_row
from protocol.refusal import Refused
from protocol.steering import LatentTarget, Sweep
from protocol.worker.requests import Controls, ReadLatents
from tests.model_worker import random_gemma
from tests.model_worker.driving import answer, answers, ids_of, logprobs_of, of_kind, request_for
from tests.model_worker.steering.test_steering import same

LATENT = LatentTarget(dictionary="layer_1", latent=3)


def sweep(*strengths: float, generated: bool = True) -> tuple[Sweep, ...]:
    return (Sweep(target=LATENT, scope="entity_to_end", strengths=strengths, generated=generated),)


def test_rows_of_different_lengths_leave_and_the_others_go_on(random_model: Loaded) -> None:
    engine = Engine(random_model)
    lengths = (3, 17, 8, 30, 1, 12)
    requests = [
        request_for(random_model, sweeps=sweep(0.5, 1.0 + n / 10), max_new_tokens=length)
        for n, length in enumerate(lengths)
    ]
    alone = [answer(engine, request) for request in requests]
    for ours, theirs in zip(alone, answers(engine, *requests), strict=True):
        same(ours, theirs)
    assert [len(of_kind(frames, "step")) - 1 for frames in alone] == [
        max(len(ids_of(frames, arm)) for arm in range(3)) for frames in alone
    ]


def test_the_batch_takes_one_pass_for_all_users(random_model: Loaded) -> None:
    engine = Engine(random_model)
    requests = [request_for(random_model, sweeps=sweep(0.5 + n / 10), max_new_tokens=12) for n in range(8)]
    passes, forward = [], engine.lanes["interactive"]._forward
    engine.lanes["interactive"]._forward = lambda rows: passes.append(len(rows)) or forward(rows)
    answers(engine, *requests)
    assert max(passes) == 16 and len(passes) <= 14


def test_a_run_waits_for_memory_and_says_its_place(random_model: Loaded) -> None:
    per_row = 128 * random_model.gemma.bytes_per_token
    engine = Engine(random_model, kv_bytes=2 * 8 * per_row)  # a lane has half: eight rows of 128 tokens
    requests = [request_for(random_model, sweeps=sweep(*(0.1 * k for k in range(1, 7)))) for _ in range(3)]
    first, second, third = answers(engine, *requests)
    assert [len(of_kind(frames, "queued")) for frames in (first, second, third)] == [0, 1, 2]
    assert [frame.place for frame in of_kind(third, "queued")] == [2, 1]
    same(first, second), same(first, third)
    assert engine.stats()["kv_bytes"] <= 8 * per_row


def test_a_run_that_waits_long_is_told_so_again(random_model: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its stream is silent, and whoever reads it gives it up."""
    monkeypatch.setattr(generate, "TELL_AGAIN_S", 0.0)
    engine = Engine(random_model, kv_bytes=2 * 8 * 128 * random_model.gemma.bytes_per_token)
    request = request_for(random_model, sweeps=sweep(*(0.1 * k for k in range(1, 7))))
    first, second = answers(engine, request, request)
    assert {frame.place for frame in of_kind(second, "queued")} == {1} and len(of_kind(second, "queued")) > 5
    same(first, second)


def test_a_small_run_does_not_overtake_one_that_waits(random_model: Loaded) -> None:
    per_row = 128 * random_model.gemma.bytes_per_token
    engine = Engine(random_model, kv_bytes=2 * 16 * per_row)
    big = request_for(random_model, sweeps=sweep(*(0.1 * k for k in range(1, 16))))
    first, second, small = answers(engine, big, big, request_for(random_model, sweeps=()))
    assert [[frame.place for frame in of_kind(frames, "queued")] for frames in (first, second, small)] == [
        [],
        [1],
        [2, 1],
    ]


def test_what_can_never_fit_is_refused_and_told_what_would(random_model: Loaded) -> None:
    per_row = 128 * random_model.gemma.bytes_per_token
    engine = Engine(random_model, kv_bytes=2 * 8 * per_row)
    with pytest.raises(Refused) as refused:
        next(engine.generate(request_for(random_model, sweeps=sweep(*(0.1 * k for k in range(1, 12))))))
    assert refused.value.status == 503 and refused.value.refusal.code == "out_of_memory"
    assert "12 answers" in refused.value.refusal.asked and "memory for 8 " in refused.value.refusal.allowed
    assert answer(engine, request_for(random_model, sweeps=sweep(0.5)))[-1].kind == "done"


def test_the_stated_budget_bounds_what_is_held(random_model: Loaded) -> None:
    engine = Engine(random_model, kv_bytes=4_000_000, prompt_bytes=500_000)
    seen = []
    requests = [
        request_for(random_model, prompt="Hm " * n + "Batkin?", sweeps=sweep(*(0.1 * k for k in range(1, 2 + n % 7))))
        for n in range(1, 40, 3)
    ]
    advance = engine.advance
    engine.advance = lambda: (advance(), seen.append(engine.stats()))
    answers(engine, *requests, stagger=2)
    assert max(stats["kv_bytes"] for stats in seen) <= 2_000_000, "a lane has half"
    assert max(stats["prompt_bytes"] for stats in seen) <= 500_000
    assert max(stats["queued"] for stats in seen) > 0, "it was tight"


class Broken(Exception):
    pass


def test_a_fault_in_one_users_rows_touches_nobody_else(random_model: Loaded) -> None:
    engine = Engine(random_model)
    requests = [request_for(random_model, sweeps=sweep(0.5 + n / 10), max_new_tokens=12) for n in range(4)]
    alone = [answer(engine, request) for request in requests]
    streams = [engine.generate(request) for request in requests]
    frames: list[list] = [[] for _ in requests]
    fault = None
    for round_ in range(200):
        for place, stream in enumerate(streams):
            try:
                frame = next(stream, None)
            except Broken as error:
                assert place == 2
                fault = error
                continue
            if frame is not None:
                frames[place].append(frame)
        if round_ == 6:
            group = engine.lanes["interactive"]._groups[2]

            group.asked.readout.watched = broken
            group.asked.readout.key = "its own"
        engine.advance()
    assert fault is not None
    for place in (0, 1, 3):
        same(alone[place], frames[place])
    assert 0 < len(of_kind(frames[2], "step")) < len(of_kind(alone[2], "step"))
    assert engine.stats()["rows"] == 0


def test_when_one_of_two_users_fails_the_other_keeps_its_own_keys_and_values(random_model: Loaded) -> None:
    """The survivor is all that is left, and its rows don't stand in the order in which they came."""
    engine = Engine(random_model)
    failing = request_for(random_model, sweeps=sweep(0.5), max_new_tokens=30)
    uneven = request_for(random_model, sweeps=sweep(0.4, 0.9, 1.4), max_new_tokens=25)
    alone = answer(engine, uneven)
    streams, frames, failed = [engine.generate(failing), engine.generate(uneven)], [[], []], False
    for round_ in range(120):
        for place, stream in enumerate(streams):
            try:
                frame = next(stream, None)
            except Broken:
                failed = True
            else:
                frames[place] += [frame] if frame is not None else []
        if round_ == 5:
            readout = engine.lanes["interactive"]._groups[0].asked.readout
            readout.key, readout.watched = "its own", broken
        engine.advance()
    assert failed
    same(alone, frames[1])


def test_a_pass_that_fails_once_changes_no_answer(random_model: Loaded) -> None:
    engine = Engine(random_model)
    request = request_for(random_model, sweeps=sweep(*(0.3 * k for k in range(1, 8))), max_new_tokens=25)
    alone = answer(engine, request)
    lane, failures = engine.lanes["interactive"], iter([False] * 7 + [True] + [False] * 100)
    forward = lane._forward
    lane._forward = lambda rows: broken() if next(failures) else forward(rows)
    same(alone, answer(engine, request))
    assert not next(failures), "it did fail"


def broken(*_: object) -> torch.Tensor:
    raise Broken


def test_memory_that_runs_out_while_the_pool_grows_leaves_it_whole(random_model: Loaded) -> None:
    engine = Engine(random_model)
    small = request_for(random_model, sweeps=sweep(0.5), max_new_tokens=5)
    large = request_for(
        random_model, sweeps=sweep(*(0.1 * k for k in range(1, 20))), prompt="Hm " * 40, max_new_tokens=9
    )
    expected = answer(Engine(random_model), large)
    pool = engine.lanes["interactive"]._pool
    empty = pool._empty
    for fails_at in (1, 3, 6):
        countdown = iter([False] * fails_at + [True])

        def failing(*size: int, countdown=countdown) -> torch.Tensor:
            if next(countdown):
                raise torch.OutOfMemoryError("CUDA out of memory")
            return empty(*size)

        pool._empty = failing
        with pytest.raises(Refused):
            answer(engine, large if fails_at > 1 else small)
        pool._empty = empty
        assert engine.stats()["rows"] == engine.stats()["queued"] == 0
        answer(engine, small)
    same(expected, answer(engine, large))


def test_a_pool_that_changed_its_shape_half_way_still_knows_its_size(random_model: Loaded) -> None:
    """From many short slots to few long ones: half of the tensors are of the one kind, half of the other."""
    pool = Pool(random_model.gemma, 16 * 64 * random_model.gemma.bytes_per_token)
    pool.reserve(16, 64, 0)
    empty, countdown = pool._empty, iter([False] * 3 + [True])

    def failing(*size: int) -> torch.Tensor:
        if next(countdown):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return empty(*size)

    pool._empty = failing
    with pytest.raises(torch.OutOfMemoryError):
        pool.reserve(8, 128, 0)
    pool._empty = empty
    pool.reserve(16, 64, 0)
    assert all(tensor.shape[0] >= 16 and tensor.shape[2] >= 64 for tensor in (*pool.keys, *pool.values))


def test_a_reader_who_stops_listening_holds_no_memory_for_ever(random_model: Loaded) -> None:
    per_row = 128 * random_model.gemma.bytes_per_token
    engine = Engine(random_model, kv_bytes=2 * 8 * per_row)
    read = (ReadLatents(dictionary="layer_1"), ReadLatents(dictionary="layer_2"))
    stalled = engine.generate(request_for(random_model, sweeps=sweep(*(0.1 * k for k in range(1, 8))), read=read))
    while getattr(next(stalled), "kind", None) != "latents":
        pass
    assert answer(engine, request_for(random_model, sweeps=sweep(0.5)))[-1].kind == "done"
    rest = [frame for frame in stalled if frame is not None or not engine.advance()]
    assert rest[-1].kind == "done"


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_out_of_memory_is_a_refusal_that_names_what_would_fit(error: Exception) -> None:
    with pytest.raises(Refused) as refused, refusing(24):
        raise error
    assert (refused.value.status, refused.value.refusal.code) == (503, "out_of_memory")
    assert "12" in refused.value.refusal.change


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shapes"), refusing(24):
        raise RuntimeError("shapes do not match")


def test_a_run_abandoned_at_any_frame_leaves_nothing(random_model: Loaded) -> None:
    per_row = 128 * random_model.gemma.bytes_per_token
    engine = Engine(random_model, kv_bytes=2 * 24 * per_row)
    drawn = random.Random(0)
    long = request_for(random_model, sweeps=sweep(0.5, 1.0), max_new_tokens=60, controls=Controls(n_directions=0))
    expected = answer(engine, long)
    mate = engine.generate(long)
    mates: list = []
    for _ in range(40):
        streams = [engine.generate(request_for(random_model, sweeps=sweep(0.7, 0.9, 1.1))) for _ in range(12)]
        lives = [drawn.randrange(1, 12) for _ in streams]
        for round_ in range(max(lives) + 1):
            for life, stream in zip(lives, streams, strict=True):
                if round_ < life:
                    next(stream)
                elif round_ == life:
                    stream.close()
            if len(mates) < len(expected) and (frame := next(mate, None)) is not None:
                mates.append(frame)
            engine.advance()
    mates += [frame for frame in mate if frame is not None or engine.advance() is None]
    same(expected, [frame for frame in mates if frame is not None])
    stats = engine.stats()
    assert (stats["rows"], stats["queued"]) == (0, 0)
    lane = engine.lanes["interactive"]
    assert lane._groups == [] and not torch.is_inference_mode_enabled() and torch.is_grad_enabled()


def test_nothing_grows_with_the_number_of_runs(random_model: Loaded) -> None:
    engine = Engine(random_model, prompt_bytes=300_000)

    def tensors() -> int:
        gc.collect()
        return sum(type(thing) is torch.Tensor for thing in gc.get_objects())

    def runs(n: int) -> None:
        for k in range(n):
            answer(engine, request_for(random_model, prompt=f"What is {k}?", sweeps=sweep(0.5), max_new_tokens=3))

    runs(20)
    before = tensors()
    runs(40)
    assert tensors() <= before + 5


def test_the_two_lanes_do_not_share_a_batch(random_model: Loaded) -> None:
    engine = Engine(random_model)
    request = request_for(random_model, sweeps=sweep(0.5), max_new_tokens=10)
    background, interactive = engine.generate(request, "background"), engine.generate(request, "interactive")
    while engine.stats()["rows"] < 4:
        next(background), next(interactive)
    chosen = engine.lanes["background"].n_chosen
    assert engine.advance("interactive") and engine.lanes["background"].n_chosen == chosen
    background.close(), interactive.close()
    assert not engine.advance("background") and not engine.advance("interactive")


def test_a_seeded_answer_is_the_same_in_any_company(random_model: Loaded) -> None:
    engine = Engine(random_model)
    sampling = {"temperature": 1.0, "seed": 11, "n_samples": 4}
    request = request_for(random_model).model_validate(request_for(random_model).model_dump() | {"sampling": sampling})
    few = request.model_validate(request.model_dump() | {"sampling": sampling | {"n_samples": 2}, "sweeps": ()})
    many, two = answers(engine, request, few, stagger=5)
    for sample in (0, 1):
        assert ids_of(two, 0, sample) == ids_of(many, 0, sample)
        assert (logprobs_of(two, 0, sample) - logprobs_of(many, 0, sample)).abs().max() < 1e-4
    assert ids_of(many, 0, 0) != ids_of(many, 0, 1)


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_the_compiled_step_gives_the_same_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch._inductor.config.compile_threads", 1)  # others are processes that import torch first
    # compiling takes its time: one block of each kind, and no row ends early, since fewer may be another graph
    shape = random_gemma.Shape(n_layers=2, with_sae=(1,))
    loaded = replace(load(read_row(random_gemma.write(tmp_path, shape=shape))), stop_ids=frozenset())
    eager, compiled = Engine(loaded), Engine(loaded, compiled=True)
    strengths = (0.5, 0.7, 0.9, 1.1)
    requests = [
        request_for(loaded, sweeps=sweep(*strengths, generated=generated), max_new_tokens=9)
        for generated in (False, True)
    ]
    passes, stack = [], compiled.lanes["interactive"]._compiled
    compiled.lanes["interactive"]._compiled = lambda *given: passes.append(given) or stack(*given)
    for request in requests:  # the second is steered as it decodes, and so isn't compiled
        same(answer(eager, request), answer(compiled, request))
    assert len(passes) >= 9
