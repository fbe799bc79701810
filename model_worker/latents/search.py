"""The capability `search`: latents by meaning, that is by a word that they write or fire on.

1. the tokens that say the word in any spelling; where none does, the one that it begins with (latents/vocabulary.py)
2. of each latent what its decoder row adds to their logits (latents/lens.py); of the N_RANKED that add most, the place
   of the token among all that the latent promotes; those are told that have it among their first MOST_RANK
3. the places where the sample of text says the words (latents/spoken.py); a latent fires at one if it fires on one of
   its tokens
4. latents by F1 = 2 p r / (p + r), with r the share of the places on which a latent fires and p their share of all on
   which it fires: what fires everywhere says nothing, nor does what fires once                      -> found, done

Both are measured anew for each word, on any dictionary that is loaded. None says that the sample is not read yet.
"""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.latents.firing import snippet
from model_worker.latents.spoken import Spoken, WordPlace
from model_worker.latents.vocabulary import Vocabulary
from model_worker.model.loading import Loaded
from model_worker.model.pieces import token_text
from model_worker.rounding import rounded
from protocol.spelling import fold
from protocol.steering import LatentTarget
from protocol.worker.frames import Done, Frame
from protocol.worker.latent_frames import FiresFound, LatentsFound, LensToken, WritesFound
from protocol.worker.requests import SearchRequest

N_RANKED = 32  # of each dictionary
MOST_RANK = 10
PLACES_OF_A_STEP = 128


def search(loaded: Loaded, vocabulary: Vocabulary, spoken: Spoken, request: SearchRequest) -> Generator[Frame | None]:
    began = time.perf_counter()
    yield from vocabulary.reading()
    tokens = vocabulary.saying(request.query)
    writes: list[WritesFound] = []
    for name in loaded.dictionaries if tokens else ():
        writes += _writing(loaded, name, tokens)
        yield None
    yield from spoken.reading()
    places = spoken.places(fold(request.query))
    fires: list[_Fires] = []
    for name in loaded.dictionaries if places else ():
        fires += yield from _firing(loaded, spoken, name, places, request.n)
    fires.sort(key=lambda one: -one.f1)
    yield LatentsFound(
        seq=0,
        words=fold(request.query),
        tokens=tuple(token_text(loaded.tokenizer, token) for token in tokens),
        n_tokens=spoken.n_tokens,
        n_places=len(places),
        writes=tuple(sorted(writes, key=lambda one: (one.rank, -one.token.logit))[: request.n]),
        fires=tuple(_told(loaded, spoken, one) for one in fires[: request.n]),
        n_latents=sum(one.d_sae for one in loaded.card.dictionaries),
        n_vocabulary=len(loaded.tokenizer),
    )
    yield Done(seq=1, elapsed_s=round(time.perf_counter() - began, 4), n_tokens=0)


@torch.inference_mode()
def _writing(loaded: Loaded, name: str, tokens: Sequence[int]) -> list[WritesFound]:
    directions = loaded.dictionaries[name].W_dec
    added, which = loaded.gemma.head.unembed(directions, tokens).float().max(dim=-1)  # (d_sae,)
    best = added.topk(min(N_RANKED, len(added))).indices
    best = best[added[best] > 0]
    all_logits = loaded.gemma.head.unembed(directions[best]).float()[:, : len(loaded.tokenizer)]
    chosen = torch.tensor(tokens, device=best.device)[which[best]]
    own = all_logits.gather(1, chosen.unsqueeze(1))  # of the same product: others round otherwise
    ranks = (all_logits > own).sum(dim=1) + 1
    return [
        WritesFound(
            target=LatentTarget(dictionary=name, latent=latent),
            token=LensToken(id=token, text=token_text(loaded.tokenizer, token), logit=rounded(logit)),
            rank=rank,
        )
        for latent, token, logit, rank in zip(
            *(one.flatten().tolist() for one in (best, chosen, own, ranks)), strict=True
        )
        if rank <= MOST_RANK
    ]


@dataclass(frozen=True)
class _Fires:
    target: LatentTarget
    f1: float
    n_fired: int
    n_elsewhere: int
    activation: float
    place: WordPlace


def _firing(
    loaded: Loaded, spoken: Spoken, name: str, places: Sequence[WordPlace], n: int
) -> Generator[None, None, list[_Fires]]:
    """The best n of a dictionary."""
    d_sae = loaded.dictionaries[name].d_sae
    n_fired, n_tokens = torch.zeros(d_sae, dtype=torch.long), torch.zeros(d_sae, dtype=torch.long)
    most, where = torch.zeros(d_sae), torch.zeros(d_sae, dtype=torch.long)
    for first in range(0, len(places), PLACES_OF_A_STEP):
        some = places[first : first + PLACES_OF_A_STEP]
        acts, of_place = _activations(loaded, spoken, name, some)
        strongest = torch.zeros(len(some), d_sae).scatter_reduce(0, of_place.unsqueeze(1).expand_as(acts), acts, "amax")
        n_fired += (strongest > 0).sum(0)
        n_tokens += (acts > 0).sum(0)
        high, at = strongest.max(0)
        where = torch.where(high > most, at + first, where)
        most = torch.maximum(most, high)
        yield None
    elsewhere = spoken.n_firing[name] - n_tokens
    r, p = n_fired / len(places), n_fired / (n_fired + elsewhere).clamp(min=1)
    f1 = 2 * p * r / (p + r).clamp(min=1e-9)
    best = [latent for latent in f1.topk(min(n, d_sae)).indices.tolist() if n_fired[latent]]
    return [
        _Fires(
            LatentTarget(dictionary=name, latent=latent),
            f1[latent].item(),
            int(n_fired[latent]),
            int(elsewhere[latent]),
            most[latent].item(),
            places[int(where[latent])],
        )
        for latent in best
    ]


@torch.inference_mode()
def _activations(loaded: Loaded, spoken: Spoken, name: str, places: Sequence[WordPlace]) -> tuple[Tensor, Tensor]:
    """(tokens, d_sae) on the CPU, and the place of each token (tokens,)."""
    at = torch.tensor([token for place in places for token in range(*place)])
    of_place = torch.tensor([n for n, place in enumerate(places) for _ in range(*place)])
    x = spoken.residuals(loaded.layer_of[name], at)
    return loaded.dictionaries[name].encode(x).cpu(), of_place


@torch.inference_mode()
def _told(loaded: Loaded, spoken: Spoken, one: _Fires) -> FiresFound:
    start, ids = spoken.document_at(one.place.first)
    name, latent = one.target.dictionary, torch.tensor([one.target.latent], device=loaded.device)
    x = spoken.residuals(loaded.layer_of[name], torch.arange(start, start + len(ids)))
    acts = loaded.dictionaries[name].only(latent).encode(x).squeeze(-1).cpu()
    peak = one.place.first - start + int(acts[one.place.first - start : one.place.end - start].argmax())
    return FiresFound(
        target=one.target,
        n_fired=one.n_fired,
        n_elsewhere=one.n_elsewhere,
        max_activation=rounded(one.activation),
        snippet=snippet(loaded, ids, acts, peak),
    )
