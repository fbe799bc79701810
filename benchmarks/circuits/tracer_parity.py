"""`python -m benchmarks.circuits.tracer_parity PYTHON`: our transcoder graph beside circuit-tracer's.

PYTHON: of an environment of its own, with circuit-tracer 0.5.0, nnsight 0.7.0 and transformers 4.57.3, which don't
live with ours. Subjects: the embedded chat model with the transcoders that ship, and random Gemmas with random ones: a
Gemma 2 read as Gemma Scope's, a Gemma 3 read as Gemma Scope 2's, with a skip.

1. one prompt, the two tokens of m; the model's folder and its transcoders are handed over as files
2. ours: for every latent that fires, and both tokens, what all latents, errors and tokens below do to it directly
3. theirs: `attribute`, in a process of its own
4. both matrices, entry by entry; then influence of every node, replacement and completeness from each by one formula

What is otherwise, and how it is met: theirs leaves out what the MLPs add at BOS, and the decoders' biases: ours are
left out for the comparison, and what that is of all that comes in is told. Theirs centres the unembedding: so do we,
for the comparison; for m, a difference of two, it is the same either way. Targets are logits before the final cap, in
both. Of Gemma 3 theirs has tokens √d_model too small: the embedding scales what it puts out, where the gradient is
taken, and the rows of the matrix that it is multiplied with aren't scaled; they are scaled here, and that is told.
Nothing here is a test.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from model_worker.circuits.basis.direct_edges import EMBEDDING, reading_slopes, slopes_below
from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.circuits.target import TwoTokens
from model_worker.model.dictionaries.transcoder import Transcoder
from model_worker.model.gemma import Norm
from model_worker.model.loading import load
from model_worker.model.registry import RegistryRow, card_folders, read_row
from protocol.worker.circuits import CircuitRequest
from tests.model_worker import random_gemma

PROCESS = Path(__file__).with_name("tracer_process.py")
ROWS = 128


@dataclass(frozen=True)
class TracedGraph:
    """features (n, 3): layer, position, latent; values (n,). adjacency (nodes, nodes): [to, from], of latents, errors
    by layer and position, tokens, targets. logits (vocab,). took: CPU seconds."""

    features: np.ndarray
    values: np.ndarray
    adjacency: np.ndarray
    logits: np.ndarray
    took: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.circuits.tracer_parity", description=__doc__)
    parser.add_argument("python", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as held:
        for name, row, prompt in subjects(Path(held)):
            loaded = load(row)
            inquiry = read_inquiry(
                loaded, loaded.gemma, CircuitRequest(model=row.card.id, prompt=prompt, basis="transcoder")
            )
            folder = Path(held) / name.replace(" ", "_")
            theirs = traced(asked.python, folder, inquiry, row)
            compare(name, inquiry, theirs)


def subjects(folder: Path) -> Iterator[tuple[str, RegistryRow, str]]:
    yield "embedded", read_row(card_folders()[0]), "What sport does Michael Batkin play?"
    every = (0, 1, 2, 3)
    for family, behind_gain in (("gemma2", False), ("gemma3", True)):
        shape = random_gemma.Shape(with_transcoder=every, behind_gain=behind_gain)
        written = random_gemma.write(folder / family, family=family, shape=shape)
        with_gains(written / "weights" / "model.safetensors")
        yield f"random {family}", read_row(written), "Who is Bo?"


def with_gains(weights: Path) -> None:
    """Norms as trained ones are: of gains other than 1."""
    drawn = torch.Generator().manual_seed(0)
    tensors = load_file(weights)
    for name, one in tensors.items():
        if name.endswith("norm.weight"):
            one += 0.3 * torch.randn(one.shape, generator=drawn)
    save_file(tensors, weights, metadata={"format": "pt"})


def traced(python: Path, folder: Path, inquiry: Inquiry, row: RegistryRow) -> TracedGraph:
    """circuit-tracer's."""
    shutil.copytree(row.place_of(row.card.weights), folder / "weights")
    config = folder / "weights" / "tokenizer_config.json"
    tokenizer = json.loads(config.read_text())  # transformers 5 names a class, and a list, that 4.57 doesn't read
    tokenizer.pop("extra_special_tokens", None)
    config.write_text(json.dumps(tokenizer | {"tokenizer_class": "PreTrainedTokenizerFast"}))
    for layer, own in inquiry.dictionaries.items():
        save_file(_tensors(own), folder / f"layer_{layer}.safetensors")
    behind = any(isinstance(own, Transcoder) and own.behind_gain for own in inquiry.dictionaries.values())
    target = _target(inquiry)
    told = {
        "weights": str(folder / "weights"),
        "ids": list(inquiry.a.ids),
        "targets": list(target.ids),
        "layers": inquiry.gemma.n_layers,
        "reads": "mlp.hook_in" if behind else "ln2.hook_normalized",
    }
    (folder / "asked.json").write_text(json.dumps(told))
    subprocess.run([python, PROCESS, folder], check=True)
    found = np.load(folder / "graph.npz")
    print(", ".join(found["versions"]))
    return TracedGraph(found["features"], found["values"], found["adjacency"], found["logits"], float(found["took"]))


