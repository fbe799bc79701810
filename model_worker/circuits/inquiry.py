"""A circuit's request as it was resolved: its prompts, read once; its target; its dictionaries.

Everything else in this folder starts here: what a node is worth, what turning it does, where heads look. Nothing is
spliced: nodes are read off the plain run, deltas are added, what a dictionary misses is kept. Knows nothing about
frames.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import torch
from torch import Tensor

from model_worker.answering.prompt import PromptTokens, read_prompt
from model_worker.circuits.alignment import aligned, alone
from model_worker.circuits.basis.choice import held_dictionaries, named_dictionaries
from model_worker.circuits.basis.reading import seen_by
from model_worker.circuits.budget import require_affordable
from model_worker.circuits.rule import PLAIN, Rule
from model_worker.circuits.sequence_pass import NO_TAPS, SequencePass, Tap, Taps, unedited
from model_worker.circuits.target import Aimed, resolved_target
from model_worker.model.dictionaries.transcoder import Transcoder
from model_worker.model.gemma import Gemma, KeysValues
from model_worker.model.loading import Loaded
from model_worker.model.sae import Dictionary
from model_worker.steering.formula import Delta
from model_worker.steering.interventions import resolved_direction
from model_worker.steering.sites import prompt_sites
from protocol.circuit import BASIS_KINDS, NodeKind
from protocol.refusal import Refused
from protocol.worker.circuit_frames import AlignedColumn
from protocol.worker.circuits import CircuitRequest
from protocol.worker.requests import GenerateRequest, Span

T = TypeVar("T")


@dataclass(frozen=True)
class PromptSide:
    """One prompt with what was said of the answer, as the plain run has it, fp32.

    embedding   (1, pos, d_model)
    residuals   by layer (pos, d_model), after what is held in force
    mids        by layer (pos, d_model), between attention and MLP
    neurons     by layer (pos, d_mlp), inputs of down_proj
    heads       by layer (pos, n_heads, head_dim), z before o_proj
    patterns    by layer (n_heads, pos, pos)
    logits      (vocab,) after the last token
    keys        by layer, keys and values (1, pos, n_kv_heads, head_dim)
    """

    prompt: PromptTokens
    ids: tuple[int, ...]
    whole: SequencePass
    hold: tuple[Delta, ...]
    embedding: Tensor
    residuals: tuple[Tensor, ...]
    mids: tuple[Tensor, ...]
    neurons: tuple[Tensor, ...]
    heads: tuple[Tensor, ...]
    patterns: tuple[Tensor, ...]
    logits: Tensor
    keys: tuple[KeysValues, ...] = ()

    @property
    def n_pos(self) -> int:
        return len(self.ids)

    def into(self, layer: int) -> Tensor:
        """What goes into a block, (1, pos, d_model)."""
        return self.embedding if layer == 0 else self.residuals[layer - 1].unsqueeze(0)

    def mlp(self, layer: int) -> Tensor:
        """What a block's MLP adds, behind its norm, (pos, d_model)."""
        block = self.whole.gemma.blocks[layer]
        return PLAIN.norm(unedited(block.after_mlp), self.neurons[layer] @ block.down)

    def to_be_written(self, dictionary: Dictionary, layer: int) -> Tensor:
        """What latents are to add up to, (pos, d_model): resid_post, or what the MLP adds less a transcoder's skip."""
        if not isinstance(dictionary, Transcoder):
            return self.residuals[layer]
        read = seen_by(dictionary, self.whole.gemma.blocks[layer], self.residuals[layer], self.mids[layer])
        return self.mlp(layer) if dictionary.W_skip is None else self.mlp(layer) - read @ dictionary.W_skip.T

    def run(
        self,
        x: Tensor,
        *,
        first: int = 0,
        end: int | None = None,
        start: int = 0,
        rule: Rule = PLAIN,
        taps: Taps = NO_TAPS,
        last_only: bool = False,
    ) -> Tensor:
        """As SequencePass.run, with what the request holds in force at every row; `taps.resid` comes after it.
        start: of the positions of x; those before are as the plain run has them, and so are the keys that they give.
        last_only: more than that comes where something is held."""
        whole = self.whole.behind(start)
        if start:
            taps = replace(taps, keys=lambda layer, k, v: self._with_kept(layer, start, k, v))
        if not self.hold:
            return whole.run(x, first=first, end=end, rule=rule, taps=taps, last_only=last_only)
        sites = prompt_sites(self.whole.gemma.blocks, [self.hold] * x.shape[0], start, self.n_pos).behind

        def resid(layer: int, x: Tensor) -> Tensor:
            if layer in sites:
                x = sites[layer](x)[0]
            return x if taps.resid is None else taps.resid(layer, x)

        return whole.run(x, first=first, end=end, rule=rule, taps=replace(taps, resid=resid))

    def _with_kept(self, layer: int, start: int, k: Tensor, v: Tensor) -> KeysValues:
        kept = [one[:, :start].expand(len(k), -1, -1, -1) for one in self.keys[layer]]
        return torch.cat([kept[0], k], dim=1), torch.cat([kept[1], v], dim=1)


