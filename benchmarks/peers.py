"""The named peers: transformers' `generate` with a hook, and interp-engine in a process of its own.

Both are told rows: a prompt's tokens, which of them are steered, and alpha; the direction is the subject's. With
`full` they encode what they saw at the steered layer and keep it, dense, as it is: they neither find the active
latents in it nor pack them, which ours does. That flatters them.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.models import Subject
from protocol.worker.frames import Start

PROCESS = Path(__file__).with_name("interp_engine_process.py")


@dataclass(frozen=True)
class Row:
    """One answer: tokens of its prompt, which of them get alpha * d, and alpha."""

    ids: tuple[int, ...]
    positions: tuple[int, ...]
    alpha: float


def rows_of(start: Start) -> list[Row]:
    """Of one request's arms."""
    ids = tuple(token.id for token in start.tokens)
    return [Row(ids, start.sweeps[0].positions, arm.alpha) for arm in start.arms]


class Hooked:
    """`model.generate` with a hook on the steered layer: adds each row's delta to the prompt pass, and encodes."""

    name = "transformers + hook"

    def __init__(self, subject: Subject) -> None:
        loaded, target = subject.loaded, subject.target
        self._model = loaded.model
        self._layer = loaded.model.model.layers[loaded.layer_of[target.dictionary]]
        self._dictionary = loaded.dictionaries[target.dictionary]
        self._direction = self._dictionary.W_dec[target.latent]
        self._stop = sorted(loaded.stop_ids) or None
        self._n_new = subject.asked.max_new_tokens

    @torch.inference_mode()
    def generate(
        self, rows: Sequence[Row], *, full: bool, n_new: int | None = None
    ) -> tuple[list[list[int]], list[Tensor]]:
        """New tokens by row, and what was read. Shorter prompts are padded on the left."""
        n_new = n_new or self._n_new
        length = max(len(row.ids) for row in rows)
        ids = torch.zeros(len(rows), length, dtype=torch.long)
        mask = torch.zeros(len(rows), length, dtype=torch.long)
        delta = torch.zeros(len(rows), length, len(self._direction))
        for place, row in enumerate(rows):
            pad = length - len(row.ids)
            ids[place, pad:] = torch.tensor(row.ids)
            mask[place, pad:] = 1
            delta[place, [pad + pos for pos in row.positions]] = row.alpha * self._direction
        read: list[Tensor] = []

        def hook(_module: object, _inputs: tuple, out: Tensor) -> Tensor:
            out = out + delta if out.shape[1] == length else out
            if full:
                read.append(self._encoded(out))
            return out

        handle = self._layer.register_forward_hook(hook)
        try:
            out = self._model.generate(
                ids,
                attention_mask=mask,
                max_new_tokens=n_new,
                do_sample=False,
                eos_token_id=self._stop,
                pad_token_id=0,
            )
        finally:
            handle.remove()
        return out[:, length:].tolist(), read

    def _encoded(self, x: Tensor) -> Tensor:
        """(batch, pos, d_model) to (batch * pos, d_sae); thresholds are positive here."""
        pre = torch.addmm(self._dictionary.b_enc, x.flatten(0, 1), self._dictionary.W_enc)
        return pre.mul_(pre > self._dictionary.threshold)


class InterpEngine:
    """interp-engine, eager, behind JSON lines: `python` is that of an environment that has it.

    It stops at one token only: `stop`, None for never.
    """

    def __init__(self, python: str, subject: Subject, stop: int | None, threads: int) -> None:
        card, target = subject.loaded.card, subject.target
        source = next(d.source for d in card.dictionaries if d.id == target.dictionary)
        self._pipe = subprocess.Popen([python, PROCESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._latent = target.latent
        self._n_new = subject.asked.max_new_tokens
        loaded = self._ask(
            weights=str((subject.folder / card.weights).resolve()),
            sae=str((subject.folder / source / "sae_weights.safetensors").resolve()),
            layer=subject.loaded.layer_of[target.dictionary],
            stop=stop,
            threads=threads,
        )
        self.name = f"interp-engine {loaded['version']}"

    def generate(self, row: Row, *, full: bool, n_new: int | None = None) -> dict:
        """`tokens`, `n_active` (None if nothing was read) and the CPU `seconds` it took."""
        return self._ask(
            ids=row.ids,
            positions=row.positions,
            latent=self._latent,
            alpha=row.alpha,
            full=full,
            n_new=n_new or self._n_new,
        )

    def close(self) -> None:
        assert self._pipe.stdin
        self._pipe.stdin.close()
        self._pipe.wait()

    def _ask(self, **message: object) -> dict:
        assert self._pipe.stdin and self._pipe.stdout
        self._pipe.stdin.write(json.dumps(message) + "\n")
        self._pipe.stdin.flush()
        line = self._pipe.stdout.readline()
        if not line:
            raise RuntimeError(f"{PROCESS.name} ended; run it with the same Python by hand to see why")
        return json.loads(line)