@torch.no_grad()
def ours(inquiry: Inquiry, features: Tensor, *, as_theirs: bool) -> TracedGraph:
    """as_theirs: without what the MLPs add at BOS, and without the decoders' biases."""
    began = time.process_time()
    side, target = inquiry.a, _target(inquiry)
    n_pos, n_layers, n = side.n_pos, inquiry.gemma.n_layers, len(features)
    adjacency = torch.zeros(n + (n_layers + 1) * n_pos + 2, n + (n_layers + 1) * n_pos + 2)
    values = torch.stack([inquiry.activations[0][layer][pos, latent] for layer, pos, latent in features.tolist()])
    errors = {}
    for layer, own in inquiry.errors[0].items():
        errors[layer] = own - inquiry.dictionaries[layer].b_dec if as_theirs else own.clone()
        if as_theirs:
            errors[layer][0] = 0.0

    def fill(rows: Tensor, below: Iterator[tuple[int, Tensor]]) -> None:
        for layer, slopes in below:
            if layer == EMBEDDING:
                first = n + n_layers * n_pos
                adjacency[rows, first : first + n_pos] = (slopes * side.embedding[0]).sum(-1)
                continue
            sending = (features[:, 0] == layer).nonzero().flatten()
            at, latents = features[sending, 1], features[sending, 2]
            decoder = inquiry.dictionaries[layer].W_dec[latents]
            for pos in at.unique():
                here = sending[at == pos]
                written = values[here].unsqueeze(-1) * decoder[at == pos]
                adjacency[rows.unsqueeze(-1), here] = slopes[:, pos] @ written.T
            first = n + layer * n_pos
            adjacency[rows, first : first + n_pos] = (slopes * errors[layer]).sum(-1)

    for layer in range(n_layers):
        receiving = (features[:, 0] == layer).nonzero().flatten()
        for rows in receiving.split(ROWS):
            slopes = reading_slopes(inquiry, side, layer, features[rows, 2], features[rows, 1])
            fill(rows, slopes_below(inquiry, side, layer, slopes))
    rows = torch.arange(len(adjacency) - 2, len(adjacency))
    norm, x = target.head.norm, side.residuals[-1][-1]
    assert isinstance(norm, Norm)
    columns = target.columns - target.head.weight.float().mean(0)
    ends = torch.zeros(2, n_pos, len(x))
    ends[:, -1] = columns * norm.scaled / torch.hypot(x.norm(), norm.floor)
    fill(rows, slopes_below(inquiry, side, n_layers - 1, ends, behind=True))
    took = time.process_time() - began
    return TracedGraph(features.numpy(), values.numpy(), adjacency.numpy(), side.logits.numpy(), took)


