"""Which latents tell known names from unknown ones.

    s_known = f_known - f_unknown,   s_unknown = -s_known        of a type
    score   = the least of s over types                          of a latent

(Ferrando et al., section 3, equation 6, and section 4, equation 7.) Ranked are latents of all dictionaries together, on
the training half, those left out that fire on `max_corpus_share` of ordinary text or more. The paper's code ranks on
all names; ours can't: it ranks before a name of the test half is read. Knows nothing about models or activations.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from model_worker.rounding import rounded
from model_worker.studies.discover.tally import Counts, Shares
from model_worker.studies.shared.statistics import share_difference
from protocol.vocabulary import Split
from protocol.worker.study_frames import RankedLatent, TypeScore

SIDES: tuple["Side", ...] = ("known", "unknown")
Side = Literal["known", "unknown"]
"""What a latent stands for: it fires on these."""


class Latent(NamedTuple):
    dictionary: str
    index: int  # type: ignore[assignment]  # a tuple's own `index` is not missed


@dataclass(frozen=True)
class Best:
    """Ranked latents by side, best first; the best of each type alone, by side and type; the best of each dictionary
    by side, common ones too. Only those that score more than 0."""

    ranked: Mapping[Side, tuple[Latent, ...]]
    alone: Mapping[tuple[Side, str], Latent]
    of_dictionary: Mapping[tuple[Side, str], Latent]

    @property
    def by_dictionary(self) -> dict[str, tuple[int, ...]]:
        """All of them."""
        found = {one for few in self.ranked.values() for one in few}
        found |= {*self.alone.values(), *self.of_dictionary.values()}
        latents: dict[str, tuple[int, ...]] = {}
        for dictionary, index in sorted(found):
            latents[dictionary] = (*latents.get(dictionary, ()), index)
        return latents


def separations(shares: Shares, side: Side) -> np.ndarray:
    """s, (n_types, d_sae)."""
    return shares.f_known - shares.f_unknown if side == "known" else shares.f_unknown - shares.f_known


def best_of(counts: Counts, max_corpus_share: float, top: int, split: Split = "train") -> Best:
    """By what was counted of one split so far. Of equals, the first in the order of dictionaries and latents."""
    found: dict[Side, list[tuple[float, int, Latent]]] = {"known": [], "unknown": []}
    alone: dict[tuple[Side, str], tuple[float, Latent]] = {}
    of_dictionary: dict[tuple[Side, str], Latent] = {}
    for place, dictionary in enumerate(counts.d_sae):
        shares = counts.shares(dictionary, split)
        if shares is None:
            continue
        common = is_common(counts, dictionary, max_corpus_share)
        for side in SIDES:
            s = np.where(common, -np.inf, separations(shares, side))
            worst = s.min(0)
            few = [int(one) for one in _largest(worst, top) if worst[one] > 0]
            found[side] += [(-worst[one], place, Latent(dictionary, one)) for one in few]
            unfiltered = separations(shares, side).min(0)
            if unfiltered.max() > 0:
                of_dictionary[side, dictionary] = Latent(dictionary, int(unfiltered.argmax()))
            for kind, own in zip(shares.types, s, strict=True):
                first = int(own.argmax())
                if own[first] > alone.get((side, kind), (0.0,))[0]:
                    alone[side, kind] = (own[first], Latent(dictionary, first))
    return Best(
        ranked={side: tuple(latent for *_, latent in sorted(found[side])[:top]) for side in SIDES},
        alone={key: latent for key, (_, latent) in alone.items()},
        of_dictionary=of_dictionary,
    )


def is_common(counts: Counts, dictionary: str, max_corpus_share: float) -> np.ndarray:
    """(d_sae,): those that the corpus filter takes out; none before the text was read."""
    share = counts.corpus_share(dictionary)
    return np.zeros(counts.d_sae[dictionary], dtype=bool) if share is None else share >= max_corpus_share


def told(counts: Counts, layer: int, latent: Latent, side: Side, only: str | None = None) -> RankedLatent:
    """By the training half."""
    shares = _shares(counts, latent, "train")
    corpus = counts.corpus_share(latent.dictionary)
    return RankedLatent(
        dictionary=latent.dictionary,
        layer=layer,
        latent=latent.index,
        score=rounded(_score(shares, latent, side, only)),
        train=_scores(shares, latent),
        corpus_share=None if corpus is None else rounded(float(corpus[latent.index])),
        only=only,
    )


def tested(counts: Counts, ranked: RankedLatent, side: Side) -> RankedLatent:
    """The same with the test half beside it. The interval in the worst type: the least of the types' own ends."""
    latent = Latent(ranked.dictionary, ranked.latent)
    shares = _shares(counts, latent, "test")
    ends = []
    for place, kind in enumerate(shares.types):
        if ranked.only in (None, kind):
            known = int(shares.known[place, latent.index]), int(shares.n_known[place])
            unknown = int(shares.unknown[place, latent.index]), int(shares.n_unknown[place])
            one = share_difference(*known, *unknown) if side == "known" else share_difference(*unknown, *known)
            assert one is not None, "no type without names of both kinds"
            ends.append(one)
    low, high = (min(own) for own in zip(*ends, strict=True))
    return ranked.model_copy(
        update={
            "test_score": rounded(_score(shares, latent, side, ranked.only)),
            "test_low": rounded(low),
            "test_high": rounded(high),
            "test": _scores(shares, latent),
        }
    )


def _largest(values: np.ndarray, n: int) -> list[int]:
    return [int(place) for place in np.argsort(-values, kind="stable")[:n]]


def _shares(counts: Counts, latent: Latent, split: Split) -> Shares:
    shares = counts.shares(latent.dictionary, split)
    assert shares is not None, "ranked, so it was read"
    return shares


def _score(shares: Shares, latent: Latent, side: Side, only: str | None) -> float:
    s = separations(shares, side)[:, latent.index]
    return float(s.min() if only is None else s[shares.types.index(only)])


def _scores(shares: Shares, latent: Latent) -> tuple[TypeScore, ...]:
    columns = (shares.f_known[:, latent.index], shares.f_unknown[:, latent.index])
    return tuple(
        TypeScore(type=kind, f_known=rounded(float(known)), f_unknown=rounded(float(unknown)))
        for kind, known, unknown in zip(shares.types, *columns, strict=True)
    )
