"""`python -m benchmarks.first_view --model gemma-3-270m`: how long a cold question takes until Explore shows all of it.

The request is the page's first one: the baseline, every strength of every slider of the card (with `--strengths 15` so
many of each, evenly over its range: 46 arms of three sliders), 32 random directions in the place of each. Interleaved
with it, transformers' `generate` with a hook, one arm after the other, on the same weights and as many threads; of its
arms some are asked, evenly spread, and the time is scaled up to all. It gives no control, no reading, no log-odds.

1. a round that doesn't count, then rounds of: ours, each time a name that it has not met; the peer, the same one
2. medians of wall and of CPU seconds: the first tokens of all arms; the baseline's whole answer; all answers; controls
3. the ratio of the peer's whole answers to ours, and in how many of its tokens the two agree

Nothing here is a test.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
import transformers
from torch import Tensor

from model_worker.answering.plan import ArmPlan
from model_worker.answering.prompt import read_prompt
from model_worker.engine import Engine
from model_worker.model.loading import Loaded, load
from model_worker.model.registry import read_registry, row_of
from model_worker.steering.formula import Delta
from protocol.steering import Sweep
from protocol.worker.requests import Controls, GenerateRequest

NAMES = ("Victor Quenlow", "Roger Marister", "Dana Felbrook", "Michael Batkin", "Colin Orwede", "Peter Halvane")
QUESTION = "What sport does {name} play?"
FIRST, BASELINE, ANSWERS, ALL = "first tokens of all arms", "baseline's whole answer", "all answers", "controls too"


class Took(NamedTuple):
    """Seconds since the request was made."""

    wall: float
    cpu: float


def view(engine: Engine, request: GenerateRequest) -> tuple[dict[str, Took], list[list[int]]]:
    """What had come when, and each arm's tokens."""
    began, began_cpu = time.perf_counter(), time.process_time()
    marks: dict[str, Took] = {}
    said: list[list[int]] = []
    for frame in engine.generate(request):
        if frame is None:
            engine.advance()
            continue
        now = Took(time.perf_counter() - began, time.process_time() - began_cpu)
        if frame.kind == "start":
            said = [[] for _ in frame.arms]
        elif frame.kind == "prompt":
            marks[FIRST] = now
        elif frame.kind == "step":
            marks[ANSWERS] = now
            for token in frame.tokens:
                said[token.arm].append(token.id)
        elif frame.kind == "verdict" and frame.arm == 0:
            marks[BASELINE] = now
        elif frame.kind == "done":
            marks[ALL] = now
    return marks, said


@torch.inference_mode()
def hooked(loaded: Loaded, ids: Sequence[int], deltas: Sequence[Delta], n_new: int) -> list[int]:
    """One arm by transformers' generate."""

    def hook_of(delta: Delta):
        def hook(_module: object, _inputs: tuple, out: Tensor) -> Tensor:
            if out.shape[1] == len(ids):
                out[:, list(delta.positions)] += (delta.constant * delta.write).to(out.dtype)
            return out

        return hook

    layers = loaded.model.get_submodule("model.layers")
    handles = [layers.get_submodule(str(delta.layer)).register_forward_hook(hook_of(delta)) for delta in deltas]
    try:
        out = loaded.model.generate(
            torch.tensor([list(ids)]),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            max_new_tokens=n_new,
            do_sample=False,
            eos_token_id=sorted(loaded.stop_ids),
            pad_token_id=0,
        )
    finally:
        for handle in handles:
            handle.remove()
    return out[0, len(ids) :].tolist()


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.first_view", description="A cold question's first view.")
    parser.add_argument("--model", help="id of a card; default: the first")
    parser.add_argument("--cards", type=Path, action="append", default=[], help="folder with a model.json; repeatable")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--strengths", type=int, help="of each slider, evenly over its range; default: the card's")
    parser.add_argument("--arms", type=int, default=5, help="of the peer")
    parser.add_argument("--controls", type=int, default=32, help="random directions in the place of each push")
    parser.add_argument("--new", type=int, default=16, help="most tokens of an answer")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    transformers.logging.set_verbosity_error()

    registry = read_registry(tuple(options.cards))
    row = row_of(registry, options.model or next(iter(registry)))
    began = time.perf_counter()
    loaded = load(row)
    engine = Engine(loaded, row=row)
    print(f"{row.card.id}, {row.card.dtype}, {options.threads} threads, loaded in {time.perf_counter() - began:.0f} s")

    ours: list[dict[str, Took]] = []
    ratios: list[tuple[float, float]] = []
    same = tokens = 0
    for number in range(options.rounds + 1):
        request = _first_request(loaded, NAMES[number % len(NAMES)], options.new, options.controls, options.strengths)
        if number == 0:
            view(engine, _first_request(loaded, NAMES[0], 2, 1))
            hooked(loaded, read_prompt(loaded, request).ids, (), 2)
            continue
        marks, said = view(engine, request)
        prompt = read_prompt(loaded, request)
        plan = ArmPlan(loaded, request, prompt)
        asked = [round(place * (len(said) - 1) / max(1, options.arms - 1)) for place in range(options.arms)]
        began_wall, began_cpu = time.perf_counter(), time.process_time()
        theirs = [hooked(loaded, prompt.ids, plan.deltas[arm], options.new) for arm in asked]
        times = len(said) / len(asked)
        peer = Took((time.perf_counter() - began_wall) * times, (time.process_time() - began_cpu) * times)
        for arm, answer in zip(asked, theirs, strict=True):
            tokens += max(len(answer), len(said[arm]))
            same += sum(a == b for a, b in zip(answer, said[arm], strict=False))
        ours.append(marks)
        ratios.append((peer.wall / marks[ANSWERS].wall, peer.cpu / marks[ANSWERS].cpu))
        print(f"  {request.prompt} {len(said)} arms, peer {peer.wall:.1f} s ({peer.cpu:.1f} CPU)", flush=True)
    for mark in (FIRST, BASELINE, ANSWERS, ALL):
        wall, cpu = (statistics.median(getattr(one[mark], kind) for one in ours) for kind in ("wall", "cpu"))
        print(f"{mark:26} {wall:6.2f} s, {cpu:6.2f} CPU seconds")
    wall, cpu = (statistics.median(pair) for pair in zip(*ratios, strict=True))
    print(f"hook, one by one / ours    {wall:6.1f} (wall), {cpu:.1f} (CPU); tokens that agree: {same} of {tokens}")


def _first_request(
    loaded: Loaded, name: str, n_new: int, n_controls: int, n_strengths: int | None = None
) -> GenerateRequest:
    sweeps = tuple(
        Sweep(
            target=one.target,
            scope=one.scope,
            unit=one.unit,
            strengths=one.strengths if n_strengths is None else _evenly(one.strengths, n_strengths),
        )
        for one in loaded.card.directions
    )
    return GenerateRequest(
        model=loaded.card.id,
        prompt=QUESTION.format(name=name),
        sweeps=sweeps,
        controls=Controls(n_directions=n_controls),
        max_new_tokens=n_new,
    )


def _evenly(strengths: Sequence[float], n: int) -> tuple[float, ...]:
    """n of them from the first to the last, none of them 0: that is the baseline."""
    low, high = min(strengths), max(strengths)
    step = (high - low) / (n - 1)
    return tuple(round(low + i * step, 5) or step / 2 for i in range(n))


main()
