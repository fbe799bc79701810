"""Reading and changing the residual stream of a transformers model.

The one site is `resid_post` of block l: the output of `layers[l]`. What is added
or read there is the caller's business. A hook that can't attach, or that was
never called, raises: a run that silently wasn't steered would look right.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from torch import Tensor, nn

Site = Callable[[Tensor], Tensor | None]
"""Called with resid_post (batch, pos, d_model); returns what replaces it, or None to leave it."""


def decoder_layers(model: nn.Module) -> nn.ModuleList:
    """The blocks of a Gemma 2 or 3 text model, also inside Gemma 3's image-text wrapper."""
    inner = model.get_submodule("model")
    inner = getattr(inner, "language_model", inner)
    layers = getattr(inner, "layers", None)
    if not isinstance(layers, nn.ModuleList):
        raise TypeError(f"{type(model).__name__} has no model.layers to hook")
    return layers


@contextmanager
def attached(layers: nn.ModuleList, sites: Mapping[int, Site]) -> Iterator[None]:
    """Attach `sites` by layer for the forward passes inside the block; leave none behind.

    Never `yield` a frame inside: a step leaves the model as it found it.
    """
    handles = []
    called = dict.fromkeys(sites, False)
    try:
        for layer, site in sites.items():
            if not 0 <= layer < len(layers):
                raise IndexError(f"layer {layer} asked, the model has layers 0 to {len(layers) - 1}")
            handles.append(layers[layer].register_forward_hook(_hook(layer, site, called)))
        yield
    finally:
        for handle in handles:
            handle.remove()
    missed = [layer for layer, was_called in called.items() if not was_called]
    if missed:
        raise RuntimeError(f"hooks of layers {missed} were never called; nothing was read or steered there")


def _hook(layer: int, site: Site, called: dict[int, bool]) -> Callable[[nn.Module, tuple, Tensor | tuple], object]:
    def hook(_module: nn.Module, _inputs: tuple, output: Tensor | tuple) -> Tensor | tuple | None:
        called[layer] = True
        # transformers 5 hands over the tensor, older versions a tuple that starts with it
        residual = output[0] if isinstance(output, tuple) else output
        changed = site(residual)
        if changed is None:
            return None
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    return hook
