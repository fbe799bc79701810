"""The notebook of a circuit, run on what the embedded model really told, with public libraries alone."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest
import torch

from app.exports.circuit.notebook import circuit_notebook_of
from app.recordings.circuit import read_circuit
from app.wording.circuit import leading
from model_worker.engine import Engine
from model_worker.model.loading import load
from model_worker.model.registry import read_row
from protocol.app.findings import Answers, Finding, View
from protocol.refusal import Refused
from protocol.worker.circuits import Beside, CircuitRequest, ReadTarget
from protocol.worker.frames import FRAME
from tests.app.circuit_frames import CIRCUIT, circuit_recording
from tests.app.frames import TARGET

pytestmark = pytest.mark.timeout(300)  # sae-lens alone takes 10-30 s to import
PAIR = CircuitRequest(
    model="tiny-gemma2-chat",
    prompt="What sport does Michael Jordan play?",
    beside=Beside(prompt="What sport does Michael Batkin play?"),
    n_nodes=40,
    n_edges=0,
    n_checked=12,
    n_controls=6,
)


def _finding(recording: bytes) -> Finding:
    return Finding(
        slug="7kq2mrVw9a",
        title="A finding",
        note="A note.",
        view=View(),
        created="2025-11-21T10:00:00+00:00",
        request=read_circuit(recording).opening.request,
        answers=Answers(),
        recording_sha256="0" * 64,
        n_frames=recording.count(b"\n"),
        size_bytes=len(recording),
    )


def test_its_cells_measure_m_every_node_and_the_claims_group_again(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(__file__).parents[3] / "model_worker" / "cards" / "tiny-gemma2-chat"
    torch.set_num_threads(1)
    engine = Engine(load(read_row(folder)))
    told = (frame for frame in engine.circuit(PAIR) if frame is not None)
    recording = b"".join(frame.model_dump_json().encode() + b"\n" for frame in told)
    drawn = read_circuit(recording)
    lead = leading(drawn)
    assert lead is not None
    whole = lead.group.n_members == len(lead.group.members)
    monkeypatch.setenv("HALLUCINOSCOPE_MODEL_DIR", str(folder))
    out, namespace = io.StringIO(), {"__name__": "__main__"}
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        notebook = json.loads(circuit_notebook_of(_finding(recording), recording, engine.loaded.card))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                exec(compile(cell["source"], cell["id"], "exec"), namespace)
    printed = out.getvalue()
    for side in "ab":
        assert re.search(rf"^m by, prompt {side}: (\d+) of \1 within", printed, re.MULTILINE)
    assert ("m by, Not recognised: 1 of 1" in printed) == whole
    assert printed.count("as recorded") >= 2 and "OTHER" not in printed and "BEYOND" not in printed


def test_a_circuit_of_a_reading_has_none_and_says_what_there_is() -> None:
    lines = circuit_recording(CIRCUIT.model_copy(update={"target": ReadTarget(of=TARGET)}))
    opening = json.loads(lines[0])
    opening["target"] = {"up": None, "against": None, "reads": "L2 #1"}
    recording = json.dumps(opening).encode() + b"\n" + b"".join(lines[1:])
    assert FRAME.validate_json(recording.splitlines()[0])
    with pytest.raises(Refused) as refused:
        circuit_notebook_of(_finding(recording), recording)
    assert (refused.value.status, refused.value.refusal.code) == (422, "no_notebook")
