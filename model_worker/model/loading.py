"""From a registry row to a model in memory: weights, tokenizer, dictionaries, vectors, world, corpus.

The same road for the embedded model and for Gemma. Knows nothing about requests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from model_worker.model.checkpoint import Checkpoint
from model_worker.model.dictionaries.held import Dictionaries, in_use
from model_worker.model.dictionaries.transcoder import Transcoder, load_transcoder
from model_worker.model.gemma import Gemma
from model_worker.model.pieces import piece_text, pieces_of
from model_worker.model.registry import RegistryRow
from model_worker.model.sae import Dictionary, load_dictionary
from model_worker.model.weights import Untuned, load_weights
from model_worker.model.world import World, read_world
from model_worker.risk_file import LoadedRisk, read_risk
from protocol.worker.models import ModelCard


@dataclass(frozen=True)
class Loaded:
    """A model ready to run. Frozen: nothing that a request does may stay behind in it."""

    card: ModelCard
    checkpoint: Checkpoint  # whose tensors `gemma` shares
    gemma: Gemma
    tokenizer: PreTrainedTokenizerBase
    dictionaries: Mapping[str, Dictionary]
    layer_of: dict[str, int]  # of a dictionary or a vector, by its name
    vectors: dict[str, Tensor]
    world: World
    corpus: tuple[str, ...]  # a sample of text, a document each; empty where the card has none
    stop_ids: frozenset[int]
    opens_refusal: Tensor  # (vocab,), bool: the first answer token opens a refusal
    sha256: str
    device: str
    risk: LoadedRisk | None = None  # None: the card has none
    base: Untuned | None = None  # where the card's base is the same weights, perhaps without a delta
    transcoders: Mapping[str, Transcoder] = field(default_factory=dict)

    @cached_property
    def model(self) -> Any:
        """transformers' own model over the same tensors: the reference that `gemma` equals. Only tests and benchmarks
        ask for it."""
        return self.checkpoint.in_transformers()


def load(row: RegistryRow, device: str = "cpu", say: Callable[[str], None] = lambda _doing: None) -> Loaded:
    """Load everything that the card names, but for dictionaries that nothing of the card itself reads: they wait until
    they are asked for. say: told what it is at.

    Raises Refused or ValueError where the card says what isn't so, and what transformers or the file system raise."""
    card, folder = row.card, row.folder
    say("reading the weights")
    weights = load_weights(row, device)
    say("reading the tokenizer")
    checkpoint, tokenizer = weights.checkpoint, AutoTokenizer.from_pretrained(row.place_of(card.weights))
    layer_of = {one.id: one.layer for one in (*card.dictionaries, *card.transcoders)}
    layer_of |= {one.name: one.layer for one in card.vectors}
    vectors = load_file(folder / "directions.safetensors") if card.vectors else {}
    require_carded_shape(card, weights.gemma, vectors)
    say("reading the dictionaries")
    dictionaries = Dictionaries(
        card.dictionaries, partial(load_dictionary, folder=folder, d_model=card.d_model, device=device)
    )
    transcoders = Dictionaries(
        card.transcoders, partial(load_transcoder, folder=folder, d_model=card.d_model, device=device)
    )
    dictionaries.load(in_use(card))
    say("reading names, facts and text")
    opens_refusal = _opens_refusal(card, len(checkpoint.head), tokenizer).to(device)
    weights.gemma.head = weights.gemma.head.naming(opens_refusal.nonzero().squeeze(-1))
    return Loaded(
        card=card,
        checkpoint=checkpoint,
        gemma=weights.gemma,
        tokenizer=tokenizer,
        dictionaries=dictionaries,
        layer_of=layer_of,
        vectors={v.name: vectors[v.name].float().to(device) for v in card.vectors},
        world=read_world(folder / card.world, card.other_words) if card.world else World(),
        corpus=_documents(folder / card.corpus) if card.corpus else (),
        stop_ids=_stop_ids(checkpoint.eos_ids, tokenizer),
        opens_refusal=opens_refusal,
        sha256=weights.sha256,
        risk=read_risk(folder / card.risk) if card.risk else None,
        device=device,
        base=weights.base,
        transcoders=transcoders,
    )


def require_carded_shape(card: ModelCard, gemma: Gemma, vectors: Mapping[str, Tensor]) -> None:
    """Raises ValueError where the model, or what the card places in it, is of another shape: it would be read
    elsewhere."""
    found = {"n_layers": gemma.n_layers, "d_model": gemma.shape.d_model}
    for name, value in found.items():
        if getattr(card, name) != value:
            raise ValueError(f"{card.id}: the card says {name} {getattr(card, name)}, its weights have {value}")
    placed_at = [(one.id, one.layer) for one in (*card.dictionaries, *card.transcoders)]
    for placed, layer in placed_at + [(one.name, one.layer) for one in card.vectors]:
        if layer >= card.n_layers:
            raise ValueError(
                f"{card.id}: the card says layer {layer} of {placed}, its last layer is {card.n_layers - 1}"
            )
    for vector in card.vectors:
        shape = tuple(vectors[vector.name].shape) if vector.name in vectors else "no such vector"
        if shape != (card.d_model,):
            raise ValueError(f"{card.id}: {vector.name} in directions.safetensors is {shape}, not ({card.d_model},)")
    if card.residual_norm and len(card.residual_norm) != card.n_layers:
        raise ValueError(f"{card.id}: residual_norm has {len(card.residual_norm)} numbers for {card.n_layers} layers")


def _documents(file: Path) -> tuple[str, ...]:
    return tuple(line for line in file.read_text("utf-8").split("\n") if line.strip())


def _stop_ids(eos_ids: frozenset[int], tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    ids = eos_ids | {tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<end_of_turn>")}
    return frozenset(i for i in ids if i is not None and i != tokenizer.unk_token_id)


def _opens_refusal(card: ModelCard, vocab_size: int, tokenizer: PreTrainedTokenizerBase) -> Tensor:
    """By text, white space aside: a word and its byte, with a space before it or without. Raises ValueError if none."""
    wanted = set(card.refusal_openings)
    pieces = pieces_of(tokenizer)[:vocab_size]
    ids = [token for token, piece in enumerate(pieces) if piece_text(piece, token).strip() in wanted]
    if not ids:
        raise ValueError(f"{card.id}: none of its refusal openings {sorted(wanted)} is a token")
    opens = torch.zeros(vocab_size, dtype=torch.bool)
    opens[ids] = True
    return opens
