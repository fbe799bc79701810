"""`python -m benchmarks.circuits.rhymes`: is a couplet's rhyme planned at the end of its first line?

Sixteen first lines behind one couplet that is whole, raw, of a base model:
1. it goes on by itself: does the second line end on a rhyme, beside the other lines' rhymes
2. one second line for all, cut before its last word: do a line's own rhymes come sooner there than the other lines'?
   (mean log-probability, double-centred: a word's own frequency and a line's own flatness fall out)
3. the same by the logit lens at the line's last word, its comma and the newline behind, layer by layer: a plan would
   show at the newline; lines dealt out anew at random, 2,000 times
4. the residual stream at one of these tokens as another line has it: how much of what tells the two lines' rhymes
   apart at the end moves with it, beside a random change as long

Written to build/circuits. (Lindsey et al. 2025, On the Biology of a Large Language Model, planning in poems. We differ:
residuals, no features.) Nothing here is a test.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.circuits.changed_runs import random_like, replaced
from benchmarks.circuits.raw_prompts import RawModel, reported
from model_worker.circuits.inquiry import Inquiry
from model_worker.circuits.rule import PLAIN
from model_worker.model.gemma import Norm

WHOLE = (
    "A rhyming couplet:\nThe sun went down behind the hill,\nAnd all the world was calm and still.\n\n"
    "A rhyming couplet:\n"
)
LINES = {
    "The cat lay sleeping on the mat,": "hat rat bat fat",
    "The stars were shining in the night,": "light bright sight white",
    "She walked along the sandy beach,": "reach peach teach speech",
    "The king sat down upon his throne,": "alone stone bone known",
    "The little bird sang in the tree,": "free sea bee me",
    "We sailed across the ocean blue,": "new true you crew",
    "The snow was falling on the ground,": "sound round found around",
    "I went to town to buy a cake,": "lake snake bake make",
    "He climbed the hill to see the sun,": "fun run gun one",
    "The baby laughed and wanted play,": "day way hay say",
    "The old man had a wooden chair,": "hair bear air fair",
    "A dog was running down the street,": "feet meat sweet seat",
    "The dragon lived inside a cave,": "brave grave wave slave",
    "She wore a dress of golden thread,": "bed head red bread",
    "He saw a carrot and had to grab it,": "rabbit habit",
    "The farmer went to milk the cow,": "now plow how bow",
}
SECOND = "And then he went and found the"
PLACES = {"last word": -3, "comma": -2, "newline": -1}
"""Counted back from the end of the first line, its newline included."""
SWAPPED_LAYERS = (4, 8, 12)
N_PAIRS = 24
N_DEALT = 2_000


@dataclass(frozen=True)
class Line:
    """at: of each place. words: ids of its rhymes."""

    text: str
    inquiry: Inquiry
    at: dict[str, int]
    words: Tensor


def main() -> None:
    reported("rhymes", __doc__, lambda model, asked: _report(model, asked.model))


def _report(model: RawModel, name: str) -> Iterator[str]:
    lines = [_line(model, text, words) for text, words in LINES.items()]
    yield f"### A rhyme planned ahead ({name}, base, raw prompts)"
    yield ""
    yield f"By `python -m benchmarks.circuits.rhymes --model {name}`, {len(lines)} first lines behind a whole couplet."
    yield ""
    yield _said(model, lines)
    yield ""
    logits = torch.stack([one.inquiry.a.logits.float().log_softmax(-1) for one in lines]).numpy()
    own, low, high = _dealt(_by_line(logits, lines))
    yield (
        f"“{SECOND}” as the second line of all, before its last word: a line's own rhymes have {own:+.2f} nats against "
        f"the other lines' (dealt out at random {low:+.2f} to {high:+.2f}, 95 %)."
    ).replace("-", "−")
    yield ""
    yield from _lens(model, lines)
    yield from _swaps(lines)


def _line(model: RawModel, text: str, words: str) -> Line:
    tokenizer = model.loaded.tokenizer
    first = f"{WHOLE}{text}\n"
    n = len(tokenizer(first)["input_ids"])
    inquiry = model.read(first + SECOND)
    assert inquiry.a.ids[:n] == tuple(tokenizer(first)["input_ids"])
    ids = [tokenizer(f" {word}", add_special_tokens=False)["input_ids"][0] for word in words.split()]
    return Line(text, inquiry, {place: n + back for place, back in PLACES.items()}, torch.tensor(ids))


def _said(model: RawModel, lines: Sequence[Line]) -> str:
    ended = [model.goes_on(f"{WHOLE}{one.text}\n", 12).strip(" .,!?;:”\"'").split(" ")[-1].lower() for one in lines]
    rhymes = [LINES[one.text].split() for one in lines]
    own = sum(word in words for word, words in zip(ended, rhymes, strict=True))
    others = np.mean([word in words for i, word in enumerate(ended) for j, words in enumerate(rhymes) if i != j])
    same = sum(word == one.text.strip(",").split(" ")[-1].lower() for word, one in zip(ended, lines, strict=True))
    return (
        f"By itself its second line ends on one of the listed rhymes in {own} of {len(lines)} (on another line's in "
        f"{others:.2f} of cases), on the first line's own last word in {same}: {', '.join(ended)}."
    )


def _by_line(values: np.ndarray, lines: Sequence[Line]) -> np.ndarray:
    """values (lines, vocab) → (line, whose rhymes), the mean over these, double-centred."""
    found = np.stack([values[:, one.words.numpy()].mean(1) for one in lines], 1)
    return found - found.mean(0) - found.mean(1, keepdims=True) + found.mean()


def _dealt(found: np.ndarray) -> tuple[float, float, float]:
    """The diagonal's mean, and where 95 % of those of lines dealt out anew lie."""
    noise, n = np.random.default_rng(0), len(found)
    dealt = [found[np.arange(n), noise.permutation(n)].mean() for _ in range(N_DEALT)]
    return float(np.diag(found).mean()), float(np.quantile(dealt, 0.025)), float(np.quantile(dealt, 0.975))