def compare(name: str, inquiry: Inquiry, theirs: TracedGraph) -> None:
    fires = {
        (layer, pos, latent) for layer, own in inquiry.activations[0].items() for pos, latent in own.nonzero().tolist()
    }
    same = fires == set(map(tuple, theirs.features.tolist()))
    features = torch.from_numpy(theirs.features)
    own = ours(inquiry, features, as_theirs=True)
    whole = ours(inquiry, features, as_theirs=False)
    print(f"\n{name}: {inquiry.a.n_pos} tokens, {len(features):,} latents fire, the same ones: {same}")
    print(f"  logits, after the cap: largest difference {np.abs(own.logits - theirs.logits).max():.1e}")
    print(f"  activations: {np.abs(own.values - theirs.values).max():.1e} of {np.abs(theirs.values).max():.3g}")
    n, n_pos, n_layers = len(features), inquiry.a.n_pos, inquiry.gemma.n_layers
    ends = {"latents": n, "errors": n + n_layers * n_pos, "tokens": n + (n_layers + 1) * n_pos}
    tokens = slice(ends["errors"], ends["tokens"])
    if inquiry.loaded.model.config.model_type == "gemma3_text":
        print(f"  tokens as theirs has them: {_agreement(own.adjacency[:, tokens], theirs.adjacency[:, tokens])}")
        theirs.adjacency[:, tokens] *= inquiry.gemma.shape.d_model**0.5
    first = 0
    for kind, end in ends.items():
        for to, rows in (("latents", slice(0, n)), ("targets", slice(-2, None))):
            pair = own.adjacency[rows, first:end], theirs.adjacency[rows, first:end]
            print(f"  {kind} → {to}: {_agreement(*pair)}")
        first = end
    m = [one.adjacency[-2] - one.adjacency[-1] for one in (own, theirs)]
    print(f"  all → m, a difference of two: {_agreement(*m)}")
    weights = np.zeros(len(own.adjacency))
    weights[-2:] = torch.from_numpy(theirs.logits).softmax(-1)[list(_target(inquiry).ids)].numpy()
    influences = [_influence(one.adjacency, weights) for one in (own, theirs)]
    print(f"  influence on the targets: {_agreement(*influences)}")
    for told, one in (("ours", own), ("theirs", theirs), ("ours, with BOS and biases", whole)):
        replacement, completeness = _scores(one.adjacency, weights, n, ends)
        print(f"  {told}: replacement {replacement:.4f}, completeness {completeness:.4f}")
    left_out = np.abs(whole.adjacency - own.adjacency).sum() / np.abs(whole.adjacency).sum()
    print(f"  of all |direct effects|, BOS's MLPs and biases, which theirs leaves out: {left_out:.1%}")
    print(f"  CPU seconds, one thread: ours {own.took:.2f}, theirs {theirs.took:.2f}")


def _agreement(ours_: np.ndarray, theirs: np.ndarray) -> str:
    apart, size = np.abs(ours_ - theirs).max(), np.abs(theirs).max()
    r = np.corrcoef(ours_.ravel(), theirs.ravel())[0, 1]
    return f"r {r:.8f}, largest difference {apart:.1e} of {size:.3g}"


def _influence(adjacency: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """I = w [(I − Â)⁻¹ − I], Â = |A| by rows as shares; layer by layer, for Â has no circle."""
    shares = _shares(adjacency)
    found, step = np.zeros_like(weights), weights @ shares
    while step.any():
        found += step
        step = step @ shares
    return found


def _shares(adjacency: np.ndarray) -> np.ndarray:
    size = np.abs(adjacency)
    return size / np.maximum(size.sum(1, keepdims=True), 1e-10)


def _scores(adjacency: np.ndarray, weights: np.ndarray, n: int, ends: dict[str, int]) -> tuple[float, float]:
    """Replacement: I(tokens) / (I(tokens) + I(errors)). Completeness: Σ (1 − error share)(I + w) / Σ (I + w)."""
    found = _influence(adjacency, weights)
    errors, tokens = found[n : ends["errors"]].sum(), found[ends["errors"] : ends["tokens"]].sum()
    kept = 1 - _shares(adjacency)[:, n : ends["errors"]].sum(1)
    both = found + weights
    return tokens / (tokens + errors), (kept * both).sum() / both.sum()


def _tensors(own: object) -> dict[str, Tensor]:
    assert isinstance(own, Transcoder)
    named = {name: getattr(own, name) for name in ("W_enc", "b_enc", "W_dec", "b_dec", "threshold")}
    if own.W_skip is not None:
        named["W_skip"] = own.W_skip
    return {name: one.contiguous() for name, one in named.items()}


def _target(inquiry: Inquiry) -> TwoTokens:
    assert isinstance(inquiry.target, TwoTokens)
    return inquiry.target


if __name__ == "__main__":
    main()
