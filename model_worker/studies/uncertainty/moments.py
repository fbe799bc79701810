"""Mean and variance of every latent before errors and before right answers, by type, and what Welch's t makes of them.

Sums grow by one prompt at a time and hold nothing of it. Knows nothing about answers or models.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from model_worker.model.sae import Dictionary
from protocol.steering import latent_name

MIN_EACH = 5  # right answers, and errors, of a type that counts

AnswerSide = Literal["right", "error"]


@dataclass(frozen=True)
class Ranked:
    """score: the least of `t`, which are by type. of_right, of_error: means on the training half, types pooled."""

    dictionary: str
    layer: int
    latent: int
    score: float
    t: Mapping[str, float]
    of_right: float
    of_error: float

    @property
    def label(self) -> str:
        return latent_name(self.layer, self.latent)


class Moments:
    """Of every latent: sums of its activation and of its square, by type and side."""

    def __init__(self, dictionaries: Mapping[str, Dictionary], layer_of: Mapping[str, int]) -> None:
        self._dictionaries, self._layer_of = dictionaries, layer_of
        self._sums: dict[tuple[str, AnswerSide], dict[str, Tensor]] = {}
        self._n: Counter[tuple[str, AnswerSide]] = Counter()

    @torch.inference_mode()
    def add(self, kind: str, side: AnswerSide, residuals: Mapping[str, Tensor]) -> None:
        """residuals: by dictionary (d_model,)."""
        self._n[kind, side] += 1
        sums = self._sums.setdefault((kind, side), {})
        for name, x in residuals.items():
            own = self._dictionaries[name].encode(x).double()
            both = torch.stack([own, own.square()])
            sums[name] = sums[name] + both if name in sums else both

    @property
    def kinds(self) -> list[str]:
        """Types that count."""
        kinds = sorted({kind for kind, _ in self._n})
        return [kind for kind in kinds if min(self._n[kind, "right"], self._n[kind, "error"]) >= MIN_EACH]

    @torch.inference_mode()
    def best(self, most: int) -> Iterator[Ranked]:
        """With a positive score, the greatest first; of equals in the order of dictionaries and latents."""
        kinds = self.kinds
        found: list[tuple[float, str, int, Tensor]] = []
        for name in self._dictionaries if kinds else ():
            t = torch.stack([self._t(name, kind) for kind in kinds])
            least = t.min(0).values
            for latent in least.argsort(descending=True, stable=True)[:most].tolist():
                if least[latent] > 0:
                    found.append((least[latent].item(), name, latent, t[:, latent]))
        for score, name, latent, t in sorted(found, key=lambda one: -one[0])[:most]:
            by_kind = dict(zip(kinds, t.tolist(), strict=True))
            means = (self._mean(name, latent, "right"), self._mean(name, latent, "error"))
            yield Ranked(name, self._layer_of[name], latent, score, by_kind, *means)

    def _t(self, name: str, kind: str) -> Tensor:
        """(d_sae,): Welch's, errors less right answers; 0 where nothing varies."""
        means, errors = [], []
        for side in ("error", "right"):
            n = self._n[kind, side]
            total, squares = self._sums[kind, side][name]
            mean = total / n
            means.append(mean)
            errors.append((squares / n - mean.square()).clamp(min=0) / (n - 1))
        spread = (errors[0] + errors[1]).sqrt()
        return torch.where(spread > 0, (means[0] - means[1]) / spread.clamp(min=1e-300), 0.0)

    def _mean(self, name: str, latent: int, side: AnswerSide) -> float:
        total = sum(self._sums[kind, side][name][0, latent].item() for kind in self.kinds)
        return total / sum(self._n[kind, side] for kind in self.kinds)
