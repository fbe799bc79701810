"""What fires on names: at a name's last token and at the end of its prompt, many names in a pass.

What stands before a name is run once for all names behind it, which see its keys and values; blocks behind the last
that is read aren't run. Knows nothing about what the names are known for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from model_worker.circuits.basis.reading import seen_by
from model_worker.circuits.groups.role_names import RoleName
from model_worker.circuits.sequence_pass import SequencePass, Taps
from model_worker.model.gemma import Gemma, KeysValues
from model_worker.model.sae import Dictionary

RolePlace = Literal["name_last", "end"]


@dataclass(frozen=True)
class FiredOn:
    """values: by layer and place (names, n_nodes). residuals: (names, layers that were run, d_model) at the name's last
    token."""

    values: Mapping[tuple[int, RolePlace], Tensor]
    residuals: Tensor


class NamePasses:
    """dictionaries: by layer; none: neurons. depth: blocks whose nodes are wanted."""

    def __init__(self, gemma: Gemma, dictionaries: Mapping[int, Dictionary], depth: int) -> None:
        self._gemma, self._dictionaries = gemma, dictionaries
        read = [layer for layer in dictionaries if layer < depth] if dictionaries else [depth - 1]
        self._end = max(read, default=0) + 1
        self._begun: dict[tuple[int, ...], list[KeysValues]] = {}

    @torch.no_grad()
    def fired_on(self, names: Sequence[RoleName]) -> FiredOn:
        """names: as long, begun and ended at the same tokens."""
        one = names[0]
        whole = SequencePass.of(self._gemma, len(one.ids)).behind(one.first)
        at: dict[RolePlace, int] = {"name_last": one.last - one.first, "end": whole.n_pos - 1}
        begun = [self._before(name.ids[: name.first]) for name in names]
        values: dict[tuple[int, RolePlace], Tensor] = {}
        residuals: list[Tensor] = []
        mids: list[Tensor] = []

        def resid(layer: int, x: Tensor) -> Tensor:
            residuals.append(x[:, at["name_last"]])
            if (own := self._dictionaries.get(layer)) is not None:
                block = self._gemma.blocks[layer]
                for place, pos in at.items():
                    values[layer, place] = own.encode(seen_by(own, block, x[:, pos], mids[-1][:, pos]))
            return x

        def mid(_layer: int, x: Tensor) -> Tensor:
            mids[:] = [x]
            return x

        def neurons(layer: int, z: Tensor) -> Tensor:
            if not self._dictionaries:
                for place, pos in at.items():
                    values[layer, place] = z[:, pos].clone()
            return z

        def keys(layer: int, k: Tensor, v: Tensor) -> KeysValues:
            before_k, before_v = zip(*(kept[layer] for kept in begun), strict=True)
            return torch.cat([torch.cat(before_k), k], 1), torch.cat([torch.cat(before_v), v], 1)

        x = torch.cat([whole.embed(name.ids[name.first :]) for name in names])
        whole.run(x, end=self._end, taps=Taps(resid=resid, mid=mid, neurons=neurons, keys=keys))
        return FiredOn(values, torch.stack(residuals, 1))

    def _before(self, ids: tuple[int, ...]) -> list[KeysValues]:
        """By layer (1, pos, n_kv_heads, head_dim)."""
        if ids not in self._begun:
            kept: list[KeysValues] = []

            def keys(_layer: int, k: Tensor, v: Tensor) -> KeysValues:
                kept.append((k, v))
                return k, v

            whole = SequencePass.of(self._gemma, len(ids))
            whole.run(whole.embed(ids), end=self._end, taps=Taps(keys=keys))
            self._begun[ids] = kept
        return self._begun[ids]
