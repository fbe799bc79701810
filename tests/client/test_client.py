"""The Python client against a live app: what it gets is what the app sent, however the way there went."""

import itertools
import threading
from collections.abc import Iterator

import httpx2
import pytest

from app.settings import Settings
from client.client import Client as Asking
from client.client import Lost, Recording
from protocol.app.findings import View
from protocol.refusal import Refused
from protocol.worker.frames import FRAME
from protocol.worker.requests import GenerateRequest
from tests.app.conftest import Client, eventually, start
from tests.app.frames import REQUEST, recording
from tests.app.scripted_worker import Script, ScriptedWorker

FRAMES = [FRAME.validate_json(line) for line in recording()]


@pytest.fixture
def asking(app: Client) -> Iterator[Asking]:
    with Asking(str(app.base_url)) as client:
        yield client


def test_a_run_is_followed_frame_by_frame(asking: Asking) -> None:
    seen: list[str] = []
    answered = asking.run(REQUEST, lambda frame: seen.append(frame.kind))
    assert answered.frames == FRAMES and answered.whole and seen == [frame.kind for frame in FRAMES]
    assert answered.text() == " word" * 4 and answered.verdict(1) and answered.start.request == REQUEST
    assert asking.summary(answered.run_id).state == "done"


def test_what_is_saved_can_be_read_searched_and_taken_back(asking: Asking) -> None:
    run_id = asking.run(REQUEST).run_id
    saved = asking.save(run_id, "A claim of one's own", note="and why", view=View(sweep=0, strength=1.0))
    slug = saved.finding.slug
    assert asking.finding(slug) == saved.finding
    assert asking.recording(slug).frames == FRAMES
    assert [one.slug for one in asking.findings("claim own", limit=5).findings] == [slug]
    fork = asking.save(run_id, "a fork", parent=slug, listed=False)
    assert asking.finding(fork.finding.slug).parent == slug
    asking.delete(slug, saved.delete_token)
    with pytest.raises(Refused) as refused:
        asking.finding(slug)
    assert refused.value.status == 410


def test_a_refusal_is_raised_with_its_three_parts(asking: Asking, worker: ScriptedWorker) -> None:
    worker.script = Script(refused=Refused(404, "unknown_model", "Model x asked.", "There is y.", "Ask for y."))
    with pytest.raises(Refused) as refused:
        asking.run(REQUEST)
    assert (refused.value.status, refused.value.refusal.change) == (404, "Ask for y.")
    with pytest.raises(Refused) as refused:
        asking.summary("nosuchrun/../x")
    assert refused.value.status == 404


def test_leaving_a_stream_ends_the_run(asking: Asking, worker: ScriptedWorker) -> None:
    worker.script = Script(pause_s=0.2)
    with asking.stream(REQUEST) as (run_id, frames):
        assert next(frames).kind == "start"
    eventually(lambda: asking.summary(run_id).state == "cancelled")


def test_a_background_run_is_followed_to_its_end_over_broken_connections(
    asking: Asking, worker: ScriptedWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = recording(n_steps=20)
    worker.script = Script(lines, pause_s=0.05)
    begun = asking.begin(REQUEST)
    assert begun.lane == "background"
    plain, n_tails = asking._http.send, []

    def breaks(request: httpx2.Request, **how: object) -> httpx2.Response:
        """The first three tails break after some lines, as a cable does."""
        answer = plain(request, **how)
        if "frames" in str(request.url) and len(n_tails) < 3:
            n_tails.append(1)
            whole = answer.iter_lines

            def torn() -> Iterator[str]:
                yield from itertools.islice(whole(), 4)
                raise httpx2.ReadError("torn")

            answer.iter_lines = torn
        return answer

    monkeypatch.setattr(asking._http, "send", breaks)
    answered = asking.result(begun.id)
    assert answered.frames == [FRAME.validate_json(line) for line in lines] and len(n_tails) == 3


def test_a_background_run_that_is_cancelled_ends_its_followers(asking: Asking, worker: ScriptedWorker) -> None:
    worker.script = Script(recording(n_steps=400), pause_s=0.05)
    begun = asking.begin(REQUEST)
    eventually(lambda: asking.summary(begun.id).n_frames)
    threading.Timer(0.3, asking.cancel, [begun.id]).start()
    with pytest.raises((Lost, Refused)):
        asking.result(begun.id)
    assert asking.summary(begun.id).state == "cancelled"


def test_a_second_start_begins_a_recording_anew() -> None:
    twice = Recording("x")
    for frame in [*FRAMES[:4], *FRAMES]:
        twice.add(frame)
    assert twice.frames == FRAMES


def test_nobody_there_is_said_so() -> None:
    with Asking("http://127.0.0.1:9") as client, pytest.raises(Lost):
        client.models()


def test_a_password_opens_the_app(settings: Settings) -> None:
    closed = Settings.model_validate(settings.model_dump() | {"password": "correct horse battery"})
    with start(closed) as app:
        with Asking(str(app.base_url)) as stranger, pytest.raises(Refused) as refused:
            stranger.models()
        assert refused.value.status == 401
        with Asking(str(app.base_url), password="correct horse battery") as friend:
            assert friend.models().models
            assert friend.run(GenerateRequest.model_validate_json(REQUEST.model_dump_json())).whole
