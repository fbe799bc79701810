"""The words of circuits: what a node is, what a group of them does, what is tried where the model can't know, and how
much may be asked for. Beside each word what a reader calls it; generated into static/core/protocol.js with
vocabulary.py.
"""

from dataclasses import dataclass
from typing import Literal

Basis = Literal["latents", "neurons", "transcoder"]

BASES: dict[Basis, str] = {
    "latents": "latents of the residual stream",
    "neurons": "neurons of the MLPs",
    "transcoder": "transcoder latents",
}

NodeKind = Literal["sae", "mlp", "tc", "head", "error"]
"""sae: a latent of the residual stream. mlp: a neuron. tc: a transcoder's latent. error: what no dictionary reads."""

BASIS_KINDS: dict[Basis, NodeKind] = {"latents": "sae", "neurons": "mlp", "transcoder": "tc"}

GroupRole = Literal[
    "which_name", "not_recognised", "recognised", "cant_answer", "say_answer", "end_neither", "rest", "chosen"
]


@dataclass(frozen=True)
class GroupTerm:
    """name: of the group's box. where: its columns. hue: of static/look/marks.css."""

    name: str
    where: str
    hue: str


GROUP_ROLES: dict[GroupRole, GroupTerm] = {
    "which_name": GroupTerm("Which name", "the name", "other"),
    "not_recognised": GroupTerm("Not recognised", "last token of the name", "unknown"),
    "recognised": GroupTerm("Recognised", "last token of the name", "known"),
    "cant_answer": GroupTerm("Can't answer", "end of the prompt", "refusal"),
    "say_answer": GroupTerm("Say the answer", "end of the prompt", "ink"),
    "end_neither": GroupTerm("End, neither", "end of the prompt", "other"),
    "rest": GroupTerm("Question and template", "all other tokens", "other"),
    "chosen": GroupTerm("Chosen", "where its nodes are", "ink"),
}

NAMED_ROLES: tuple[GroupRole, ...] = ("not_recognised", "recognised", "cant_answer", "say_answer")
"""Roles that say what a name is to it."""

TurnMode = Literal["toward", "scale", "add"]

DefaultTest = Literal["untouched", "name_hidden", "name_neutral", "recognition_off", "not_recognised_on"]

DEFAULT_TESTS: dict[DefaultTest, str] = {
    "untouched": "as it is",
    "name_hidden": "the end may not look at the name",
    "name_neutral": "a neutral name in its place",
    "recognition_off": "recognition taken away",
    "not_recognised_on": "“not recognised” switched on",
}

CIRCUIT_STAGES = ("nodes", "checked", "edges", "groups", "arrows", "defaults", "heads", "silent")
"""Kinds of frames behind `circuit`, in their order; of some none may come, of others several."""

MAX_CIRCUIT_NODES = 400
MAX_CIRCUIT_EDGES = 4_000
MAX_CIRCUIT_CHECKED = 256
MAX_CIRCUIT_CONTROLS = 64
