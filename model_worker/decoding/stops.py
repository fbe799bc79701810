"""Where a walk through the blocks stops: behind a block it is changed at its site, read, or both.

Knows nothing about which tokens pass.
"""

from collections.abc import Callable, Container, Mapping

from torch import Tensor

from model_worker.steering.formula import Delta, Site

Measurement = tuple[list[float], list[float]]
"""Of a delta: its `a` at each token that passes, before its site was changed and after."""


class Stops:
    """`residuals`: by layer that is read, what went on from there."""

    def __init__(self, sites: Mapping[int, Site] | None = None, read_layers: Container[int] = ()) -> None:
        self._sites, self._read_layers = sites or {}, read_layers
        self._measured: dict[int, list[Measurement]] = {}
        self.residuals: dict[int, Tensor] = {}

    def __call__(self, layer: int, x: Tensor) -> Tensor:
        if layer in self._sites:
            x, before, after = self._sites[layer](x)
            self._measured[layer] = list(zip(before.tolist(), after.tolist(), strict=True))
        if layer in self._read_layers:
            self.residuals[layer] = x
        return x

    def by_delta(self) -> Callable[[Delta], Measurement]:
        """To be called with every delta, row by row, each row's in order: so the sites list them."""
        waiting = {layer: iter(found) for layer, found in self._measured.items()}
        return lambda delta: next(waiting[delta.layer])
