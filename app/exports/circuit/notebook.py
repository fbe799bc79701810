"""A circuit as a Jupyter notebook that measures its claim again with public libraries alone: m of both prompts, single
nodes and the claim's group set by a plain hook.

The cells are templates/export/circuit_notebook.py, with those of notebook.py that load the model; what differs from
circuit to circuit is one JSON text in one of them, as in app/exports/notebook.py. Knows a recording, and runs nothing.
"""

from pathlib import Path

from app.exports.notebook import NotebookJson, card_parts, notebook_file
from app.recordings.circuit import DrawnCircuit, read_circuit
from app.recordings.circuit_effects import leading
from app.wording.circuit import circuit_claim
from protocol.app.findings import Finding
from protocol.circuit import GROUP_ROLES
from protocol.refusal import Refused
from protocol.worker.models import ModelCard

CIRCUIT_SOURCE = Path(__file__).parents[3] / "templates" / "export" / "circuit_notebook.py"
MOST_REPEATED = 32  # single nodes: a forward pass each
LOADS = ("setup", "paths", "load", "model", "compare", "tolerance")
"""Cells of notebook.py that stand behind the record."""


def circuit_notebook_of(finding: Finding, recording: bytes, card: ModelCard | None = None) -> bytes:
    """card: as of `notebook_of`. Raises Refused (422) for a circuit of a reading, by transcoders, or with pushes."""
    drawn = read_circuit(recording)
    asked = drawn.opening.request
    if drawn.opening.target.up is None or asked.hold or asked.basis == "transcoder":
        raise Refused(
            422,
            "no_notebook",
            "The notebook of this circuit was asked.",
            "One repeats circuits of two next tokens by latents or neurons, without a push in force.",
            "Take the recording along as JSON instead.",
        )
    return notebook_file(CIRCUIT_SOURCE, _record(finding, drawn, card), LOADS)


def _record(finding: Finding, drawn: DrawnCircuit, card: ModelCard | None) -> NotebookJson:
    opening, target = drawn.opening, drawn.opening.target
    request = opening.request
    assert target.up and target.against
    prompts = [request.prompt, *([request.beside.prompt] if request.beside else [])]
    used = {one.id: {"layer": one.layer, "sha256": one.sha256} for one in opening.dictionaries}
    return {
        "finding": finding.model_dump(mode="json", include={"slug", "title", "note", "created", "recording_sha256"}),
        "model": opening.model.model_dump(mode="json") | {"id": request.model},
        "precision": opening.precision,
        "dictionaries": used,
        "card": card_parts(card, set(used), base=request.format == "base") if card else None,
        "format": request.format,
        "said": request.said,
        "sides": [
            {"prompt": prompt, "ids": [token.id for token in side.tokens], "m": side.m}
            for prompt, side in zip(prompts, opening.sides, strict=True)
        ],
        "target": [list(target.openings), []] if target.openings else [[target.up.id], [target.against.id]],
        "claim": circuit_claim(drawn),
        "nodes": [_node(drawn, number) for number in _repeated(drawn)],
        "group": _group(drawn),
    }


def _repeated(drawn: DrawnCircuit) -> list[int]:
    """Numbers of checked nodes, the strongest first."""
    checked = [number for number in drawn.checked if drawn.nodes[number].kind in ("sae", "mlp")]
    return sorted(checked, key=lambda number: -abs(drawn.nodes[number].effect))[:MOST_REPEATED]


def _node(drawn: DrawnCircuit, number: int) -> NotebookJson:
    node = drawn.nodes[number]
    at = drawn.opening.columns[node.column]
    return {
        "kind": node.kind,
        "layer": drawn.layer_of[number],
        "index": node.index,
        "column": node.column,
        "positions": [at.a, at.b],
        "values": [node.a, node.b],
        "checked": drawn.checked.get(number, (None, None)),
    }


def _group(drawn: DrawnCircuit) -> NotebookJson | None:
    """Of the claim; None where not all of its nodes were told, or where they are taken away beside another prompt."""
    lead = leading(drawn)
    if lead is None or lead.change.control is None or (lead.move == "off" and len(drawn.sides) > 1):
        return None
    if lead.group.n_members != len(lead.group.members):
        return None
    return {
        "name": GROUP_ROLES[lead.group.role].name,
        "side": drawn.sides.index(lead.side),
        "measured": lead.change.measured,
        "control": lead.change.control.model_dump(mode="json"),
        "nodes": [_node(drawn, number) for number in lead.group.members],
    }