@dataclass(frozen=True)
class Inquiry:
    """dictionaries: by layer, of residuals or, as the basis is, transcoders, of which a layer without one has an empty
    one; named: their ids. sides: a, and b where there is one."""

    loaded: Loaded
    gemma: Gemma
    request: CircuitRequest
    sides: tuple[PromptSide, ...]
    columns: tuple[AlignedColumn, ...]
    target: Aimed
    dictionaries: Mapping[int, Dictionary]
    named: Mapping[int, str]

    @property
    def node_kind(self) -> NodeKind:
        """Of the basis; what no latent writes is an error besides."""
        return BASIS_KINDS[self.request.basis]

    @property
    def a(self) -> PromptSide:
        return self.sides[0]

    @property
    def b(self) -> PromptSide | None:
        return self.sides[1] if len(self.sides) > 1 else None

    @cached_property
    def paired(self) -> Tensor:
        """(columns,), bool: all sides have a token there."""
        have = [torch.tensor(self.positions(which), device=self.gemma.device) >= 0 for which in range(len(self.sides))]
        return torch.stack(have).all(0)

    @cached_property
    def begins(self) -> int:
        """Of two sides the first column, and so the first position of each, at which they differ or one has no token:
        before it all is the same on both."""
        a, b = (side.ids for side in self.sides)
        same = [None not in (one.a, one.b) and a[one.a or 0] == b[one.b or 0] for one in self.columns]
        return (*same, False).index(False)

    @cached_property
    def m(self) -> tuple[float, ...]:
        """The target on each side, untouched."""
        with torch.no_grad():
            return tuple(
                self.target(side.residuals[self.target.depth - 1].unsqueeze(0), PLAIN).item() for side in self.sides
            )

    @cached_property
    def activations(self) -> tuple[Mapping[int, Tensor], ...]:
        """By side and layer, (columns, n): of latents or of neurons, as the basis is. 0 in a column that the side
        lacks, and at BOS, which no dictionary was trained on."""
        return tuple(self._activations(side, which) for which, side in enumerate(self.sides))

    @cached_property
    def errors(self) -> tuple[Mapping[int, Tensor], ...]:
        """By side and layer that a dictionary reads, (columns, d_model): what of resid_post, or of what the MLP adds,
        no latent writes, its bias included and a transcoder's skip left out. 0 in a column that the side lacks."""
        return tuple(
            {
                layer: self.in_columns(which, side.to_be_written(own, layer))
                - self.activations[which][layer] @ own.W_dec
                for layer, own in self.dictionaries.items()
                if layer < self.target.depth
            }
            for which, side in enumerate(self.sides)
        )

    def positions(self, which: int) -> list[int]:
        """By column, where it is on that side; −1 where it isn't."""
        found = ((column.a, column.b)[which] for column in self.columns)
        return [-1 if pos is None else pos for pos in found]

    def in_columns(self, which: int, values: Tensor) -> Tensor:
        """values (pos, ...) of a side by column, 0 where it has none."""
        at = torch.tensor(self.positions(which), device=values.device)
        taken = values[at.clamp(min=0)]
        return taken * (at >= 0).view(-1, *[1] * (values.dim() - 1))

    def _activations(self, side: PromptSide, which: int) -> Mapping[int, Tensor]:
        found = {}
        for layer in range(self.target.depth):
            if self.request.basis == "neurons":
                found[layer] = self.in_columns(which, side.neurons[layer])
            elif layer in self.dictionaries:
                dictionary = self.dictionaries[layer]
                own = dictionary.encode(
                    seen_by(dictionary, self.gemma.blocks[layer], side.residuals[layer], side.mids[layer])
                )
                own[0] = 0.0
                found[layer] = self.in_columns(which, own)
        return found


