"""What needs no dictionary: directions in the residual stream that tell known names from unknown ones, by layer.

    difference of means   mean over known - mean over unknown names of the training half
    logistic probe        standardised, L2; C by AUROC on the validation tenth

The means are sums, and so are of all names; the probe is fitted on a sample of names that doesn't grow with the set,
the first by hash. Knows nothing about frames.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar, get_args

import numpy as np
from torch import Tensor

from model_worker.draw import draw
from model_worker.studies.discover.reading import Residuals
from model_worker.studies.logistic import fit_logistic
from model_worker.studies.shared.names import Taken
from model_worker.studies.shared.statistics import auroc
from protocol.vocabulary import Label

MAX_FITTED, MAX_BYTES = 2_000, 2**28
PROBE_CS = (0.001, 0.01, 0.1)
PROBE_ITERATIONS, TOLERANCE = 200, 1e-3

MEANS, PROBE = "difference of means", "logistic probe"
Directing = tuple[str, int] | tuple[str, int, int]
"""Which direction, of which layer, and for a candidate which C."""


def fitted(names: Sequence[Taken], n_layers: int, d_model: int, seed: int) -> frozenset[tuple[str, str]]:
    """Type and name of those that the probe is fitted on."""
    most = min(MAX_FITTED, MAX_BYTES // (4 * n_layers * d_model))
    return frozenset(sorted(map(_named, names), key=lambda named: draw(seed, "probe", *named))[:most])


class Directed:
    """Sees the training half, then fits, then chooses, then scores."""

    def __init__(self, layers: Sequence[int], sample: frozenset[tuple[str, str]]) -> None:
        self._sample = sample
        self._sums: dict[Label, dict[int, np.ndarray | float]] = {
            label: dict.fromkeys(layers, 0.0) for label in get_args(Label)
        }
        self._n: dict[Label, int] = dict.fromkeys(get_args(Label), 0)
        self._rows: dict[int, list[np.ndarray]] = {layer: [] for layer in layers}
        self._known: list[bool] = []
        self._fits: dict[int, np.ndarray] = {}
        self._chosen: dict[int, int] = {}

    def see(self, names: Sequence[Taken], residuals: Residuals) -> None:
        """Of one label."""
        label = names[0].label
        assert label is not None
        self._n[label] += len(names)
        drawn = [place for place, one in enumerate(names) if _named(one) in self._sample]
        self._known += [label == "known"] * len(drawn)
        for layer, x in residuals.items():
            rows = x.float().cpu().numpy()
            self._sums[label][layer] += rows.sum(0, dtype=np.float64)
            self._rows[layer].append(rows[drawn])

    def fit(self) -> Iterator[None]:
        """A probe of every layer for every C, one a step; what they were fitted on is let go."""
        known = np.array(self._known, dtype=bool)
        for layer in list(self._rows):
            x = np.concatenate(self._rows.pop(layer)).astype(np.float64)
            mean, spread = x.mean(0), x.std(0)
            spread[spread == 0] = 1.0
            weights = []
            for c in PROBE_CS:
                own = fit_logistic((x - mean) / spread, known, c, tolerance=TOLERANCE, iterations=PROBE_ITERATIONS)
                weights.append(own.weights / spread)
                yield None
            self._fits[layer] = np.stack(weights)

    def candidates(self, residuals: Residuals) -> dict[Directing, np.ndarray]:
        """What the probes of every C make of names of the validation tenth."""
        found: dict[Directing, np.ndarray] = {}
        for layer, x in residuals.items():
            for place, own in enumerate(_projected(x, self._fits[layer]).T):
                found["candidate", layer, place] = own
        return found

    def choose(self, scores: "Scores") -> None:
        """The C whose AUROC is best; the smallest of equals, and where nothing can be compared."""
        known = np.array(scores.known, dtype=bool)
        for layer in self._fits:
            own = [scores.of(("candidate", layer, place)) for place in range(len(PROBE_CS)) if len(known)]
            self._chosen[layer] = int(np.argmax([auroc(one[known], one[~known]) or 0.0 for one in own] or [0.0]))

    def c_of(self, layer: int) -> float:
        return PROBE_CS[self._chosen[layer]]

    def scores(self, residuals: Residuals) -> dict[Directing, np.ndarray]:
        """Along the difference of means, and along the probe."""
        found: dict[Directing, np.ndarray] = {}
        for layer, x in residuals.items():
            along = _projected(x, np.stack([self._means(layer), self._fits[layer][self._chosen[layer]]]))
            found[MEANS, layer], found[PROBE, layer] = along.T
        return found

    def _means(self, layer: int) -> np.ndarray:
        known, unknown = (np.asarray(self._sums[label][layer]) / self._n[label] for label in get_args(Label))
        return known - unknown


Key = TypeVar("Key", bound=Hashable)


class Scores:
    """Of names in the order they are read: one float a name for each key."""

    def __init__(self) -> None:
        self.known: list[bool] = []
        self._parts: dict[Hashable, list[np.ndarray]] = {}

    @property
    def keys(self) -> tuple[Hashable, ...]:
        return tuple(self._parts)

    def add(self, names: Sequence[Taken], scores: Mapping[Key, np.ndarray]) -> None:
        """The same keys each time, (n_names,) each."""
        self.known += [one.label == "known" for one in names]
        for key, own in scores.items():
            self._parts.setdefault(key, []).append(own)

    def of(self, key: Hashable) -> np.ndarray:
        return np.concatenate(self._parts[key])


def _named(one: Taken) -> tuple[str, str]:
    return one.entity.type, one.entity.name


def _projected(x: Tensor, directions: np.ndarray) -> np.ndarray:
    """(n, k), each row by itself, so that it doesn't depend on the batch."""
    return (x.float().cpu().numpy()[:, None, :].astype(np.float64) * directions).sum(-1)
