"""`python -m benchmarks.circuits.node_scores --model tiny-gemma2-chat`: node scores against the model.

Of prompts about known and unknown names of the card's world, by turns:
1. every node's score: by the gradient, by RelP, by RelP with the gradient through where heads look
2. of each layer the first few by the gradient and by the last, and as many at random
3. each ablated in the model; with --pairs swapped between a known and an unknown name's prompt, in both
Told: Pearson's r, rank, slope of what the model does on the score, how often the sign is right where the effect exceeds
.05, over all and by layer; and which of the model's own strongest, among those that were measured, a score has first.

Nothing here is a test.
"""

import argparse
from collections import defaultdict
from collections.abc import Generator, Iterator
from typing import TypeVar

import numpy as np
import torch
from scipy.stats import spearmanr

from model_worker.circuits.exact import measured_swaps
from model_worker.circuits.gradients import gradients
from model_worker.circuits.groups.role_names import drawn_names
from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.circuits.nodes import ToldNode
from model_worker.circuits.rule import PLAIN, RELP, RELP_LOOKING
from model_worker.circuits.score import node_effects
from model_worker.circuits.sequence_pass import widened
from model_worker.model.loading import Loaded, load
from model_worker.model.registry import read_registry, row_of
from protocol.circuit import BASES, Basis
from protocol.worker.circuits import Beside, CircuitRequest

RULES = {"gradient": PLAIN, "RelP": RELP, "RelP, looking": RELP_LOOKING}
COUNTS = 0.05
STRONGEST, FIRST = 20, 40
T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.circuits.node_scores", description=__doc__)
    parser.add_argument("--model", default="tiny-gemma2-chat")
    parser.add_argument("--basis", default="latents", choices=list(BASES))
    parser.add_argument("--dictionaries", nargs="*", default=[], help="none: those that a circuit takes")
    parser.add_argument("--prompts", type=int, default=24)
    parser.add_argument("--first", type=int, default=40, help="of a layer, by each of two scores")
    parser.add_argument("--random", type=int, default=50, help="of a layer")
    parser.add_argument("--pairs", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load(row_of(read_registry(), asked.model))
    gemma = widened(loaded.gemma)
    measured: dict[str, list[np.ndarray]] = defaultdict(list)
    recalled: dict[str, list[float]] = defaultdict(list)
    for n, request in enumerate(_requests(loaded, asked)):
        inquiry = read_inquiry(loaded, gemma, request)
        scores, exact, layers = _measured(inquiry, asked.first, asked.random, n)
        measured["layer"].append(layers)
        measured["exact"].append(exact)
        for rule in RULES:
            measured[rule].append(scores[rule])
        for layer in np.unique(layers):
            own = layers == layer
            strongest = set(np.argsort(-abs(exact[own]))[:STRONGEST])
            firsts = {rule: set(np.argsort(-abs(scores[rule][own]))[:FIRST]) for rule in RULES}
            firsts["gradient or RelP"] = firsts["gradient"] | firsts["RelP"]
            firsts["gradient or RelP, looking"] = firsts["gradient"] | firsts["RelP, looking"]
            for name, first in firsts.items():
                recalled[name].append(len(strongest & first) / len(strongest))
    joined = {name: np.concatenate(parts) for name, parts in measured.items()}
    print(f"{asked.model}, {asked.basis}, {len(measured['exact'])} {'pairs' if asked.pairs else 'prompts'}, ", end="")
    print(f"{len(joined['exact']):,} nodes")
    for rule in RULES:
        print(f"{rule:14} {_told(joined[rule], joined['exact'])}")
    for layer in np.unique(joined["layer"]):
        own = joined["layer"] == layer
        print(f"L{layer:<3} gradient {_told(joined['gradient'][own], joined['exact'][own])}")
    for name, parts in recalled.items():
        print(f"of a layer's {STRONGEST} strongest measured, in {FIRST} first: {name} {np.mean(parts):.2f}")


def _requests(loaded: Loaded, asked: argparse.Namespace) -> Iterator[CircuitRequest]:
    n_each = asked.prompts if asked.pairs else (asked.prompts + 1) // 2
    questions = {one.entity_type: one.question or "" for one in loaded.card.attributes if one.can_be_put}
    names = drawn_names(loaded, n_each, ())
    known = [entity for entity, label in names if label == "known"]
    unknown = [entity for entity, label in names if label == "unknown"]
    basis: Basis = asked.basis
    for one, other in zip(known, unknown, strict=False):
        prompts = [questions[one.type].format(name=entity.name) for entity in (one, other)]
        alone = [CircuitRequest(model=asked.model, prompt=prompt, basis=basis) for prompt in prompts]
        alone = [one.model_copy(update={"dictionaries": tuple(asked.dictionaries)}) for one in alone]
        yield from [alone[0].model_copy(update={"beside": Beside(prompt=prompts[1])})] if asked.pairs else alone


def _measured(
    inquiry: Inquiry, n_first: int, n_random: int, seed: int
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Scores by rule, what the model does, and the layer, of each node that was measured."""
    slopes = {rule: [gradients(side, inquiry.target, of) for side in inquiry.sides] for rule, of in RULES.items()}
    nodes: list[ToldNode] = []
    scores: dict[str, list[float]] = defaultdict(list)
    kind = inquiry.node_kind
    noise = torch.Generator().manual_seed(seed)
    for layer, own in inquiry.activations[0].items():
        effects = {rule: node_effects(inquiry, found, layer).flatten() for rule, found in slopes.items()}
        active = (effects["gradient"] != 0).nonzero().squeeze(-1)
        firsts = [effects[rule].abs().topk(min(n_first, len(active))).indices for rule in ("gradient", "RelP, looking")]
        drawn = active[torch.randperm(len(active), generator=noise)[:n_random]]
        for place in torch.cat([*firsts, drawn]).unique().tolist():
            column, index = divmod(place, own.shape[1])
            values = [of_side[layer][column, index].item() for of_side in inquiry.activations]
            nodes.append(ToldNode(len(nodes), kind, layer, index, column, values[0], ([*values, None])[1], 0.0, 0.0))
            for rule in RULES:
                scores[rule].append(effects[rule][place].item())
    changes = [_end_of(measured_swaps(inquiry, which, nodes)) for which in range(len(inquiry.sides))]
    exact = np.array([-changes[0][node.number] for node in nodes])
    if len(changes) > 1:
        exact = (exact + np.array([changes[1][node.number] for node in nodes])) / 2
    return {rule: np.array(own) for rule, own in scores.items()}, exact, np.array([node.layer for node in nodes])


def _end_of(steps: Generator[None, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _told(score: np.ndarray, exact: np.ndarray) -> str:
    large = abs(exact) > COUNTS
    r, rank = np.corrcoef(score, exact)[0, 1], spearmanr(score, exact).statistic
    slope = np.polyfit(score, exact, 1)[0]
    sign = (np.sign(score[large]) == np.sign(exact[large])).mean()
    return f"r {r:.2f}  rank {rank:.2f}  slope {slope:.2f}  sign {sign:.2f}"


if __name__ == "__main__":
    main()
