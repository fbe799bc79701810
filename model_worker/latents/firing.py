"""The capability `latent`: what is known of one latent by itself.

1. its logit lens                                                     -> lens
2. where it fires in the model's sample of text: how often, how hard, the strongest token of each document with what
   stands around it; and at the last token of known names and of unknown ones     -> firing
3.                                                                    -> done

The sample is read once, by whoever asks first, in short steps; None says that it is not read as far yet.
"""

import time
from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from model_worker.decoding.states import Ids
from model_worker.latents.lens import lens
from model_worker.latents.sample import Sample
from model_worker.model.loading import Loaded
from model_worker.model.pieces import token_text
from model_worker.model.world import Entity
from model_worker.rounding import all_rounded, rounded
from protocol.worker.frames import Done, Frame
from protocol.worker.latent_frames import Firing, NamesRead, Snippet
from protocol.worker.requests import LatentRequest, LensRequest

AROUND = 12  # tokens of a snippet on each side of its peak


def latent(loaded: Loaded, sample: Sample, request: LatentRequest) -> Generator[Frame | None]:
    """Raises Refused for a latent that the model doesn't have."""
    began = time.perf_counter()
    yield next(lens(loaded, LensRequest(model=request.model, target=request.target, n_tokens=request.n_tokens)))
    yield from sample.reading(loaded.layer_of[request.target.dictionary])
    yield _firing(loaded, sample, request)
    yield Done(seq=2, elapsed_s=round(time.perf_counter() - began, 4), n_tokens=0)


@torch.inference_mode()
def _firing(loaded: Loaded, sample: Sample, request: LatentRequest) -> Firing:
    target = request.target
    only = torch.tensor([target.latent], device=loaded.device)
    encoder, layer = loaded.dictionaries[target.dictionary].only(only), loaded.layer_of[target.dictionary]

    def activations(parts: Sequence[Tensor]) -> Tensor:
        """(n,) on the CPU."""
        return torch.cat([torch.empty(0), *(encoder.encode(part).squeeze(-1).cpu() for part in parts)])

    of_documents, of_names = sample.residuals(layer)
    in_text = activations(of_documents)
    return Firing(
        seq=1,
        n_tokens=len(in_text),
        n_firing=int((in_text > 0).sum()),
        max_activation=rounded(in_text.max().item()) if len(in_text) else 0.0,
        snippets=_snippets(loaded, sample.documents, in_text, request.n_snippets),
        names=_names(sample.names, activations(of_names).tolist()),
    )


def _snippets(loaded: Loaded, documents: Sequence[Ids], in_text: Tensor, n: int) -> tuple[Snippet, ...]:
    """in_text: of all documents' tokens, one after the other."""
    acts = in_text.split([len(ids) for ids in documents])
    peaks = {place: own.max().item() for place, own in enumerate(acts) if len(own) and own.max() > 0}
    strongest = sorted(peaks, key=lambda place: -peaks[place])[:n]
    return tuple(snippet(loaded, documents[place], acts[place]) for place in strongest)


def snippet(loaded: Loaded, ids: Ids, acts: Tensor, peak: int | None = None) -> Snippet:
    """What stands around a token of a document; None: around its strongest."""
    peak = int(acts.argmax()) if peak is None else peak
    first = max(0, peak - AROUND)
    texts = [token_text(loaded.tokenizer, token) for token in ids[first : peak + AROUND + 1]]
    cut = next((number for number, text in enumerate(texts) if not text[:1].isalnum()), 0) if first else 0
    if 0 < cut <= peak - first:  # begins with a word, not within one
        first, texts = first + cut, texts[cut:]
    return Snippet(
        texts=tuple(texts),
        activations=all_rounded(acts[first : first + len(texts)].tolist()),
        peak=peak - first,
    )


def _names(names: Sequence[Entity], acts: Sequence[float]) -> tuple[NamesRead, ...]:
    read: dict[str, dict[str, list[float]]] = {}
    for entity, act in zip(names, acts, strict=True):
        read.setdefault(entity.type, {}).setdefault(entity.tier, []).append(act)
    return tuple(
        NamesRead(
            entity_type=kind,
            known=all_rounded(of_tier.get("known", ())),
            unknown=all_rounded(of_tier.get("unknown", ())),
        )
        for kind, of_tier in read.items()
    )
