"""All nodes of a circuit, told or not, by role: which layers, columns, nodes.

A node is a latent that fires, or a neuron, on either side. Knows nothing about what a group does.
"""

from collections.abc import Sequence

import torch

from model_worker.circuits.groups.roles import Roles
from model_worker.circuits.groups.sites import Masks
from model_worker.circuits.inquiry import Inquiry
from protocol.circuit import GROUP_ROLES, GroupRole
from protocol.worker.circuits import NodeRef


def by_role(inquiry: Inquiry, roles: Roles) -> dict[GroupRole, Masks]:
    """In the order of GROUP_ROLES; only roles that have nodes."""
    found: dict[GroupRole, dict[int, torch.Tensor]] = {}
    for layer in inquiry.activations[0]:
        active = torch.stack([side[layer] != 0 for side in inquiry.activations]).any(0)
        active[0] = False  # BOS, which is no word of the prompt
        for number, column in enumerate(inquiry.columns):
            for role, mask in roles.role_masks(column.place, layer, active[number]).items():
                own = mask & active[number]
                if own.any():
                    masks = found.setdefault(role, {})
                    masks.setdefault(layer, torch.zeros_like(active))[number] = own
    return {role: found[role] for role in GROUP_ROLES if role in found}


def of_nodes(inquiry: Inquiry, nodes: Sequence[NodeRef]) -> Masks:
    found: dict[int, torch.Tensor] = {}
    for node in nodes:
        blank = torch.zeros_like(inquiry.activations[0][node.layer], dtype=torch.bool)
        found.setdefault(node.layer, blank)[node.column, node.index] = True
    return found


def n_nodes(masks: Masks) -> int:
    return sum(int(mask.sum()) for mask in masks.values())
