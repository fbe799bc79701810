"""What speaks for a group's name: on which names its strongest member fires, and which tokens it writes.

Knows nothing about what the group does.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.circuits.groups.roles import Roles
from model_worker.circuits.groups.sites import Masks, node_weights
from model_worker.circuits.inquiry import Inquiry
from model_worker.model.gemma import Norm
from model_worker.model.pieces import token_text
from model_worker.rounding import rounded
from protocol.worker.circuit_frames import ColumnPlace, Evidence

N_WRITTEN = 5


@dataclass(frozen=True)
class StrongestMember:
    layer: int
    index: int
    place: ColumnPlace


def strongest_of(inquiry: Inquiry, masks: Masks) -> StrongestMember:
    """That whose two values are furthest apart in what they write, or whose value is largest where there is one."""
    best = (-1.0, 0, 0, 0)
    for layer, mask in masks.items():
        sides = [own[layer] for own in inquiry.activations]
        apart = sides[1] - sides[0] if len(sides) > 1 else sides[0]
        nodes = mask.any(0).nonzero().flatten()
        size = apart[:, nodes].abs() * node_weights(inquiry, layer, nodes).sqrt() * mask[:, nodes]
        column, place = divmod(int(size.argmax()), len(nodes))
        best = max(best, (size[column, place].item(), layer, column, int(nodes[place])))
    _, layer, column, index = best
    return StrongestMember(layer, index, inquiry.columns[column].place)


def written_by(inquiry: Inquiry, member: StrongestMember) -> tuple[str, ...]:
    """Tokens that it promotes, through the unembedding alone."""
    with torch.no_grad():
        promoted = inquiry.gemma.head.unembed(_direction(inquiry, member)).float()[: len(inquiry.loaded.tokenizer)]
    return tuple(token_text(inquiry.loaded.tokenizer, token) for token in promoted.topk(N_WRITTEN).indices.tolist())


def evidence_of(inquiry: Inquiry, roles: Roles, member: StrongestMember) -> Iterator[Evidence]:
    """By type of names; of a member that stands where roles are read off."""
    for kind in roles.types:
        cells = [
            next((cell for key, cell in roles.fired.items() if key == (member.layer, member.place, kind, label)), None)
            for label in ("known", "unknown")
        ]
        known, unknown = cells
        if known is not None and unknown is not None:
            yield Evidence(
                entity_type=kind,
                known=rounded(known.fired[member.index].item() / known.n),
                unknown=rounded(unknown.fired[member.index].item() / unknown.n),
                n_known=known.n,
                n_unknown=unknown.n,
            )


def _direction(inquiry: Inquiry, member: StrongestMember) -> Tensor:
    if inquiry.dictionaries:
        return inquiry.dictionaries[member.layer].W_dec[member.index]
    block = inquiry.gemma.blocks[member.layer]
    own = block.down[member.index].float()
    return own * block.after_mlp.scaled if isinstance(block.after_mlp, Norm) else own
