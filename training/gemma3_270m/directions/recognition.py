"""How well a name's last token tells known from unknown, by layer: a direction for all types, one a type, a probe.

1. residuals of one question a name, known (the base's own label) and invented
2. on names of tuning and validation: difference of means with every type counted the same, and a logistic probe
3. AUROC on names of the test split, by type

Knows nothing about steering.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.studies.shared.statistics import auroc, auroc_interval
from training.gemma3_270m.directions.naming import Named
from training.tiny_gemma2.dictionaries.directions import logistic


@dataclass(frozen=True)
class SideSample:
    """Of one side and half: x (names, d_model) and the type of each."""

    x: Tensor
    types: Sequence[str]

    def of(self, kind: str) -> Tensor:
        return self.x[torch.tensor([t == kind for t in self.types], dtype=torch.bool)]


@dataclass(frozen=True)
class TwoSides:
    known: SideSample
    unknown: SideSample

    @property
    def types(self) -> list[str]:
        return [t for t in dict.fromkeys(self.known.types) if t in set(self.unknown.types)]


def halves(names: Sequence[Named], x: Tensor) -> tuple[TwoSides, TwoSides]:
    """(tuning and validation, test) of x (names, d_model)."""

    def sides(test: bool) -> TwoSides:
        parts = []
        for tier in ("known", "unknown"):
            at = [i for i, n in enumerate(names) if n.tier == tier and (n.split == "test") == test]
            parts.append(SideSample(x[at].float(), [names[i].type for i in at]))
        return TwoSides(*parts)

    return sides(False), sides(True)


def mean_difference(sides: TwoSides, types: Sequence[str]) -> Tensor:
    """(d_model,), known - unknown, every type counted the same, none with fewer than five names a side."""
    parts = [
        sides.known.of(t).mean(0) - sides.unknown.of(t).mean(0)
        for t in types
        if min(len(sides.known.of(t)), len(sides.unknown.of(t))) >= 5
    ]
    return torch.stack(parts).mean(0)


def whitened_difference(sides: TwoSides, types: Sequence[str], ridge: float = 0.1) -> Tensor:
    """The same, in units in which names of a type and a side spread alike (Fisher's discriminant), ridge as a share of
    the mean variance: massive dimensions count no more than others."""
    inside = torch.cat([part.of(t) - part.of(t).mean(0) for t in types for part in (sides.known, sides.unknown)
                        if len(part.of(t)) >= 5])  # fmt: skip
    spread = (inside.T @ inside / len(inside)).double()
    spread += ridge * spread.diagonal().median() * torch.eye(len(spread), dtype=torch.double)
    return torch.linalg.solve(spread, mean_difference(sides, types).double()).float()


def probe_direction(sides: TwoSides, types: Sequence[str], penalty: float = 3e-2) -> Tensor:
    """(d_model,): weights of a logistic regression in residual units; each type's mean is taken off first."""
    a, b = [], []
    for t in types:
        known, unknown = sides.known.of(t), sides.unknown.of(t)
        if min(len(known), len(unknown)) >= 5:
            middle = (known.mean(0) + unknown.mean(0)) / 2
            a.append(known - middle)
            b.append(unknown - middle)
    x = torch.cat(a + b)
    spread = x.std(0).clamp(min=1e-6)
    return logistic(torch.cat(a) / spread, torch.cat(b) / spread, penalty) / spread


def auroc_of_type(direction: Tensor, sides: TwoSides, kind: str) -> dict[str, float] | None:
    """AUROC of one type along a direction, with its interval."""
    known, unknown = (part.of(kind) @ direction for part in (sides.known, sides.unknown))
    found = auroc(known.tolist(), unknown.tolist())
    if found is None:
        return None
    low, high = auroc_interval(found, len(known), len(unknown))
    return {
        "auroc": round(found, 3),
        "low": round(low, 3),
        "high": round(high, 3),
        "n_known": len(known),
        "n_unknown": len(unknown),
    }


FITTED_WAYS = {"difference of means": mean_difference, "whitened": whitened_difference, "probe": probe_direction}


def curves(names: Sequence[Named], by_layer: Mapping[int, Tensor], types: Sequence[str]) -> dict:
    """layer → way → {"common": {type: separation}, "own": {type: separation}} on test names, of `types`; a direction of
    a type's own is fitted on that type alone."""
    out: dict[int, dict] = {}
    for layer, x in by_layer.items():
        fit, test = halves(names, x)
        out[layer] = {}
        for way, make in FITTED_WAYS.items():
            common = make(fit, types)
            told = {"common": {t: auroc_of_type(common, test, t) for t in types}}
            if way == "difference of means":
                told["own"] = {t: auroc_of_type(make(fit, [t]), test, t) for t in types}
            out[layer][way] = told
    return out
