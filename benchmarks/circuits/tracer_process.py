"""circuit-tracer's side: `python tracer_process.py FOLDER` in an environment that has it. Imports nothing of ours.

FOLDER holds asked.json (where the model is, the prompt's token ids, two target tokens, where transcoders read) and
layer_N.safetensors, in sae-lens' names. It goes the documented way, `attribute` by the nnsight backend, and leaves
graph.npz: active features and their values, the dense adjacency, logits, every node's influence, the graph's scores.
"""

import importlib.metadata
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from circuit_tracer import ReplacementModel
from circuit_tracer.attribution.attribute import attribute
from circuit_tracer.graph import compute_graph_scores, compute_node_influence
from circuit_tracer.transcoder.activation_functions import JumpReLU
from circuit_tracer.transcoder.single_layer_transcoder import SingleLayerTranscoder, TranscoderSet
from nnsight import save
from safetensors.torch import load_file


def transcoder(file: Path, layer: int) -> SingleLayerTranscoder:
    weights = load_file(file)
    d_model, d_sae = weights["W_enc"].shape
    skip = "W_skip" in weights
    device = torch.device("cpu")
    found = SingleLayerTranscoder(
        d_model, d_sae, JumpReLU(weights["threshold"]), layer, skip, device=device, dtype=torch.float32
    )
    with torch.no_grad():
        found.W_enc.copy_(weights["W_enc"].T)
        for name in ("W_dec", "b_enc", "b_dec", *(["W_skip"] if skip else [])):
            getattr(found, name).copy_(weights[name])
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    asked = json.loads((folder / "asked.json").read_text())
    torch.set_num_threads(1)
    transcoders = {layer: transcoder(folder / f"layer_{layer}.safetensors", layer) for layer in range(asked["layers"])}
    whole = TranscoderSet(
        transcoders, feature_input_hook=asked["reads"], feature_output_hook="hook_mlp_out", scan="ours"
    )
    model = ReplacementModel.from_pretrained_and_transcoders(
        asked["weights"], whole, backend="nnsight", device=torch.device("cpu"), dtype=torch.float32
    )
    began = time.process_time()
    graph = attribute(torch.tensor(asked["ids"]), model, attribution_targets=torch.tensor(asked["targets"]))
    took = time.process_time() - began
    with model.trace(torch.tensor([asked["ids"]])):
        logits = save(model.output.logits)
    weights = torch.zeros(len(graph.adjacency_matrix))
    weights[-len(asked["targets"]) :] = graph.logit_probabilities
    np.savez(
        folder / "graph.npz",
        features=graph.active_features.numpy(),
        values=graph.activation_values.detach().numpy(),
        adjacency=graph.adjacency_matrix.numpy(),
        logits=logits[0, -1].detach().numpy(),
        weights=weights.numpy(),
        influence=compute_node_influence(graph.adjacency_matrix, weights).numpy(),
        scores=np.array(compute_graph_scores(graph)),
        took=took,
        versions=np.array(
            [
                f"{one} {importlib.metadata.version(one)}"
                for one in ("circuit-tracer", "nnsight", "transformers", "torch")
            ]
        ),
    )


if __name__ == "__main__":
    main()
