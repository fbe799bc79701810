"""interp-engine's side of the pipe: JSON lines in, JSON lines out. Imports nothing of ours.

The first line says what to load, each other line asks for one generation. It goes the documented way: `steer` with
a mask of the positions that are left alone, `generate_stream`; with `full` `capture_generation`, which runs prompt
and answer once more to read the layer, and one encoder product over all its rows.
"""

import gc
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Iterator

import torch
import transformers
from interp_engine import Address, AddSpec, SteeringSpec, capture_generation, generate_stream, load_model, steer
from safetensors.torch import load_file
from torch import Tensor


class Peer:
    """The model, and the SAE on its layer."""

    def __init__(self, weights: str, sae: str, layer: int, stop: int | None, threads: int) -> None:
        torch.set_num_threads(threads)
        transformers.logging.disable_progress_bar()
        self._model = load_model(weights, backend="eager", device="cpu", dtype="float32", attn_implementation="eager")
        if stop is None:
            self._model.tokenizer.eos_token = None
        else:
            self._model.tokenizer.eos_token_id = stop
        self._sae = load_file(sae)
        self._site = Address("resid_post", layer)

    def generate(
        self, ids: list[int], positions: list[int], latent: int, alpha: float, full: bool, n_new: int
    ) -> tuple[list[int], Tensor | None]:
        add = AddSpec(vector=self._sae["W_dec"][latent], scale=alpha)
        spared = sorted(set(range(len(ids))) - set(positions))
        tokens = torch.tensor([ids])
        spec = SteeringSpec.at(self._site, add)
        with steer(self._model, spec, prompt_token_ids=tokens, position_mask=spared, generated=False):
            if not full:
                steps = generate_stream(self._model, tokens, max_tokens=n_new, temperature=0)
                return [step.token_id for step in steps], None
            said, cache = capture_generation(self._model, tokens, [self._site], max_tokens=n_new, temperature=0)
        return list(said.token_ids), self._encode(cache[self._site][0])

    @torch.no_grad()
    def _encode(self, residual: Tensor) -> Tensor:
        pre = torch.addmm(self._sae["b_enc"], residual, self._sae["W_enc"])
        return pre.mul_(pre > self._sae["threshold"])


def messages() -> Iterator[dict]:
    for line in sys.stdin:
        yield json.loads(line)


def main() -> None:
    # Libraries print what they like; the pipe is for answers.
    pipe = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**fields: object) -> None:
        print(json.dumps(fields), file=pipe, flush=True)

    asked = messages()
    peer = Peer(**next(asked))
    answer(version=importlib.metadata.version("interp-engine"))
    gc.freeze()  # as the other side does it
    for message in asked:
        gc.collect()
        began = time.process_time()
        tokens, acts = peer.generate(**message)
        seconds = time.process_time() - began
        answer(seconds=seconds, tokens=tokens, n_active=None if acts is None else int((acts > 0).sum()))


main()
