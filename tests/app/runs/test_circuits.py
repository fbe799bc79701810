"""A circuit is a run that somebody waits for, as answers are; what is asked about one is answered at once."""

import json

import pytest

from client.client import Client as Asking
from protocol.canonical import canonical_json, sha256
from protocol.refusal import Refused
from protocol.worker.circuit_frames import Turned
from protocol.worker.circuits import LookRequest, TurnRequest
from protocol.worker.frames import FRAME, Error
from protocol.worker.looked import Looked
from tests.app.circuit_frames import CIRCUIT, circuit_recording, looked, turned
from tests.app.conftest import Client, eventually
from tests.app.frames import REQUEST
from tests.app.scripted_worker import Script, ScriptedWorker

WHOLE = circuit_recording()
TURN = TurnRequest(circuit=CIRCUIT, group="not_recognised", strengths=(0.0, 1.0))
LOOK = LookRequest(circuit=CIRCUIT, layer=1, head=0)


def _told(app: Client, run_id: str) -> dict[str, object]:
    return app.get(f"/api/runs/{run_id}").json()


def test_its_lines_are_relayed_recorded_and_followed_unchanged(app: Client, worker: ScriptedWorker) -> None:
    answer = app.post_run(CIRCUIT, page="one")
    run_id = answer.headers["x-run-id"]
    assert answer.status_code == 200 and answer.content == b"".join(WHOLE)
    assert worker.asked == [CIRCUIT] and worker.pages == ["one"] and worker.lanes == ["interactive"]
    assert app.frames(run_id).content == answer.content
    told = _told(app, run_id)
    assert (told["kind"], told["model"], told["state"], told["progress"]) == ("circuit", "scripted", "done", 1.0)
    assert told["request_sha256"] == sha256(CIRCUIT)
    assert app.frames(run_id, after=2).content == b"".join(WHOLE[3:])


def test_leaving_cancels_it_and_what_came_is_kept_with_how_far_it_was(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(pause_s=0.4)
    with app.follow_run(CIRCUIT) as answer:
        lines = answer.iter_lines()
        for _ in range(4):
            next(lines)
    run_id = answer.headers["x-run-id"]
    eventually(lambda: worker.left and app.state(run_id) == "cancelled")
    assert 0 < float(str(_told(app, run_id)["progress"])) < 1
    assert app.frames(run_id).content == b"".join(WHOLE[: int(str(_told(app, run_id)["n_frames"]))])


def test_a_newer_run_of_its_page_ends_it_whatever_its_kind(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(pause_s=0.3)
    with app.follow_run(CIRCUIT, page="mine") as older:
        lines = older.iter_lines()
        next(lines)
        assert app.post_run(REQUEST, page="mine").status_code == 200
        last = FRAME.validate_json(list(lines)[-1])
    assert isinstance(last, Error) and last.refusal.code == "superseded"


def test_a_lost_worker_leaves_what_came_and_says_that_it_is_part(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(ending="torn", cut_after=3)
    lines = app.post_run(CIRCUIT).content.splitlines(keepends=True)
    assert lines[:3] == WHOLE[:3]
    closing = FRAME.validate_json(lines[3])
    assert isinstance(closing, Error) and closing.refusal.code == "worker_lost"


def test_in_the_background_it_waits_and_is_told_again_from_its_beginning(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(ending="torn", cut_after=2)
    run_id = app.queue_run(CIRCUIT)
    eventually(lambda: len(worker.asked) >= 1 and worker.lanes == ["background"] * len(worker.asked))
    worker.script = Script()
    eventually(lambda: app.state(run_id) == "done")
    assert app.frames(run_id).content == b"".join(WHOLE) and int(str(_told(app, run_id)["attempt"])) >= 2
    assert app.post(f"/api/runs/{run_id}/pause").json()["refusal"]["code"] == "not_a_study"


def test_a_body_that_is_too_large_or_no_circuit_is_refused(app: Client, worker: ScriptedWorker) -> None:
    body = json.loads(CIRCUIT.model_dump_json())
    assert app.post("/api/runs", json=body | {"said": "x" * 70_000}).status_code == 413
    for wrong in ({"n_nodes": 4000}, {"basis": "heads"}, {"prompt": " "}, {"names": []}):
        refused = app.post("/api/runs", json=body | wrong)
        assert refused.status_code == 422 and set(refused.json()["refusal"]) == {"code", "asked", "allowed", "change"}
    for path in ("/api/turn", "/api/look"):
        assert app.post(path, json=body).status_code == 422
        assert app.post(path, content=b" " * 70_000).status_code == 413
    assert not worker.asked


def test_a_turn_and_a_look_are_the_workers_one_frame(app: Client, worker: ScriptedWorker) -> None:
    for path, asked, told in (("/api/turn", TURN, turned()), ("/api/look", LOOK, looked())):
        answer = app.post(path, content=canonical_json(asked))
        assert answer.status_code == 200 and answer.json() == json.loads(told[0])
    assert worker.asked == [TURN, LOOK]


@pytest.mark.parametrize("path", ["/api/turn", "/api/look"])
def test_what_the_worker_refuses_of_them_is_refused_in_its_words_and_leaving_ends_them(
    app: Client, worker: ScriptedWorker, path: str
) -> None:
    body = canonical_json(TURN if path == "/api/turn" else LOOK)
    worker.script = Script(refused=Refused(422, "no_such_group", "It was asked.", "Others are.", "Choose one."))
    refused = app.post(path, content=body)
    assert (refused.status_code, refused.json()["refusal"]["code"]) == (422, "no_such_group")
    worker.script = Script(ending="cut", cut_after=0)
    assert app.post(path, content=body).json()["refusal"]["code"] == "no_worker"
    worker.script = Script(thinks_s=5)
    with Client(app.base_url, timeout=0.3) as impatient, pytest.raises(Exception, match="timed out"):
        impatient.post(path, content=body)
    eventually(lambda: worker.left)


def test_the_python_client_gets_the_same(app: Client, worker: ScriptedWorker) -> None:
    with Asking(str(app.base_url)) as asking:
        assert CIRCUIT.beside
        drawn = asking.circuit(CIRCUIT.model, CIRCUIT.prompt, CIRCUIT.beside.prompt, target=CIRCUIT.target)
        assert drawn.frames == [FRAME.validate_json(line) for line in WHOLE] and drawn.circuit.request == CIRCUIT
        assert isinstance(asking.turn(TURN), Turned) and isinstance(asking.look(LOOK), Looked)
        assert asking.summary(drawn.run_id).kind == "circuit"
