"""What all active latents of a token cost on our wire, against one JSON row of the dictionary's full width."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.models import Subject
from benchmarks.ours import Ours
from protocol.worker.frames import Latents
from tests.model_worker.driving import answers


@dataclass(frozen=True)
class Wire:
    """Of a mean token: how many latents are active, and bytes. `compact`: the JSON row without its spaces."""

    n_active: float
    ours: float
    row: float
    compact: float


def wire_of(subject: Subject, ours: Ours) -> Wire:
    """Of a whole sweep, prompt and answers; envelopes and line ends of the frames counted in. A steered arm counts
    from its first steered token on, where more latents are active than before."""
    frames = answers(ours.fresh, subject.request(subject.strengths, full=True))[0]
    latents = [frame for frame in frames if frame.kind == "latents"]
    d_sae = subject.loaded.dictionaries[subject.target.dictionary].d_sae
    n_tokens = sum(len(frame.counts) for frame in latents)
    rows = [row for frame in latents[:: max(1, len(latents) // 16)] for row in _rows(frame, d_sae)]
    return Wire(
        n_active=sum(sum(frame.counts) for frame in latents) / n_tokens,
        ours=sum(len(frame.model_dump_json()) + 1 for frame in latents) / n_tokens,
        row=sum(len(json.dumps(row)) for row in rows) / len(rows),
        compact=sum(len(json.dumps(row, separators=(",", ":"))) for row in rows) / len(rows),
    )


def _rows(frame: Latents, d_sae: int) -> Sequence[list[float]]:
    """Dense, at six significant digits as frames have them."""
    data, n = base64.b64decode(frame.data), sum(frame.counts)
    index = np.frombuffer(data, f"<u{frame.index_bytes}", n)
    values = np.frombuffer(data, "<f4", n, offset=n * frame.index_bytes)
    dense = np.zeros((len(frame.counts), d_sae))
    dense[np.repeat(np.arange(len(frame.counts)), frame.counts), index] = [float(f"{value:.6g}") for value in values]
    return dense.tolist()
