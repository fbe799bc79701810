"""`make bench`: our engine against named peers, as ratios from interleaved runs in one sitting.

On two random Gemma-2 and on the embedded model: a prompt of 64 tokens (the embedded model: a question), steered at
position 48 and all later ones (the question: at its entity) after a middle block, 32 new tokens, greedy, fp32, one
thread. Peers: transformers' `generate` with a hook; interp-engine, eager, where `--interp-engine` names the Python
of an environment that has it.

1. the peers' tokens are compared with ours   2. a round that doesn't count, then every round does every job once
3. medians of process CPU seconds             4. ratios, each beside its target

Frames count as built, before they become JSON; peers hand over tensors. Nothing here is a test.
"""

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path

import torch
import transformers

from benchmarks.agreement import agreements
from benchmarks.figures import figures_of, table
from benchmarks.jobs import jobs_of
from benchmarks.measure import medians
from benchmarks.models import SUBJECTS, Subject
from benchmarks.ours import Ours, tokens_of
from benchmarks.peers import Hooked, InterpEngine
from benchmarks.wire import wire_of
from tests.model_worker.driving import answers


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    print(
        f"CPU time, median of {options.rounds} round(s), {options.threads} thread(s), {options.new_tokens} new tokens"
    )
    if options.quick:
        print("Too short to mean anything: this only shows that it runs")
    if options.interp_engine is None:
        print("interp-engine is left out: --interp-engine names no Python that has it")
    results = {}
    for name in options.models:
        with tempfile.TemporaryDirectory() as folder:
            subject = SUBJECTS[name](Path(folder))
            asked = subject.asked.model_copy(update={"max_new_tokens": options.new_tokens})
            results[name] = _run(dataclasses.replace(subject, asked=asked), options)
    print(json.dumps(results))


def _run(subject: Subject, options: argparse.Namespace) -> dict:
    print(f"\n{subject.name}: {subject.loaded.card.title}", flush=True)
    ours, hooked = Ours(subject, compiled=options.compiled), Hooked(subject)
    engine = None
    if options.interp_engine is not None:
        engine = InterpEngine(options.interp_engine, subject, _stop(subject, ours), options.threads)
    try:
        agreed = agreements(subject, ours, hooked, engine)
        print("\n".join(map(str, agreed)), flush=True)
        wire = wire_of(subject, ours)
        print(
            f"ours, sweep: {wire.n_active:.0f} latents active at a token, in {wire.ours:.0f} B; "
            f"a JSON row {wire.row:.0f} B, without spaces {wire.compact:.0f} B"
        )
        found = medians(jobs_of(subject, ours, hooked, engine), options.rounds)
    finally:
        if engine is not None:
            engine.close()
    figures = figures_of(found, wire, compiled=options.compiled)
    print(table(f"{subject.name}{', compiled' if options.compiled else ''}", found, figures), flush=True)
    return {
        "compiled": options.compiled,
        "agreement": [dataclasses.asdict(one) for one in agreed],
        "wire": dataclasses.asdict(wire),
        "seconds": [{**key._asdict(), "seconds": round(seconds, 6)} for key, seconds in found.items()],
        "figures": [dataclasses.asdict(figure) for figure in figures],
    }


def _stop(subject: Subject, ours: Ours) -> int | None:
    """The token that ends answers here, if one does."""
    last = tokens_of(answers(ours.fresh, subject.request((), full=False))[0])[0][-1].id
    return last if last in subject.loaded.stop_ids else None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ours against named peers, as ratios.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--new-tokens", type=int, default=32)
    parser.add_argument("--models", nargs="+", choices=list(SUBJECTS), default=list(SUBJECTS), metavar="MODEL")
    parser.add_argument("--compiled", action="store_true", help="ours with torch.compile; needs a C++ compiler")
    parser.add_argument("--interp-engine", metavar="PYTHON", help="a Python that can import interp_engine")
    parser.add_argument("--quick", action="store_true", help="does it run: tiny only, one round, 8 new tokens")
    options = parser.parse_args()
    if options.quick:
        options.models, options.rounds, options.new_tokens = ["tiny"], 1, 8
    return options


main()
