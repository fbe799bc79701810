"""Labelled names, read at their last token in three places: what dictionaries make of their residuals in each.

A name's own numbers go into its trial; what is summed over names, for the variance about their mean, is read again
where a study goes on. Knows nothing about figures.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from model_worker.decoding.states import read
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.model.sae import Dictionary
from model_worker.rounding import all_rounded, rounded
from model_worker.studies.shared.names import Taken, in_question, in_statement
from model_worker.studies.shared.statistics import Interval, auroc, auroc_interval, share_difference
from protocol.steering import LatentTarget
from protocol.vocabulary import Label
from protocol.worker.names import LABELS
from protocol.worker.studies import TransferRequest

READING_PLACES = ("base, statement", "chat, statement", "chat, question")


class Readings:
    """Residuals of names at their last token, and what is summed over them: x by dictionary and place, for the variance
    about their mean."""

    def __init__(
        self,
        loaded: Loaded,
        base: Gemma,
        request: TransferRequest,
        dictionaries: Sequence[str],
        names: Sequence[Taken],
    ) -> None:
        self._loaded, self._dictionaries, self._names = loaded, tuple(dictionaries), names
        self._latents = {role: _encoder(loaded, getattr(request, role)) for role in LABELS}
        statement, question = in_statement(loaded, None), in_question(loaded, None)
        self._places = ((base, statement), (loaded.gemma, statement), (loaded.gemma, question))
        self._sums: list[dict[str, tuple[Tensor, float]]] = [{} for _ in READING_PLACES]
        self._n = 0
        self._newest: list[tuple[Tensor, ...]] = []

    def upto(self, n: int) -> Iterator[None]:
        """The first n names are in the sums."""
        while self._n < n:
            yield from self._take()

    def next_numbers(self) -> Generator[None, None, dict[str, tuple[float, ...]]]:
        """Of the name after those that are in the sums, which it joins."""
        yield from self._take()
        found: dict[str, tuple[float, ...]] = {}
        for place, residuals in enumerate(self._newest):
            found[key_of(place, "norm")] = all_rounded(x.float().norm().item() for x in residuals)
            found[key_of(place, "missed")] = all_rounded(self._missed(name, residuals) for name in self._dictionaries)
            for role, (encoder, layer) in self._latents.items():
                found[key_of(place, role)] = (rounded(encoder.encode(residuals[layer]).item()),)
        return found

    def fvu(self, name: str, place: int, missed: Sequence[Sequence[float]]) -> float | None:
        """missed: by name of the first so many and by dictionary, |x - x^|^2."""
        total, squares = self._sums[place][name]
        variance = squares - (total.square().sum() / len(missed)).item()
        at = self._dictionaries.index(name)
        return rounded(sum(one[at] for one in missed) / variance) if len(missed) > 1 and variance > 0 else None

    def _take(self) -> Iterator[None]:
        self._newest = []
        for (gemma, placed), sums in zip(self._places, self._sums, strict=True):
            ids = placed(self._names[self._n].entity).ids
            residuals = tuple(one[-1] for one in read(gemma, ids).residuals)
            for name in self._dictionaries:
                x = residuals[self._loaded.layer_of[name]].double()
                total, squares = sums.get(name, (torch.zeros_like(x), 0.0))
                sums[name] = (total + x, squares + x.square().sum().item())
            self._newest.append(residuals)
            yield None
        self._n += 1

    @torch.inference_mode()
    def _missed(self, name: str, residuals: Sequence[Tensor]) -> float:
        dictionary = self._loaded.dictionaries[name]
        x = residuals[self._loaded.layer_of[name]].float()
        decoded = dictionary.encode(x) @ dictionary.W_dec + dictionary.b_dec
        return (x - decoded).square().sum().item()


def _encoder(loaded: Loaded, target: LatentTarget) -> tuple[Dictionary, int]:
    """Of one latent, and the layer that it reads."""
    latent = torch.tensor([target.latent], device=loaded.device)
    return loaded.dictionaries[target.dictionary].only(latent), loaded.layer_of[target.dictionary]


@dataclass(frozen=True)
class Separation:
    """Shares of known and of unknown names on which a latent fires, how far they are apart, and AUROC; None where a
    side is empty."""

    f_known: float | None
    f_unknown: float | None
    apart: float | None
    of_apart: Interval | None
    auroc: float | None
    of_auroc: Interval | None


def separation(values: Sequence[float], labels: Sequence[Label | None], role: Label) -> Separation:
    of = {label: [value for value, own in zip(values, labels, strict=True) if own == label] for label in LABELS}
    f = {label: float(np.mean([value > 0 for value in own])) if own else None for label, own in of.items()}
    own, other = (of[label] for label in (role, "unknown" if role == "known" else "known"))
    fires, others = (sum(value > 0 for value in side) for side in (own, other))
    found = auroc(own, other)
    return Separation(
        f_known=f["known"],
        f_unknown=f["unknown"],
        apart=fires / len(own) - others / len(other) if own and other else None,
        of_apart=share_difference(fires, len(own), others, len(other)),
        auroc=found,
        of_auroc=None if found is None else auroc_interval(found, len(own), len(other)),
    )


def key_of(place: int, what: str) -> str:
    return f"place{place}/{what}"
