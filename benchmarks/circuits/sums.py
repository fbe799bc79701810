"""`python -m benchmarks.circuits.sums`: what neurons at the last token of a two-digit sum read.

Sums a + b with two digits on either side of the equals sign, behind two that are worked out, raw, of a base model:
1. how often the first digit is right, and the second where the first is given
2. of every neuron at the equals sign, and at the first digit behind it: how much of its activation is told by
     the sum's size (a straight line), its last digit, its first digit, the last digits of a and of b (means by digit)
   fit on half of the sums; the neuron that does best there is told by R² on the other half, beside labels that are
   shuffled, of which the best neuron is chosen the same way
3. the first neurons for the sum's last digit off, beside as many of the same layers: is the second digit still right?

Written to build/circuits. (Lindsey et al. 2025, On the Biology of a Large Language Model, addition. We differ: neurons,
and held-out sums.) Nothing here is a test.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.circuits.raw_prompts import RawModel, reported
from model_worker.circuits.sequence_pass import SequencePass, Taps
from model_worker.studies.shared.statistics import wilson

SHOWN = "12+13=25\n41+17=58\n"
AT_ONCE = 16
N_SHUFFLED = 20
OFF = 20


@dataclass(frozen=True)
class Sums:
    """a, b (n,)."""

    a: np.ndarray
    b: np.ndarray

    @property
    def labels(self) -> Mapping[str, np.ndarray]:
        total = self.a + self.b
        return {
            "size of the sum": total,
            "last digit of the sum": total % 10,
            "first digit of the sum": total // 10,
            "last digit of a": self.a % 10,
            "last digit of b": self.b % 10,
        }


@dataclass(frozen=True)
class Neuron:
    """r2: on held-out sums."""

    number: int
    r2: float


def main() -> None:
    reported("sums", __doc__, lambda model, asked: _report(model, asked.model, asked.sums), {"sums": 320})


def _report(model: RawModel, name: str, n: int) -> Iterator[str]:
    noise = random.Random(0)
    pairs = [(a, b) for a in range(10, 90) for b in range(10, 90) if a + b < 100]
    drawn = noise.sample(pairs, n)
    sums = Sums(np.array([a for a, _ in drawn]), np.array([b for _, b in drawn]))
    said, z = _read(model, sums, first_digit=False)
    behind, z_behind = _read(model, sums, first_digit=True)
    total = sums.a + sums.b
    firsts, seconds = (said == total // 10), (behind == total % 10)
    yield f"### A two-digit sum ({name}, base, raw prompts)"
    yield ""
    yield (
        f"By `python -m benchmarks.circuits.sums --model {name}`: {n} sums below 100, behind “12+13=25” and “41+17=58”."
        f" The first digit is right in {_share(firsts)}, the second, where the first is given, in {_share(seconds)} "
        f"(chance .10); off by one at most in {_share(abs(said - total // 10) <= 1)} and "
        f"{_share(np.isin((behind - total % 10) % 10, (0, 1, 9)))}. Neurons by what they read, chosen on half "
        f"of the sums, R² on the other half; with labels shuffled the best of {N_SHUFFLED} times:"
    )
    yield ""
    yield "| read at | of | best neuron | R² | next two | shuffled, most |"
    yield "|---|---|---|---|---|---|"
    width = z[0].shape[-1]
    best: list[Neuron] = []
    for place, values in (("=", z), ("the first digit behind it", z_behind)):
        flat = torch.cat(values, -1).numpy()
        for label, own in sums.labels.items():
            found = _best(flat, own, label, 3)
            if place != "=" and label == "last digit of the sum":
                best = _best(flat, own, label, OFF)
            shuffled = [
                _best(flat, np.random.default_rng(seed).permutation(own), label, 1)[0].r2 for seed in range(N_SHUFFLED)
            ]
            one, *more = found
            cells = [
                place,
                label,
                _named(one, width),
                f"{one.r2:.2f}",
                ", ".join(f"{_named(other, width)} {other.r2:.2f}" for other in more),
                f"{max(shuffled):.2f}",
            ]
            yield "| " + " | ".join(cells).replace("-", "−") + " |"
    yield ""
    off = [one.number for one in best]
    gone, _ = _read(model, sums, first_digit=True, off=off, width=width)
    beside = []
    for _ in range(3):
        drawn_off = [one // width * width + noise.randrange(width) for one in off]
        other, _ = _read(model, sums, first_digit=True, off=drawn_off, width=width)
        beside.append(float((other == total % 10).mean()))
    yield (
        f"The {OFF} that read the sum's last digit best at the first digit, off there: the second digit is right in "
        f"{_share(gone == total % 10)}; with as many others of the same layers off in "
        f"{', '.join(f'{one:.2f}' for one in beside)}."
    )
    yield ""


def _read(
    model: RawModel, sums: Sums, *, first_digit: bool, off: list[int] | None = None, width: int = 0
) -> tuple[np.ndarray, list[Tensor]]:
    """Which digit is said next (the likeliest of the ten), and by layer the neurons at the last token (n, width)."""
    tokenizer, gemma = model.loaded.tokenizer, model.gemma
    total = sums.a + sums.b
    prompts = [
        f"{SHOWN}{a}+{b}=" + (str(c)[0] if first_digit else "") for a, b, c in zip(sums.a, sums.b, total, strict=True)
    ]
    ids = torch.tensor([tokenizer(prompt)["input_ids"] for prompt in prompts])
    digits = torch.tensor([tokenizer(str(one), add_special_tokens=False)["input_ids"][0] for one in range(10)])
    whole = SequencePass.of(gemma, ids.shape[1])
    kept: list[list[Tensor]] = [[] for _ in range(gemma.n_layers)]
    said = []

    def neurons(layer: int, z: Tensor) -> Tensor:
        if off:
            own = [one % width for one in off if one // width == layer]
            z = z.clone()
            z[:, -1, own] = 0.0
        kept[layer].append(z[:, -1].clone())
        return z

    with torch.no_grad():
        for some in ids.split(AT_ONCE):
            x = whole.run(gemma.embed(some), taps=Taps(neurons=neurons))
            said.append(gemma.logits(x[:, -1])[:, digits].argmax(-1))
    return torch.cat(said).numpy(), [torch.cat(one) for one in kept]


def _best(flat: np.ndarray, label: np.ndarray, name: str, n: int) -> list[Neuron]:
    """flat (sums, neurons). The n that a fit on the first half tells most of, by R² on the second."""
    half = len(flat) // 2
    if name == "size of the sum":
        design = np.stack([np.ones(len(label)), label - label.mean()], 1)
    else:
        design = (label[:, None] == np.unique(label)).astype(float)
    weights = np.linalg.lstsq(design[:half], flat[:half], rcond=None)[0]
    fitted = _r2(flat[:half], design[:half] @ weights)
    chosen = np.argsort(-fitted)[:n]
    held = _r2(flat[half:][:, chosen], design[half:] @ weights[:, chosen])
    return [Neuron(int(number), float(r2)) for number, r2 in zip(chosen, held, strict=True)]


def _r2(values: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    spread = ((values - values.mean(0)) ** 2).sum(0)
    return np.where(spread > 1e-6, 1 - ((values - predicted) ** 2).sum(0) / np.maximum(spread, 1e-6), -np.inf)


def _named(neuron: Neuron, width: int) -> str:
    return f"L{neuron.number // width} #{neuron.number % width}"


def _share(right: np.ndarray) -> str:
    low, high = wilson(int(right.sum()), len(right)) or (0.0, 1.0)
    return f"{right.mean():.2f} ({low:.2f}–{high:.2f})"


if __name__ == "__main__":
    main()
