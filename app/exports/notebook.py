"""A finding as a Jupyter notebook (nbformat 4.5) that measures its numbers again with public libraries alone.

The cells are templates/export/notebook.py, cut apart; what differs from finding to finding is one JSON text in one of
them. Everything that a user wrote is in that text and nowhere else, so no cell's code or markup depends on it. Knows a
recording and a card, and runs nothing.
"""

import json
import re
from collections.abc import Container, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from app.recordings.arms import Recorded, SampleAnswer, read_recording
from app.recordings.dose import control, dose_points
from app.wording.words import amount_in
from protocol.app.findings import Finding
from protocol.steering import Held, Steering
from protocol.vocabulary import UNITS
from protocol.worker.frames import Prompt, Start, SteeringUsed
from protocol.worker.models import ModelCard

SOURCE = Path(__file__).parents[2] / "templates" / "export" / "notebook.py"
PLACE = "RECORDED_JSON"

NotebookJson = dict[str, Any]


def notebook_of(finding: Finding, recording: bytes, card: ModelCard | None = None) -> bytes:
    """card: the model's; None where no worker was there to ask, and then the notebook looks for it, or asks.
    Raises ValueError for a recording without a `start` or a `prompt` frame."""
    return notebook_file(SOURCE, _record(finding, read_recording(recording), card))


def notebook_file(source: Path, recorded: NotebookJson, borrowed: Sequence[str] = ()) -> bytes:
    """The cells of a file in the percent format, with what was recorded in its place. borrowed: cells of SOURCE that
    stand behind the record."""
    record = json.dumps(recorded, indent=1)
    cells = list(_cells(source))
    behind = 1 + next(place for place, (_, _, cell) in enumerate(cells) if PLACE in cell)
    cells[behind:behind] = [cell for cell in _cells(SOURCE) if cell[0] in borrowed]
    notebook = {
        "cells": [_cell(*parts, record) for parts in cells],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1).encode()


@cache
def _cells(source: Path) -> tuple[tuple[str, bool, str], ...]:
    """Id, whether it is markdown, source. What comes before the first mark is about the file, not for the notebook."""
    parts = re.split(r"^# %% (\[markdown\] )?([a-z-]+)\n", source.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return tuple(
        (name, bool(markdown), cell.strip())
        for markdown, name, cell in zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    )


def _cell(name: str, markdown: bool, source: str, record: str) -> NotebookJson:
    if markdown:
        text = re.sub(r"^# ?", "", source, flags=re.MULTILINE)
        return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}
    hidden = {"jupyter": {"source_hidden": True}} if PLACE in source else {}
    text = source.replace(PLACE, _inert(record))
    return {"cell_type": "code", "id": name, "metadata": hidden, "source": text, "outputs": [], "execution_count": None}


def _inert(record: str) -> str:
    """JSON text for between the three quotes of a raw string: ASCII, nothing that a viewer could take for a tag, and
    no three quotes in a row. (A quote in JSON begins a string, ends one, or stands behind a backslash; so two at most
    are neighbours, and a raw string ends at neither.)"""
    for char in "<>&'`$":
        record = record.replace(char, f"\\u{ord(char):04x}")
    assert '"""' not in record and record.isascii()
    return record


def _record(finding: Finding, recorded: Recorded, card: ModelCard | None) -> NotebookJson:
    start = recorded.start
    if recorded.prompt is None:
        raise ValueError("the recording has no `prompt` frame, so there is no number to compare")
    shown, sweep = recorded.arm_of(finding.view), recorded.sweep_of(finding.view)
    points = {point.arm: point for point in (dose_points(recorded, sweep) if sweep is not None else ())}
    arms = sorted({0, shown, *points})
    seen = recorded.start.arms[shown]
    values = None if seen.sweep is None else recorded.controls.get((seen.sweep, seen.strength))
    if seen.sweep is not None and start.request.sweeps[seen.sweep].on_neurons:
        values = None  # which random neurons were drawn is no part of a control's frame
    return {
        "finding": finding.model_dump(mode="json", include={"slug", "title", "note", "created", "recording_sha256"}),
        "model": start.model.model_dump(mode="json") | {"id": start.request.model},
        "dictionaries": {used.id: {"layer": used.layer, "sha256": used.sha256} for used in start.dictionaries},
        "card": card_parts(card, {one.id for one in start.dictionaries}, base=start.request.format == "base")
        if card
        else None,
        "prompt": start.request.prompt,
        "format": start.request.format,
        "own_bos": start.request.own_bos,
        "ids": [token.id for token in start.tokens],
        "watched": [target.model_dump(mode="json") for target in start.request.watch or ()],
        "unit": None if sweep is None else UNITS[start.request.sweeps[sweep].measured_in].name,
        "greedy": start.request.sampling.temperature == 0,
        "shown": arms.index(shown),
        "arms": [
            {
                **_arm(recorded, recorded.prompt, arm, arm in (0, shown)),
                "on_curve": arm in points,
                "strength": points[arm].strength if arm in points else 0.0,
                "band": _band(recorded, sweep, arm),
            }
            for arm in arms
        ],
        "risk": _risk(start),
        "control": {"seed": start.request.controls.seed, "refusal_logodds": values} if values else None,
    }


