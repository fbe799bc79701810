"""A dictionary's folder in sae-lens' format, its matrices in half precision.

Decoder rows have norm 1 and encoder rows much the same length, so fp16's eleven bits hold them; biases and thresholds,
in units of a residual stream of some thousands, stay fp32. Knows nothing about how it was trained.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary, save_dictionary

MATRICES = ("W_enc", "W_dec")
WEIGHTS_FILE = "sae_weights.safetensors"


def save_half(dictionary: TrainedDictionary, folder: Path, model_name: str, figures: dict) -> TrainedDictionary:
    """What is read back: figures are to be taken of that."""
    save_dictionary(dictionary, folder, model_name, figures)
    weights = load_file(folder / WEIGHTS_FILE)
    save_file({k: v.half() if k in MATRICES else v for k, v in weights.items()}, folder / WEIGHTS_FILE)
    return read_half(folder)


def add_figures(folder: Path, figures: dict) -> None:
    """Into the config's metadata, where sae-lens keeps what is known about a dictionary."""
    config = json.loads((folder / "cfg.json").read_text())
    config["metadata"] |= figures
    (folder / "cfg.json").write_text(json.dumps(config, indent=1) + "\n")


def read_half(folder: Path) -> TrainedDictionary:
    config = json.loads((folder / "cfg.json").read_text())
    w = {name: tensor.to(torch.float32) for name, tensor in load_file(folder / WEIGHTS_FILE).items()}
    layer = int(config["metadata"]["hook_name"].split(".")[1])
    return TrainedDictionary(layer, w["W_enc"], w["b_enc"], w["W_dec"], w["b_dec"], w["threshold"])
