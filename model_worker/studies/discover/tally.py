"""On how many names, and on how many tokens of text, each latent fired: from frames and into frames.

Nothing is counted but what a frame says, so what is counted is what was recorded. Knows nothing about models or ranks.
"""

import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from model_worker.model.sae import Dictionary
from model_worker.studies.discover.reading import Stratum
from protocol.vocabulary import Label, Split
from protocol.worker.study_frames import CorpusTally, Tally

ROW_MULTIPLE = 16  # a matrix product with a multiple of as many rows treats them all alike, on the CPUs that we know


@dataclass(frozen=True)
class Shares:
    """Of the names of each type, how many have fired: (n_types, d_sae) each, and of how many (n_types,)."""

    types: tuple[str, ...]
    known: np.ndarray
    unknown: np.ndarray
    n_known: np.ndarray
    n_unknown: np.ndarray

    @property
    def f_known(self) -> np.ndarray:
        return self.known / self.n_known[:, None]

    @property
    def f_unknown(self) -> np.ndarray:
        return self.unknown / self.n_unknown[:, None]


class Counts:
    """`d_sae`: by dictionary, in the order of ranks."""

    def __init__(self, d_sae: Mapping[str, int]) -> None:
        self.d_sae = dict(d_sae)
        self._fired: dict[tuple[str, Stratum], np.ndarray] = {}
        self._n: dict[tuple[str, Stratum], int] = defaultdict(int)
        self._on_text: dict[str, tuple[int, np.ndarray]] = {}

    def add(self, frame: Tally | CorpusTally) -> None:
        fired = unpacked(frame, self.d_sae[frame.dictionary])
        if isinstance(frame, CorpusTally):
            self._on_text[frame.dictionary] = (frame.n, fired)
        else:
            key = frame.dictionary, Stratum(frame.type, frame.label, frame.split)
            self._fired[key] = self._fired.get(key, 0) + fired
            self._n[key] += frame.n

    def shares(self, dictionary: str, split: Split) -> Shares | None:
        """Of the types of which known and unknown names were read; None: of none."""
        cells = [cell for of, cell in self._fired if of == dictionary and cell.split == split]
        types = sorted({cell.type for cell in cells if {(cell.type, "known"), (cell.type, "unknown")} <= _sides(cells)})
        if not types:
            return None

        def side(label: Label) -> tuple[np.ndarray, np.ndarray]:
            keys = [(dictionary, Stratum(kind, label, split)) for kind in types]
            return np.stack([self._fired[key] for key in keys]), np.array([self._n[key] for key in keys])

        (known, n_known), (unknown, n_unknown) = side("known"), side("unknown")
        return Shares(tuple(types), known, unknown, n_known, n_unknown)

    def n_names(self, split: Split) -> int:
        """That every dictionary has counted."""
        return min(
            sum(n for (of, cell), n in self._n.items() if of == dictionary and cell.split == split)
            for dictionary in self.d_sae
        )

    def corpus_share(self, dictionary: str) -> np.ndarray | None:
        """(d_sae,). None: no text was read."""
        if dictionary not in self._on_text:
            return None
        n, fired = self._on_text[dictionary]
        return fired / n


class FiringCounter:
    """Counts on as many rows as it is given, of one dictionary, until it is asked."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary
        self._fired = torch.zeros(dictionary.d_sae, dtype=torch.int64, device=dictionary.b_enc.device)
        self.n = 0

    @torch.inference_mode()
    def see(self, x: Tensor, latents: Sequence[int] = ()) -> np.ndarray:
        """x (n, d_model). Activations of these latents, (n, k)."""
        acts = activations(self._dictionary, x)
        self._fired += (acts > 0).sum(0)
        self.n += len(x)
        return acts[:, list(latents)].cpu().numpy()

    def packed(self) -> tuple[np.ndarray, np.ndarray]:
        """Latents that fired, and on how many rows."""
        fired = self._fired.cpu().numpy()
        latents = np.flatnonzero(fired)
        return latents, fired[latents]


def activations(dictionary: Dictionary, x: Tensor) -> Tensor:
    """What `encode` gives for x (n, d_model), the same for a row whatever stands beside it."""
    rows = x.float()
    filled = torch.nn.functional.pad(rows, (0, 0, 0, -len(rows) % ROW_MULTIPLE))
    return dictionary.encode(filled)[: len(rows)]


def tally(dictionary: str, cell: Stratum, firing: FiringCounter) -> Tally:
    latents, counts = firing.packed()
    return Tally(
        seq=0,
        dictionary=dictionary,
        type=cell.type,
        label=cell.label,
        split=cell.split,
        n=firing.n,
        latents=_base64(latents, "<u4"),
        counts=_base64(counts, "<u2"),
    )


def corpus_tally(dictionary: str, firing: FiringCounter) -> CorpusTally:
    latents, counts = firing.packed()
    return CorpusTally(
        seq=0,
        dictionary=dictionary,
        n=firing.n,
        latents=_base64(latents, "<u4"),
        counts=_base64(counts, "<u4"),
    )


def unpacked(frame: Tally | CorpusTally, d_sae: int) -> np.ndarray:
    """(d_sae,), int64."""
    width = "<u2" if isinstance(frame, Tally) else "<u4"
    fired = np.zeros(d_sae, dtype=np.int64)
    fired[np.frombuffer(base64.b64decode(frame.latents), "<u4")] = np.frombuffer(base64.b64decode(frame.counts), width)
    return fired


def _base64(values: np.ndarray, kind: str) -> str:
    return base64.b64encode(values.astype(kind).tobytes()).decode()


def _sides(cells: list[Stratum]) -> set[tuple[str, str]]:
    return {(cell.type, cell.label) for cell in cells}
