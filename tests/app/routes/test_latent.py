"""What the app tells of one latent: the worker's two frames or its refusal, and it stops asking when nobody listens."""

import json

import pytest

from client.client import Client as Asking
from protocol.app.latent import LatentRead
from protocol.refusal import Refused
from protocol.worker.frames import FRAME, Error
from protocol.worker.requests import LatentRequest
from tests.app.conftest import Client, eventually
from tests.app.frames import CARD, TARGET, latent_read
from tests.app.scripted_worker import Script, ScriptedWorker

PATH = f"/api/models/{CARD.id}/latent"
ASKED = {"dictionary": TARGET.dictionary, "latent": TARGET.latent}
LENS, FIRING, _ = map(FRAME.validate_json, latent_read())


def test_the_workers_frames_are_told_together(app: Client, worker: ScriptedWorker) -> None:
    answer = app.get(PATH, params=ASKED)
    assert answer.status_code == 200 and answer.json() == json.loads(
        b'{"lens":%s,"firing":%s}' % tuple(latent_read()[:2])
    )
    app.get(PATH, params=ASKED | {"n_tokens": 3, "n_snippets": 0})
    assert worker.asked == [
        LatentRequest(model=CARD.id, target=TARGET),
        LatentRequest(model=CARD.id, target=TARGET, n_tokens=3, n_snippets=0),
    ]


def test_the_python_client_gets_the_same(app: Client, worker: ScriptedWorker) -> None:
    with Asking(str(app.base_url)) as asking:
        assert asking.latent(CARD.id, TARGET, n_snippets=2) == LatentRead(lens=LENS, firing=FIRING)
        assert worker.asked[-1].n_snippets == 2
        worker.script = Script(refused=Refused(422, "unknown_latent", "It asked.", "It is.", "Choose."))
        with pytest.raises(Refused) as refused:
            asking.latent(CARD.id, TARGET)
        assert (refused.value.status, refused.value.refusal.code) == (422, "unknown_latent")


@pytest.mark.parametrize("status", [404, 422, 503])
def test_what_the_worker_refuses_is_refused_in_its_words(app: Client, worker: ScriptedWorker, status: int) -> None:
    worker.script = Script(refused=Refused(status, "a_reason", "This was asked.", "That is.", "Do so."))
    answer = app.get(PATH, params=ASKED)
    assert answer.status_code == status
    assert answer.json()["refusal"] == {
        "code": "a_reason",
        "asked": "This was asked.",
        "allowed": "That is.",
        "change": "Do so.",
    }


FAULT = Error(seq=1, refusal=Refused(500, "worker_fault", "It ended.", "A fault.", "Ask again.").refusal)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (Script(ending="cut", cut_after=1), "no_worker"),
        (Script(ending="torn", cut_after=1), "no_worker"),
        (Script(lines=[b'{"kind":"news"}\n']), "no_worker"),
        (Script(lines=[latent_read()[0], FAULT.model_dump_json().encode() + b"\n"]), "worker_fault"),
    ],
    ids=["cut", "torn", "of another version", "ended by a fault"],
)
def test_an_answer_that_breaks_off_is_a_refusal_and_never_half_of_it(
    app: Client, worker: ScriptedWorker, script: Script, code: str
) -> None:
    worker.script = script
    answer = app.get(PATH, params=ASKED)
    assert (answer.status_code, answer.json()["refusal"]["code"]) == (503, code)
    assert all(answer.json()["refusal"].values())


def test_without_a_worker_it_says_so(app: Client, worker: ScriptedWorker) -> None:
    worker.close()
    answer = app.get(PATH, params=ASKED)
    assert (answer.status_code, answer.json()["refusal"]["code"]) == (503, "no_worker")


def test_a_reader_who_leaves_ends_it_on_the_worker(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(pause_s=60)
    with pytest.raises(Exception, match="timed out"):
        app.get(PATH, params=ASKED, timeout=0.5)
    eventually(lambda: worker.left == [1], within_s=30)


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "dictionary=d",
        "latent=1",
        "dictionary=d&latent=-1",
        "dictionary=d&latent=2147483648",
        "dictionary=d&latent=" + "9" * 5_000,
        "dictionary=%00&latent=1",
        "dictionary=<script>&latent=1",
        "dictionary=d&latent=1.5",
        "dictionary=d&latent=1&n_tokens=0",
        "dictionary=d&latent=1&n_tokens=101",
        "dictionary=d&latent=1&n_snippets=51",
    ],
)
def test_what_nobody_can_mean_is_refused_before_the_worker_is_asked(
    app: Client, worker: ScriptedWorker, asked: str
) -> None:
    answer = app.get(f"{PATH}?{asked}")
    assert answer.status_code == 422 and all(answer.json()["refusal"].values())
    assert "script" not in answer.text and worker.asked == []