@torch.no_grad()
def read_inquiry(loaded: Loaded, gemma: Gemma, request: CircuitRequest) -> Inquiry:
    """gemma: as `widened`, of the chat model or of its base. Raises Refused (422) for what can't be asked."""
    named = named_dictionaries(loaded, request)
    asked = [(request.prompt, request.entity)]
    if request.beside is not None:
        asked.append((request.beside.prompt, request.beside.entity))
    prompts = [_read(loaded, request, prompt, entity) for prompt, entity in asked]
    _require_different(prompts)
    said = tuple(loaded.tokenizer(request.said, add_special_tokens=False)["input_ids"]) if request.said else ()
    columns = aligned(prompts[0], prompts[1], len(said)) if len(prompts) > 1 else alone(prompts[0], len(said))
    _require_fitting(loaded, gemma, request, [len(prompt.ids) + len(said) for prompt in prompts], named)
    sides = tuple(_side(loaded, gemma, request, prompt, said) for prompt in prompts)
    target = resolved_target(loaded, gemma.head, gemma.n_layers, request.target, [side.logits for side in sides])
    return Inquiry(
        loaded=loaded,
        gemma=gemma,
        request=request,
        sides=sides,
        columns=columns,
        target=target,
        dictionaries=held_dictionaries(loaded, request.basis, named),
        named=named,
    )


def _read(loaded: Loaded, request: CircuitRequest, prompt: str, entity: Span | None) -> PromptTokens:
    return read_prompt(
        loaded, GenerateRequest(model=request.model, prompt=prompt, format=request.format, entity=entity)
    )


def _require_different(prompts: Sequence[PromptTokens]) -> None:
    """Raises Refused (422) where two prompts are the same tokens, however they were written."""
    if len(prompts) > 1 and prompts[0].ids == prompts[1].ids:
        raise Refused(
            422,
            "same_prompts",
            "A prompt beside itself asked.",
            "A circuit of two prompts explains what differs between them; these two are the same tokens to the model.",
            "Ask about another name in one of them, or ask for one prompt alone.",
        )


def _require_fitting(
    loaded: Loaded, gemma: Gemma, request: CircuitRequest, n_pos: Sequence[int], named: Mapping[int, str]
) -> None:
    """Raises Refused (422)."""
    limit = loaded.card.max_prompt_tokens
    if max(n_pos) > limit:
        raise Refused(
            422,
            "prompt_too_long",
            f"A prompt of {max(n_pos):,} tokens asked, what is said included.",
            f"This model takes {limit:,}.",
            f"Shorten it by {max(n_pos) - limit:,} tokens.",
        )
    cards = (*loaded.card.dictionaries, *loaded.card.transcoders)
    widths = [card.d_sae for card in cards if card.id in named.values()]
    n_nodes = gemma.blocks[0].down.shape[0] if request.basis == "neurons" else max(widths, default=0)
    require_affordable(gemma, request, n_pos, n_nodes, loaded.device)


def _side(
    loaded: Loaded, gemma: Gemma, request: CircuitRequest, read: PromptTokens, said: tuple[int, ...]
) -> PromptSide:
    ids = (*read.ids, *said)
    hold = [resolved_direction(loaded, held, read.entity, read.tokens).delta(held.strength) for held in request.hold]
    said_at = tuple(range(len(read.ids), len(ids)))
    deltas = tuple(
        replace(delta, positions=(*delta.positions, *said_at)) if delta.generated else delta for delta in hold
    )
    whole = SequencePass.of(gemma, len(ids))
    x0 = whole.embed(ids)
    kept: dict[str, list[Tensor]] = {name: [] for name in ("resid", "mid", "neurons", "heads", "pattern")}

    def keep(name: str) -> Tap:
        def tap(_layer: int, x: Tensor) -> Tensor:
            kept[name].append(x[0])
            return x

        return tap

    keys: list[KeysValues] = []

    def keep_keys(_layer: int, k: Tensor, v: Tensor) -> KeysValues:
        keys.append((k, v))
        return k, v

    empty = PromptSide(read, ids, whole, deltas, x0, (), (), (), (), (), x0[0, 0])
    taps = Taps(**{name: keep(name) for name in kept}, keys=keep_keys)
    x = empty.run(x0, taps=taps)
    return replace(
        empty,
        residuals=tuple(kept["resid"]),
        mids=tuple(kept["mid"]),
        neurons=tuple(kept["neurons"]),
        heads=tuple(kept["heads"]),
        patterns=tuple(kept["pattern"]),
        logits=gemma.logits(x[0, -1]),
        keys=tuple(keys),
    )


def spans(sequence: Sequence[T], most: int) -> list[Sequence[T]]:
    """In pieces of at most so many."""
    return [sequence[first : first + most] for first in range(0, len(sequence), most)]
