"""`python -m benchmarks.circuits.unseen --model gemma-3-270m`: what it answers where nothing behind the name sees it.

Of the study's pairs, the known name's question: the answer's first tokens, greedy, with the name hidden from every
token behind it, the answer's own included; beside as many other tokens hidden. Judged as everywhere: a refusal is one
whatever its first token is, which m can't say.

Written to build/circuits. Nothing here is a test.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from benchmarks.circuits.changed_runs import end_of
from benchmarks.circuits.report import KEPT, Asking
from model_worker.circuits.sequence_pass import SequencePass, Taps, widened
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded, load
from model_worker.model.registry import read_registry, row_of
from model_worker.studies.patching.pairs import pairs_of
from model_worker.studies.shared.questions import Question, judged, questions_of

MOST_TOKENS = 9


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.circuits.unseen", description=__doc__)
    parser.add_argument("--model", default="gemma-3-270m")
    parser.add_argument("--pairs", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load(row_of(read_registry(()), options.model))
    KEPT.mkdir(parents=True, exist_ok=True)
    for lines in _reports(loaded, options.pairs):
        (KEPT / f"{options.model}-unseen.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def _reports(loaded: Loaded, n_pairs: int) -> Iterator[list[str]]:
    """After every pair, of all so far."""
    gemma = widened(loaded.gemma)
    request = Asking(loaded.card.id, "neurons", 44, 8, 40, 4, False).request
    pairs = pairs_of(end_of(questions_of(loaded, request.asked)).questions, request)[:n_pairs]
    outcomes: dict[str, Counter[str]] = {}
    said: list[str] = []
    for n, pair in enumerate(pairs, 1):
        question = pair.clean
        start, end = question.prompt.entity.start, question.prompt.entity.end
        for where, first in (("the name", start), ("as many tokens before it", max(1, start - (end - start)))):
            text = _answer(loaded, gemma, question, first, end - start)
            outcomes.setdefault(where, Counter())[judged(loaded, question, text, finished=True).outcome] += 1
            if where == "the name":
                said.append(f"{question.text} “{text.strip()}”")
        yield list(_told(loaded.card.id, n, outcomes, said))


def _told(model: str, n: int, outcomes: dict[str, Counter[str]], said: Sequence[str]) -> Iterator[str]:
    yield f"### What it answers where nothing behind the name sees it ({model})"
    yield ""
    yield (
        f"By `python -m benchmarks.circuits.unseen --model {model}`: known names of the first {n} pairs, "
        f"{MOST_TOKENS} tokens at most, greedy, judged as everywhere."
    )
    yield ""
    kinds = sorted({kind for own in outcomes.values() for kind in own})
    yield "| hidden | " + " | ".join(kinds) + " |"
    yield "|---" * (len(kinds) + 1) + "|"
    for key, own in outcomes.items():
        yield f"| {key} | " + " | ".join(str(own[kind]) for kind in kinds) + " |"
    yield ""
    yield "The name hidden: " + " · ".join(said[:10])
    yield ""


@torch.no_grad()
def _answer(loaded: Loaded, gemma: Gemma, question: Question, first: int, n: int) -> str:
    """n tokens from `first` on are seen by none behind them."""
    ids = list(question.prompt.ids)
    begin = len(ids)
    while len(ids) < begin + MOST_TOKENS:
        seen = torch.ones(len(ids), len(ids))
        seen[first + n :, first : first + n] = 0.0

        def pattern(_layer: int, own: Tensor, seen: Tensor = seen) -> Tensor:
            kept = own * seen
            return kept / kept.sum(-1, keepdim=True).clamp(min=1e-30)

        whole = SequencePass.of(gemma, len(ids))
        x = whole.run(whole.embed(ids), taps=Taps(pattern=pattern))
        following = int(gemma.logits(x[0, -1]).argmax())
        if following in loaded.stop_ids:
            break
        ids.append(following)
    text: str = loaded.tokenizer.decode(ids[begin:])
    return text


if __name__ == "__main__":
    main()
