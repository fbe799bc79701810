"""A row of the table of findings, and the finding that it is. Knows no session, and nothing about who asks.

From `model` on a row's columns are an index: made here from its other columns and the recording, and made again when
they were made in another way.
"""

import json

from app.database.tables import FindingRow
from app.findings.joint_check import together
from app.recordings.answers import read_answers
from app.recordings.arms import read_recording
from app.recordings.circuit import read_circuit
from app.recordings.sketch import circuit_sketch, run_sketch, study_sketch
from app.recordings.study import read_study
from app.wording.circuit import circuit_claim
from app.wording.words import control_told
from protocol.app.findings import Answers, CircuitTold, Finding, Sketch, StudyTold, View
from protocol.app.verify import Verification
from protocol.base import undirected
from protocol.canonical import canonical_json
from protocol.refusal import Refused
from protocol.spelling import fold
from protocol.upgrade import upgraded, upgraded_request
from protocol.version import PROTOCOL
from protocol.vocabulary import RUNS
from protocol.worker.circuits import CircuitRequest
from protocol.worker.requests import GenerateRequest
from protocol.worker.studies import RUN, RunRequest

INDEX = 6
"""Counts up whenever the derived columns of a finding are made in another way."""


def finding_of(
    row: FindingRow,
    n_frames: int,
    size_bytes: int,
    verification: str | None = None,
    forks: tuple[str, ...] = (),
    second: Finding | None = None,
) -> Finding:
    checked = None if verification is None else Verification.model_validate_json(verification)
    if second:
        checked = together(checked, second.verified) if checked and second.verified else None
    return Finding(
        slug=row.slug,
        title=undirected(row.title),
        note=row.note,
        view=recorded_view(row),
        created=row.created,
        request=recorded_request(row),
        answers=Answers.model_validate_json(row.answers),
        study=StudyTold.model_validate_json(row.study) if row.study else None,
        circuit=CircuitTold.model_validate_json(row.circuit) if row.circuit else None,
        recording_sha256=row.recording_sha256,
        n_frames=n_frames,
        size_bytes=size_bytes,
        listed=row.listed,
        parent=row.parent,
        forks=forks,
        sketch=Sketch.model_validate_json(row.sketch) if row.sketch else None,
        second=second,
        verified=checked,
    )


def index(row: FindingRow, recording: bytes, second: FindingRow | None = None) -> None:
    """Fills the derived columns, and refuses (422) a view that the recording does not hold."""
    request, view = recorded_request(row), recorded_view(row)
    frames = upgraded(recording)
    answers, study, circuit = Answers(), None, None
    match request:
        case GenerateRequest():
            recorded = read_recording(frames)
            answers = read_answers(frames, view).model_copy(update={"control": control_told(recorded, view)})
            sketch = run_sketch(recorded, view)
            said = [answer.text for answer in (answers.baseline, answers.steered) if answer]
            words = [request.prompt, *said, second.words if second else ""]
        case CircuitRequest():
            drawn = read_circuit(frames)
            circuit = CircuitTold(headline=circuit_claim(drawn), m=tuple(side.m for side in drawn.opening.sides))
            sketch = circuit_sketch(drawn)
            prompts = [request.prompt, request.beside.prompt if request.beside else ""]
            words = [request.kind, RUNS[request.kind], *prompts, circuit.headline]
        case _:
            studied = read_study(frames)
            study, sketch = studied.told, study_sketch(studied)
            words = [request.kind, RUNS[request.kind], *(figure.title for figure in studied.figures.values())]
    shown = answers.steered or answers.baseline
    row.answers = canonical_json(answers).decode()
    row.study = canonical_json(study).decode() if study else ""
    row.circuit = canonical_json(circuit).decode() if circuit else ""
    row.sketch = canonical_json(sketch).decode() if sketch else ""
    row.model, row.kind = request.model, request.kind
    row.outcome = shown.outcome if shown else ""
    # each by itself: a title that is nothing but marks is found by them
    row.words = "\n".join(map(fold, (row.title, row.note, request.model, *words)))
    row.indexed_by = INDEX


def recorded_request(row: FindingRow) -> RunRequest:
    if row.protocol == PROTOCOL:  # spares a request of ten thousand names the detour
        return RUN.validate_json(row.request)
    return RUN.validate_json(json.dumps(upgraded_request(json.loads(row.request), row.protocol)))


def recorded_view(row: FindingRow) -> View:
    return View.model_validate_json(row.view)


def must_pair(first: FindingRow, second: FindingRow) -> None:
    """Raises Refused (422) for what can't stand beside another."""
    one, other = recorded_request(first), recorded_request(second)
    if isinstance(one, GenerateRequest) and isinstance(other, GenerateRequest) and one.model == other.model:
        return
    raise Refused(
        422,
        "no_pair",
        f"A {other.kind} run of {other.model} was to be kept beside a {one.kind} run of {one.model}.",
        "A second prompt is asked of the same model, as a single answer is.",
        "Run the second prompt on that model, or save both by themselves.",
    )
