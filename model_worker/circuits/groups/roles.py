"""Which latent or neuron is for what: position × contrast of known and unknown names.

1. known and unknown names of the model's world, each in a question of its card (role_names.py)
2. what fires at the name's last token and at the end of the prompt: moments by label
3. r, the point-biserial correlation of an activation with known (1) and unknown (0)
       name's last token   r > .4 recognised, < −.4 not recognised, else which name
       end                 r > .3 say the answer, < −.3 can't answer, else neither
       other tokens        of the name: which name; else: the rest
4. a copy, a later layer's latent that writes what a recognising one writes, is folded into that one's role

Without a world there is no contrast, and where no name was seen in a prompt it says nothing of it: then position alone
makes the groups. Knows nothing about a pair of prompts.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.circuits.groups.name_passes import NamePasses, RolePlace
from model_worker.circuits.groups.role_names import RoleName, drawn_names, n_role_names, role_name
from model_worker.circuits.inquiry import Inquiry, spans
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.model.sae import Dictionary
from protocol.circuit import GroupRole
from protocol.spelling import fold
from protocol.vocabulary import Format, Label
from protocol.worker.circuit_frames import ColumnPlace

NAME_R, END_R = 0.4, 0.3
COPY_COSINE = 0.7
ROWS_TOKENS = 160  # of a step
KEPT_ROLES = 4

_PLACES: tuple[RolePlace, RolePlace] = ("name_last", "end")


@dataclass(frozen=True)
class Fired:
    """Of one cell (place, type, label): how many names, on how many each node fired, Σ a and Σ a², (n_nodes,) fp64."""

    n: int
    fired: Tensor
    total: Tensor
    squares: Tensor


@dataclass(frozen=True)
class Roles:
    """r: by place and layer, (n_nodes,). fired: by layer and cell. residual: by type, (layers that were run, d_model),
    the mean of its known and its unknown names, each counted half, at the name's last token. n_known, n_unknown: names
    read."""

    r: Mapping[tuple[RolePlace, int], Tensor]
    fired: Mapping[tuple[int, RolePlace, str, Label], Fired]
    residual: Mapping[str, Tensor]
    n_known: int
    n_unknown: int

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(self.residual)

    def where_it_fires(self, label: Label, layer: int, latents: bool) -> Tensor:
        """Mean activation (n_nodes,) at the last token of a label's names: of a latent, of those on which it fires."""
        cells = [cell for key, cell in self.fired.items() if key[:2] == (layer, "name_last") and key[3] == label]
        total = torch.stack([cell.total for cell in cells]).sum(0)
        if not latents:
            return (total / sum(cell.n for cell in cells)).float()
        return (total / torch.stack([cell.fired for cell in cells]).sum(0).clamp(min=1)).float()

    def role_masks(self, place: ColumnPlace, layer: int, blank: Tensor) -> dict[GroupRole, Tensor]:
        """Which nodes of a column of that place are of which role, (n_nodes,) bool each, as blank is; roles without any
        are left out."""
        everything = torch.ones_like(blank, dtype=torch.bool)
        if place not in _PLACES or (place, layer) not in self.r:
            return {_BY_PLACE[place]: everything}
        r, bound = self.r[place, layer], NAME_R if place == "name_last" else END_R
        high, low = r > bound, r < -bound
        roles: dict[GroupRole, Tensor] = (
            {"recognised": high, "not_recognised": low}
            if place == "name_last"
            else {"say_answer": high, "cant_answer": low}
        )
        roles[_BY_PLACE[place]] = ~(high | low)
        return {role: mask for role, mask in roles.items() if mask.any()}


_BY_PLACE: dict[ColumnPlace, GroupRole] = {
    "name": "which_name",
    "name_last": "which_name",
    "end": "end_neither",
    "before": "rest",
    "after": "rest",
}
NO_ROLES = Roles({}, {}, {}, 0, 0)


