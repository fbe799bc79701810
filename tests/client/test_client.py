"""The Python client against a live app: what it gets is what the app sent, however the way there went."""

import itertools
import threading
import time
from collections.abc import Iterator

import httpx2
import pytest
from pydantic import SecretStr

from app.settings import Settings
from client import client
from client.client import Client as Asking
from client.client import Lost
from client.recording import Recording
from protocol.app.findings import View
from protocol.app.runs import RunSummary
from protocol.refusal import RefusalBody, Refused
from protocol.worker.frames import FRAME, Frame
from protocol.worker.requests import GenerateRequest
from tests.app.conftest import Client, eventually, start
from tests.app.frames import REQUEST, STUDY, recording, study_recording
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
            whole = b"".join(answer.iter_bytes()).splitlines(keepends=True)

            def torn() -> Iterator[bytes]:
                yield from itertools.islice(whole, 4)
                raise httpx2.ReadError("torn")

            answer.iter_bytes = torn
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


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\x0b\x0c\x1c", "\U0001f600"])
def test_only_a_newline_ends_a_line_whatever_a_reader_or_a_model_writes(
    asking: Asking, worker: ScriptedWorker, end: str
) -> None:
    """Python's own idea of a line has ten ends."""
    asked = REQUEST.model_copy(update={"prompt": f"Who is{end}Batkin?"})
    frames = [FRAME.validate_json(line) for line in recording(asked)]
    worker.script = Script(recording(asked))
    seen = asking.run(asked)
    assert seen.frames == frames and seen.start.request.prompt == asked.prompt
    slug = asking.save(seen.run_id, f"A title{end}with it").finding.slug
    assert asking.recording(slug).frames == frames
    assert asking.result(asking.begin(asked).id).frames == frames


def test_a_run_that_waits_for_its_turn_is_silent_and_not_lost(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No app takes it. Whoever follows asks from time to time, and is told that it is queued."""
    _be_quick(monkeypatch)
    with start(settings.model_copy(update={"background_runs": 0})) as app, Asking(str(app.base_url)) as asking:
        run_id = asking.begin(REQUEST).id
        following = _Following(asking, run_id)
        n_asked = 0
        plain = asking.summary

        def counted(asked: str) -> RunSummary:
            nonlocal n_asked
            n_asked += 1
            return plain(asked)

        monkeypatch.setattr(asking, "summary", counted)
        eventually(lambda: n_asked > 3 * len(client._AGAIN_S))
        assert following.is_alive()
        app.delete(f"/api/runs/{run_id}")
        following.join(5)
        assert following.error is None and [frame.kind for frame in following.frames] == ["error"]


def test_an_app_that_dies_while_a_study_rests_is_noticed(
    settings: Settings, worker: ScriptedWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    _be_quick(monkeypatch)
    worker.script = Script(study_recording(n_steps=150), pause_s=0.05)
    with start(settings) as app:
        asking = Asking(str(app.base_url))
        run_id = asking.begin(STUDY).id
        following = _Following(asking, run_id)
        eventually(lambda: following.frames)
        asking.pause(run_id)
        eventually(lambda: asking.summary(run_id).state == "paused")
        time.sleep(0.5)  # longer than all pauses together
        assert following.is_alive()
    following.join(5)
    asking.close()
    assert isinstance(following.error, Lost)


def test_an_app_that_is_busy_for_a_moment_is_asked_again(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = asking.begin(REQUEST).id
    eventually(lambda: asking.summary(run_id).state == "done")
    plain, n_asked = asking._http.send, 0

    def busy(request: httpx2.Request, **how: object) -> httpx2.Response:
        nonlocal n_asked
        n_asked += 1
        if n_asked > 2:
            return plain(request, **how)
        refusal = Refused(503, "busy", "It is busy.", "Later.", "Try again.").refusal
        return httpx2.Response(503, content=RefusalBody(refusal=refusal).model_dump_json(), request=request)

    monkeypatch.setattr(asking._http, "send", busy)
    assert asking.result(run_id).frames == FRAMES and n_asked == 3


@pytest.mark.parametrize("password", ["bättery staple", "密码密码密码密码", "correct: horse battery"])
def test_a_password_may_be_of_any_letters(settings: Settings, password: str) -> None:
    private = settings.model_copy(update={"password": SecretStr(password)})
    with start(private) as app, Asking(str(app.base_url), password=password) as friend:
        assert friend.models().models


class _Following(threading.Thread):
    """`error`: what it ended with, if not with the run."""

    def __init__(self, asking: Asking, run_id: str) -> None:
        super().__init__(daemon=True)
        self.frames: list[Frame] = []
        self.error: Exception | None = None
        self._tail = asking.follow(run_id)
        self.start()

    def run(self) -> None:
        try:
            for frame in self._tail:
                self.frames.append(frame)
        except Exception as error:
            self.error = error


def _be_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_AGAIN_S", (0.05, 0.05, 0.05))
    monkeypatch.setattr(client, "_LOOK_S", 0.1)