def _lens(model: RawModel, lines: Sequence[Line]) -> Iterator[str]:
    head = model.gemma.head
    assert isinstance(head.norm, Norm)
    words = torch.cat([one.words for one in lines])
    columns = head.weight[words].float()
    yield "By the logit lens, own rhymes against the others', in logits (95 % of lines dealt out at random):"
    yield ""
    yield "| layer | " + " | ".join(PLACES) + " |"
    yield "|---" * (len(PLACES) + 1) + "|"
    for layer in range(2, model.gemma.n_layers, 3):
        cells = [f"L{layer}"]
        for place in PLACES:
            x = torch.stack([one.inquiry.a.residuals[layer][one.at[place]] for one in lines])
            read = torch.zeros(len(lines), head.weight.shape[0])
            read[:, words] = PLAIN.norm(head.norm, x) @ columns.T
            own, low, high = _dealt(_by_line(read.numpy(), lines))
            cells.append(f"{own:+.2f} ({low:+.2f} to {high:+.2f})")
        yield "| " + " | ".join(cells).replace("-", "−") + " |"
    yield ""


def _swaps(lines: Sequence[Line]) -> Iterator[str]:
    noise = np.random.default_rng(1)
    drawn = [noise.choice(len(lines), 2, replace=False) for _ in range(N_PAIRS)]
    whole = 0.0
    moved: dict[tuple[int, str], float] = {}
    for number, (i, j) in enumerate(drawn):
        one, other = lines[i], lines[j]
        here, there = (_gap(side.inquiry.a.residuals[-1][-1:], one, other)[0] for side in (one, other))
        whole += here - there
        for layer in SWAPPED_LAYERS:
            for place, at in one.at.items():
                delta = (other.inquiry.a.residuals[layer][other.at[place]] - one.inquiry.a.residuals[layer][at])[None]
                rows = torch.cat([delta[None], random_like(delta, 1, number)])
                x = one.inquiry.a.residuals[layer][at:].expand(2, -1, -1).clone()
                x[:, :1] += rows
                after = _gap(replaced(one.inquiry.a, layer, at, x), one, other)
                for kind, value in zip((place, f"{place}, random"), after, strict=True):
                    moved[layer, kind] = moved.get((layer, kind), 0.0) + here - value
    kinds = [kind for place in PLACES for kind in (place, f"{place}, random")]
    yield (
        f"Another line's residual there, {N_PAIRS} pairs: the share of what tells the two lines' rhymes apart at the "
        f"end ({whole / N_PAIRS:.2f} logits on the mean) that moves with it, beside a random change as long:"
    )
    yield ""
    yield "| after | " + " | ".join(kinds) + " |"
    yield "|---" * (len(kinds) + 1) + "|"
    for layer in SWAPPED_LAYERS:
        cells = [f"{moved[layer, kind] / whole:.2f}" for kind in kinds]
        yield f"| L{layer} | " + " | ".join(cells).replace("-", "−") + " |"
    yield ""


def _gap(x: Tensor, one: Line, other: Line) -> list[float]:
    """x (rows, d_model): the mean logit of one's rhymes above other's."""
    head = one.inquiry.gemma.head
    assert isinstance(head.norm, Norm)
    normed = PLAIN.norm(head.norm, x)
    means = [(normed @ head.weight[line.words].float().T).mean(-1) for line in (one, other)]
    found: list[float] = (means[0] - means[1]).tolist()
    return found


if __name__ == "__main__":
    main()
