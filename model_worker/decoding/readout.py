"""Which latents are read at every token of a request. All in fp32. Knows nothing about rows or frames."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from model_worker.model.loading import Loaded
from model_worker.model.sae import Dictionary
from model_worker.steering.targets import require_dictionary, require_latent
from protocol.steering import LatentTarget
from protocol.worker.requests import ReadLatents


class Readout:
    """Which latents are read, for one request."""

    def __init__(self, loaded: Loaded, watch: Sequence[LatentTarget], read: Sequence[ReadLatents] = ()) -> None:
        """Raises Refused for a dictionary or a latent that doesn't exist."""
        for target in watch:
            require_latent(loaded, target)
        for whole in read:
            require_dictionary(loaded, whole.dictionary)
        self.watch = tuple(watch)
        self.key = " ".join(f"{target.dictionary}#{target.latent}" for target in watch)
        self.read = tuple(read)
        self._groups: list[tuple[Dictionary, int, list[int]]] = []
        for name in dict.fromkeys(target.dictionary for target in watch):
            places = [place for place, target in enumerate(watch) if target.dictionary == name]
            latents = torch.tensor([watch[place].latent for place in places], device=loaded.device)
            self._groups.append((loaded.dictionaries[name].only(latents), loaded.layer_of[name], places))
        self.whole_layers = tuple(sorted({loaded.layer_of[whole.dictionary] for whole in read}))
        self.layers = tuple(sorted({*self.whole_layers, *(layer for _, layer, _ in self._groups)}))

    @torch.inference_mode()
    def watched(self, residuals: Mapping[int, Tensor], n: int) -> Tensor:
        """Of residuals (n, d_model) by layer: activations (n, len(watch)) on the CPU, in the order of `watch`."""
        out = torch.zeros(n, len(self.watch))
        self.watched_from(residuals, out)
        return out

    @torch.inference_mode()
    def watched_from(self, residuals: Mapping[int, Tensor], out: Tensor) -> None:
        """Of residuals (..., d_model), into out (..., len(watch)); layers that are missing leave it as it is."""
        for encoder, layer, places in self._groups:
            if layer in residuals:
                out[..., places] = encoder.encode(residuals[layer]).to(out.device)
