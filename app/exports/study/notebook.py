"""A study as a Jupyter notebook that counts its figures again from the recorded trials, with public libraries alone.

The cells are templates/export/study_notebook.py, and what differs from study to study is one JSON text in one of them,
as in app/exports/notebook.py. Knows a recording, and counts nothing.
"""

from pathlib import Path

from app.exports.notebook import NotebookJson, notebook_file
from app.recordings.study import read_study
from protocol.app.findings import Finding
from protocol.circuit import DEFAULT_TESTS, GROUP_ROLES
from protocol.vocabulary import BAND, MIN_BAND, OUTCOMES
from protocol.worker.frames import FRAME
from protocol.worker.studies import AnswersRequest
from protocol.worker.study_frames import CorpusTally, Tally, Trial

TALLIED = (b'{"kind":"tally"', b'{"kind":"corpus"')
STUDY_SOURCE = Path(__file__).parents[3] / "templates" / "export" / "study_notebook.py"


def study_notebook_of(finding: Finding, recording: bytes) -> bytes:
    """Raises Refused (422) for what is no study's recording."""
    return notebook_file(STUDY_SOURCE, _record(finding, recording))


def _record(finding: Finding, recording: bytes) -> NotebookJson:
    """trials: those that the figures had counted."""
    studied = read_study(recording)
    request = studied.opening.request
    idle = request.arms[0].hold[0].idle if isinstance(request, AnswersRequest) else None
    lines = [line for line in recording.splitlines() if b'"trial"' in line[:24]]
    return {
        "finding": finding.model_dump(mode="json", include={"slug", "title", "note", "created", "recording_sha256"}),
        "request": request.model_dump(mode="json"),
        "model": studied.opening.model.model_dump(mode="json"),
        "names": [name.model_dump(mode="json") for name in studied.opening.names],
        "arms": [arm.model_dump(mode="json", exclude={"hold", "what"}) for arm in studied.opening.arms],
        "outcomes": list(OUTCOMES),
        "groups": {role: term.name for role, term in GROUP_ROLES.items()},
        "default_tests": dict(DEFAULT_TESTS),
        "idle": idle or 0.0,
        "part": studied.part,
        "dictionaries": [one.model_dump(mode="json") for one in studied.opening.dictionaries],
        "band": list(BAND),
        "fewest_of_a_band": MIN_BAND,
        "tallies": [_tally(line) for line in recording.splitlines() if line.startswith(TALLIED)],
        "trials": [_trial(line) for line in lines[: studied.n_counted]],
        "figures": [figure.model_dump(mode="json", exclude={"kind", "seq"}) for figure in studied.figures.values()],
    }


def _trial(line: bytes) -> NotebookJson:
    trial = FRAME.validate_json(line)
    assert isinstance(trial, Trial)
    return trial.model_dump(mode="json", exclude={"kind", "seq", "seed"})


def _tally(line: bytes) -> NotebookJson:
    tally = FRAME.validate_json(line)
    assert isinstance(tally, Tally | CorpusTally)
    return tally.model_dump(mode="json", exclude={"seq"})
