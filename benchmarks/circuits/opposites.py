"""`python -m benchmarks.circuits.opposites`: are the neurons that lead to an opposite the same in three languages?

Eight things asked in English, French and Chinese, raw, of a base model. Of each prompt the neurons that do most to the
logit of its next token (z · ∂/∂z, against the mean logit), summed over tokens:
1. overlap (Jaccard) of the first 100: of one thing in two languages, beside two things in one, and two in two
2. shared by all three of one thing, beside threes of different things
3. taken from English, off in the other language: those of the same thing, beside those of another

Written to build/circuits. (Lindsey et al. 2025, On the Biology of a Large Language Model, multilingual circuits. We
differ: neurons, in the model itself.) Nothing here is a test.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from benchmarks.circuits.raw_prompts import RawModel, by_layer, neuron_effects, reported, without
from model_worker.circuits.inquiry import Inquiry
from model_worker.circuits.target import TwoTokens
from model_worker.model.pieces import token_text

LANGUAGES = ("English", "French", "Chinese")
ASKED = {
    "small": (
        ('The opposite of "small" is "', "large"),
        ('Le contraire de "petit" est "', "grand"),
        ('"小"的反义词是"', "大"),
    ),
    "hot": (
        ('The opposite of "hot" is "', "cold"),
        ('Le contraire de "chaud" est "', "froid"),
        ('"热"的反义词是"', "冷"),
    ),
    "black": (
        ('The opposite of "black" is "', "white"),
        ('Le contraire de "noir" est "', "blanc"),
        ('"黑"的反义词是"', "白"),
    ),
    "old": (
        ('The opposite of "old" is "', "new"),
        ('Le contraire de "vieux" est "', "jeune"),
        ('"老"的反义词是"', "新"),
    ),
    "France": (
        ("The capital of France is", " Paris"),
        ("La capitale de la France est", " Paris"),
        ("法国的首都是", "巴黎"),
    ),
    "Japan": (("The capital of Japan is", " Tokyo"), ("La capitale du Japon est", " Tokyo"), ("日本的首都是", "东京")),
    "Monday": (
        ("The day after Monday is", " Tuesday"),
        ("Le jour après lundi est", " mardi"),
        ("星期一之后的一天是星期", "二"),
    ),
    "grass": (("The color of grass is", " green"), ("La couleur de l'herbe est", " verte"), ("草的颜色是", "绿")),
}
"""What is asked in each language, with its answer."""
FIRST = 100
CARRIED = 40  # of the English ones, taken out elsewhere
N_THREES = 300


def main() -> None:
    reported("opposites", __doc__, lambda model, asked: _report(model, asked.model))


def _report(model: RawModel, name: str) -> Iterator[str]:
    mean = model.loaded.gemma.head.weight.float().mean(0)
    read = {thing: [_of_its_answer(model.read(*one), mean) for one in own] for thing, own in ASKED.items()}
    effects = {thing: [_totals(one) for one in own] for thing, own in read.items()}
    firsts = {thing: [set(one.abs().topk(FIRST).indices.tolist()) for one in own] for thing, own in effects.items()}
    yield f"### The opposite of “small” in three languages ({name}, base, raw prompts)"
    yield ""
    yield (
        f"By `python -m benchmarks.circuits.opposites --model {name}`. The answer, its probability and "
        "its place among all next tokens; what is likeliest where that is another:"
    )
    yield ""
    yield "| asked | " + " | ".join(LANGUAGES) + " |"
    yield "|---|---|---|---|"
    for thing, own in read.items():
        cells = [_answered(model, one) for one in own]
        yield f"| {thing} | " + " | ".join(cells) + " |"
    yield ""
    yield from _overlaps(firsts)
    yield from _shared(read["small"], effects["small"], firsts)
    yield from _carried(read, effects)


def _answered(model: RawModel, inquiry: Inquiry) -> str:
    probs, answer = inquiry.a.logits.float().softmax(-1), _answer(inquiry)
    place = int((probs > probs[answer]).sum()) + 1
    told = f"{token_text(model.loaded.tokenizer, answer).strip()} {probs[answer]:.3f}, {place}."
    return told if place == 1 else f"{told} ({model.says(inquiry).strip()} {probs.max():.2f})"


def _answer(inquiry: Inquiry) -> int:
    assert isinstance(inquiry.target, TwoTokens)
    return inquiry.target.ids[0]


def _of_its_answer(inquiry: Inquiry, mean: Tensor) -> Inquiry:
    """m: the answer's logit above the mean of all; of an answer of several tokens, the first one's."""
    target = inquiry.target
    assert isinstance(target, TwoTokens)
    return replace(inquiry, target=replace(target, columns=torch.stack([target.columns[0], mean])))


def _totals(inquiry: Inquiry) -> Tensor:
    """(all neurons,) of all layers in a row: of all tokens together."""
    return torch.cat([one.sum(0) for one in neuron_effects(inquiry)])


def _overlaps(firsts: dict[str, list[set[int]]]) -> Iterator[str]:
    cells: dict[str, list[float]] = {"same thing, two languages": [], "two things, one language": [], "two of both": []}
    opposite: list[float] = []
    sides = [(thing, language) for thing in firsts for language in range(len(LANGUAGES))]
    for (one, here), (two, there) in itertools.combinations(sides, 2):
        a, b = firsts[one][here], firsts[two][there]
        kind = list(cells)[0 if one == two else 1 if here == there else 2]
        cells[kind].append(len(a & b) / len(a | b))
        if one == two == "small":
            opposite.append(cells[kind][-1])
    yield (
        f"Overlap (Jaccard) of the {FIRST} neurons that do most: "
        + "; ".join(
            f"{kind} {np.mean(own):.3f} (quarters {np.quantile(own, 0.25):.3f} to {np.quantile(own, 0.75):.3f}, "
            f"{len(own)} pairs)"
            for kind, own in cells.items()
        )
        + f". Of “small” alone: {', '.join(f'{one:.3f}' for one in opposite)}."
    )
    yield ""


def _shared(read: Sequence[Inquiry], effects: Sequence[Tensor], firsts: dict[str, list[set[int]]]) -> Iterator[str]:
    shared = set.intersection(*firsts["small"])
    noise = random.Random(0)
    threes = []
    for _ in range(N_THREES):
        things = noise.sample(list(firsts), 3)
        threes.append(len(set.intersection(*(firsts[thing][at] for at, thing in enumerate(things)))))
    everywhere = set.intersection(*(one for own in firsts.values() for one in own))
    yield (
        f"Shared by all three of “small”: {len(shared)} of {FIRST}; by a prompt each of three different things in the "
        f"three languages: {np.mean(threes):.1f} on the mean, 95th percentile {np.quantile(threes, 0.95):.0f} "
        f"({N_THREES} draws). {len(everywhere)} are among the first {FIRST} of all {3 * len(firsts)} prompts."
    )
    yield ""
    width = read[0].a.neurons[0].shape[-1]
    others = set().union(*(one for thing, own in firsts.items() if thing != "small" for one in own))
    own = sorted(shared, key=lambda one: -min(abs(effect[one].item()) for effect in effects))
    names = [
        f"L{one // width} #{one % width} ({', '.join(f'{effect[one]:+.1f}' for effect in effects)})"
        + ("" if one in others else ", of no other prompt's first")
        for one in own[:8]
    ]
    if own:
        yield "The strongest of them, with what each does in the three languages: " + "; ".join(names) + "."
        yield ""
    rows = []
    for at, language in enumerate(LANGUAGES):
        inquiry = read[at]
        answer = _answer(inquiry)
        plain = _above(inquiry.a.logits, answer)
        gone = _above(without(inquiry, by_layer(torch.tensor(own or [0]), width)), answer) - plain
        rest = sorted(firsts["small"][at] - shared)
        drawn = [
            _above(without(inquiry, by_layer(torch.tensor(noise.sample(rest, len(own))), width)), answer) - plain
            for _ in range(8)
        ]
        rows.append(f"{language} {gone:+.1f} [{min(drawn):+.1f}, {max(drawn):+.1f}]")
    yield (
        "These off, the answer's logit (against the mean) moves by, beside as many of the prompt's own first "
        f"{FIRST} that are not shared [8 draws]: " + "; ".join(rows) + "."
    ).replace("-", "−")
    yield ""


def _carried(read: dict[str, list[Inquiry]], effects: dict[str, list[Tensor]]) -> Iterator[str]:
    """From English to the others."""
    width = next(iter(read.values()))[0].a.neurons[0].shape[-1]
    taken = {thing: own[0].topk(CARRIED).indices for thing, own in effects.items()}
    yield (
        f"The {CARRIED} neurons that raise the English answer most, off in another language: how far its answer's "
        "logit falls (against the mean), beside those of the other seven things:"
    )
    yield ""
    yield "| asked | French, the same thing's | others', mean | most | Chinese, the same | others', mean | most |"
    yield "|---|---|---|---|---|---|---|"
    first = {language: 0 for language in LANGUAGES[1:]}
    for thing, own in read.items():
        cells = [thing]
        for at, language in enumerate(LANGUAGES[1:], 1):
            answer = _answer(own[at])
            plain = _above(own[at].a.logits, answer)
            fell = {
                source: plain - _above(without(own[at], by_layer(neurons, width)), answer)
                for source, neurons in taken.items()
            }
            others = [value for source, value in fell.items() if source != thing]
            first[language] += fell[thing] > max(others)
            cells += [f"{fell[thing]:.1f}", f"{np.mean(others):.1f}", f"{max(others):.1f}"]
        yield "| " + " | ".join(cells).replace("-", "−") + " |"
    yield ""
    counts = ", ".join(f"{language} {n} of {len(read)}" for language, n in first.items())
    yield f"The same thing's do more than any other's: {counts} (by chance 1)."
    yield ""


def _above(logits: Tensor, token: int) -> float:
    own = logits.float()
    return (own[token] - own.mean()).item()


if __name__ == "__main__":
    main()
