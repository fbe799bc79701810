"""Where a walk through the blocks stops: within an MLP or behind a block it is changed at a site, read, or both.

Knows nothing about which tokens pass.
"""

from collections.abc import Callable, Container

from torch import Tensor

from model_worker.model.gemma import Within
from model_worker.neurons.scaled import NeuronDelta
from model_worker.steering.sites import AnyDelta, Sites

Measurement = tuple[list[float], list[float]]
"""Of a delta: its `a` at each token that passes, before its site was changed and after."""


class Stops:
    """`residuals`: by layer that is read, what went on from there."""

    def __init__(self, sites: Sites | None = None, read_layers: Container[int] = ()) -> None:
        self._sites, self._read_layers = sites or Sites(), read_layers
        self._measured: dict[int, list[Measurement]] = {}
        self.residuals: dict[int, Tensor] = {}

    def __call__(self, layer: int, x: Tensor) -> Tensor:
        if layer in self._sites.behind:
            x, before, after = self._sites.behind[layer](x)
            self._measured[layer] = list(zip(before.tolist(), after.tolist(), strict=True))
        if layer in self._read_layers:
            self.residuals[layer] = x
        return x

    def within(self, layer: int) -> Within | None:
        return self._sites.within.get(layer)

    def by_delta(self) -> Callable[[AnyDelta], Measurement]:
        """To be called with every delta, row by row, each row's in order: so the sites list them."""
        waiting = {layer: iter(found) for layer, found in self._measured.items()}
        shares = {
            layer: iter(zip(site.before.tolist(), site.after.tolist(), strict=True))
            for layer, site in self._sites.within.items()
        }

        def measured(delta: AnyDelta) -> Measurement:
            if not isinstance(delta, NeuronDelta):
                return next(waiting[delta.layer])
            before, after = zip(*(next(shares[layer]) for layer in delta.layers), strict=True)
            return _sum(before), _sum(after)

        return measured


def _sum(parts: tuple[list[float], ...]) -> list[float]:
    return [sum(own) for own in zip(*parts, strict=True)]