def _arm(recorded: Recorded, prompt: Prompt, arm: int, whole: bool) -> NotebookJson:
    """whole: with its answers and activations."""
    start, own, reading = recorded.start, recorded.start.arms[arm], prompt.arms[arm]
    held = zip(start.request.hold, start.held, strict=True) if own.held else ()
    pushes = [_push(steering, used, steering.strength, _alpha(used, steering)) for steering, used in held]
    name = "held alone" if own.held else "baseline"
    if own.sweep is not None:
        steering = start.request.sweeps[own.sweep]
        pushes.append(_push(steering, start.sweeps[own.sweep], own.strength, own.alpha))
        name = amount_in(recorded, steering, own.strength)
    return {
        "name": name,
        "pushes": pushes,
        "refusal_logodds": reading.refusal_logodds,
        "answers": [_answer(told) for told in recorded.answers[arm]] if whole else [],
        "activations": reading.activations if whole else [],
    }


def _push(steering: Steering, used: SteeringUsed, strength: float, alpha: float) -> NotebookJson:
    return {
        "mode": steering.mode,
        "target": steering.target.model_dump(mode="json"),
        "to": steering.to.model_dump(mode="json") if steering.to else None,
        "layer": used.layer,
        "neurons": used.neurons,
        "positions": used.positions,
        "generated": steering.generated,
        "strength": strength,
        "alpha": alpha,
    }


def _alpha(used: SteeringUsed, held: Held) -> float:
    """Arms say their sweep's alpha; what is held says only what it is made of."""
    if held.measured_in != "residual_norm" or used.residual_norm is None:
        return held.strength
    return held.strength * used.residual_norm / used.norm


def _answer(told: SampleAnswer) -> NotebookJson:
    return {
        "text": told.text,
        "ids": [token.id for token in told.tokens],
        "logprobs": [token.logprob for token in told.tokens],
        "risks": [token.risk for token in told.tokens],
    }


def _risk(start: Start) -> NotebookJson | None:
    """The heads, and what the first one reads: places of the watched latents, and the prompt tokens that count."""
    if start.risk is None:
        return None
    value = start.risk.at("value")
    at_name = [start.entity.end - 1] if start.entity.end > start.entity.start else None
    asked = [pos for pos, token in enumerate(start.tokens) if token.role in ("entity", "text")]
    roles = [one.role for one in start.watched]
    return {
        "fit": start.risk.id,
        "decoding": start.risk.decoding,
        "n": start.risk.n,
        "n_tested": value.n if value else 0,
        "heads": [
            {"bias": head.bias, "weights": {one.name: one.weight for one in head.features}}
            for head in (start.risk.first, start.risk.under_way)
        ],
        "latents": {role: roles.index(role) if role in roles else None for role in ("known", "unknown")},
        "read_at": at_name or asked,
    }


def _band(recorded: Recorded, sweep: int | None, arm: int) -> NotebookJson | None:
    own = recorded.start.arms[arm]
    found = control(recorded, own.sweep, own.strength) if own.sweep is not None and own.sweep == sweep else None
    return {"mean": found.mean, "low": found.low, "high": found.high} if found else None


def card_parts(card: ModelCard, used: Container[str], *, base: bool) -> NotebookJson:
    """What a notebook needs of it, and of dictionaries those that were used. base: the base model was asked."""
    return {
        "weights": card.base if base else card.weights,
        "delta": None if base else card.delta,
        "dictionaries": {one.id: one.source for one in card.dictionaries if one.id in used},
        "vectors": {one.name: one.offset for one in card.vectors},
        "refusal_openings": card.refusal_openings,
    }