class RoleBook:
    """Roles that were read, the latest few. most: names of either label; None: as many as take seconds."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[object, ...], Roles] = OrderedDict()

    def roles(self, inquiry: Inquiry, apart: Collection[str] = ()) -> Generator[None, None, Roles]:
        """In short steps. apart: names that must not be among them, beside those that the inquiry asks about."""
        if all(side.prompt.entity.found == "whole_prompt" for side in inquiry.sides):
            return NO_ROLES
        request = inquiry.request
        n = n_role_names(inquiry.gemma) if self._most is None else self._most
        drawn = {fold(entity.name) for entity, _ in drawn_names(inquiry.loaded, n, ())}
        asked = {fold(side.prompt.name or side.prompt.entity.text) for side in inquiry.sides}
        without = frozenset(drawn & (asked | {fold(one) for one in apart}))
        depth = inquiry.target.depth
        key = (request.format, request.basis, tuple(sorted(inquiry.named.items())), n, without, depth)
        if key not in self._kept:
            self._kept[key] = yield from read_roles(
                inquiry.loaded, inquiry.gemma, request.format, inquiry.dictionaries, depth, n, without
            )
            while len(self._kept) > KEPT_ROLES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def read_roles(
    loaded: Loaded,
    gemma: Gemma,
    form: Format,
    dictionaries: Mapping[int, Dictionary],
    depth: int,
    most: int,
    apart: Collection[str],
) -> Generator[None, None, Roles]:
    """dictionaries: none: neurons. In short steps."""
    names = []
    for number, (entity, label) in enumerate(drawn_names(loaded, most, apart)):
        names.append(role_name(loaded, entity, label, form))
        if number % 32 == 0:
            yield None
    if not names:
        return NO_ROLES
    sums: dict[tuple[int, RolePlace, str, Label], Fired] = {}
    residuals: dict[tuple[str, Label], Tensor] = {}
    counts: dict[tuple[str, Label], int] = defaultdict(int)
    alike: dict[tuple[int, int, int], list[RoleName]] = defaultdict(list)
    for one in names:
        alike[len(one.ids), one.first, one.last].append(one)
        counts[one.type, one.label] += 1
    passes = NamePasses(gemma, dictionaries, depth)
    for (n_pos, begins, _), same in alike.items():
        for some in spans(same, max(1, ROWS_TOKENS // (n_pos - begins))):
            seen = passes.fired_on(some)
            for cell in {(one.type, one.label) for one in some}:
                rows = [row for row, one in enumerate(some) if (one.type, one.label) == cell]
                for (layer, place), values in seen.values.items():
                    _add(sums, (layer, place, *cell), values[rows])
                own = seen.residuals[rows].double().sum(0)
                residuals[cell] = residuals[cell] + own if cell in residuals else own
            yield None
    r = {(place, layer): _correlation(sums, layer, place) for layer, place in {key[:2] for key in sums}}
    yield None
    for layer in sorted(dictionaries):
        _fold_copies(r, dictionaries, layer)
    means = {
        kind: torch.stack([residuals[kind, label] / counts[kind, label] for label in _LABELS]).mean(0).float()
        for kind in sorted({kind for kind, _ in counts})
    }
    n = {label: sum(count for cell, count in counts.items() if cell[1] == label) for label in _LABELS}
    return Roles(r, sums, means, n["known"], n["unknown"])


_LABELS: tuple[Label, Label] = ("known", "unknown")


def _add(
    sums: dict[tuple[int, RolePlace, str, Label], Fired], key: tuple[int, RolePlace, str, Label], values: Tensor
) -> None:
    own = Fired(len(values), (values > 0).sum(0), values.double().sum(0), values.double().square().sum(0))
    if (had := sums.get(key)) is not None:
        own = Fired(had.n + own.n, had.fired + own.fired, had.total + own.total, had.squares + own.squares)
    sums[key] = own


def _correlation(sums: Mapping[tuple[int, RolePlace, str, Label], Fired], layer: int, place: RolePlace) -> Tensor:
    """Point-biserial r (n_nodes,), 0 where nothing varies."""
    own = {
        label: [cell for key, cell in sums.items() if key[:2] == (layer, place) and key[3] == label]
        for label in _LABELS
    }
    n = {label: sum(cell.n for cell in cells) for label, cells in own.items()}
    total = {label: torch.stack([cell.total for cell in cells]).sum(0) for label, cells in own.items()}
    squares = torch.stack([cell.squares for cells in own.values() for cell in cells]).sum(0)
    both = n["known"] + n["unknown"]
    mean = (total["known"] + total["unknown"]) / both
    spread = (squares / both - mean.square()).clamp(min=0).sqrt()
    apart = total["known"] / n["known"] - total["unknown"] / n["unknown"]
    share = (n["known"] * n["unknown"]) ** 0.5 / both
    least = 1e-6 * squares.div(both).sqrt()
    return torch.where(spread > least, apart * share / spread.clamp(min=1e-30), 0.0).float()


def _fold_copies(r: dict[tuple[RolePlace, int], Tensor], dictionaries: Mapping[int, Dictionary], layer: int) -> None:
    """Latents of `layer` at the name's last token that write what one of the dictionary before writes that has a role:
    they get its r."""
    before = max((one for one in dictionaries if one < layer), default=None)
    if before is None or ("name_last", layer) not in r:
        return
    own, earlier = r["name_last", layer], r["name_last", before]
    roled = (earlier.abs() > NAME_R).nonzero().squeeze(-1)
    if not len(roled):
        return
    rows = torch.nn.functional.normalize(dictionaries[layer].W_dec, dim=-1)
    cosine = rows @ torch.nn.functional.normalize(dictionaries[before].W_dec[roled], dim=-1).T
    best = cosine.max(-1)
    copies = (own.abs() <= NAME_R) & (best.values > COPY_COSINE)
    own[copies] = earlier[roled][best.indices[copies]]
