"""People who use an app at the same time, and what they were promised. Knows nothing about who kills it."""

import hashlib
import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2

from protocol.worker.requests import Controls, GenerateRequest
from tests.app.conftest import Client

AWAY = (httpx2.HTTPError, KeyError, ValueError)  # what somebody meets whose app is killed meanwhile


@dataclass
class Promised:
    """A finding that was answered 201, and what it has to be for as long as it is there."""

    said: dict[str, Any]
    sha256: str
    token: str

    @property
    def slug(self) -> str:
        return self.said["slug"]


@dataclass
class Promises:
    """What people were told. `unsure`: somebody wanted it deleted, and never heard whether it was."""

    kept: dict[str, Promised] = field(default_factory=dict)
    unsure: dict[str, Promised] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    queued: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


class People:
    """Some who use the app at the same time, for as long as the context lasts. None of them wonders when it is gone."""

    def __init__(self, url: httpx2.URL | str, model: str, promises: Promises, seed: float) -> None:
        self._url, self._model, self._promises = url, model, promises
        self._gone = threading.Event()
        doing = (self._runs, self._runs, self._queues, self._takes_back)
        self._threads = [
            threading.Thread(target=self._live, args=(does, random.Random(f"{seed} {n}")))
            for n, does in enumerate(doing)
        ]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._gone.set()
        for thread in self._threads:
            thread.join()

    def _live(self, does: Callable[[Client, random.Random], None], draw: random.Random) -> None:
        with Client(self._url, timeout=20) as app:
            while not self._gone.is_set():
                with suppress(*AWAY):
                    does(app, draw)
                self._gone.wait(0.01)

    def _runs(self, app: Client, draw: random.Random) -> None:
        with app.follow_run(a_request(self._model, f"What sport does Player {draw.randrange(10**6)} play?")) as answer:
            run_id, recording = answer.headers["x-run-id"], b""
            for piece in answer.iter_raw():
                recording += piece
                if self._gone.is_set():
                    return
        self._note(recording)
        if b'"done"' in recording.splitlines()[-1]:
            for _ in range(draw.choice((1, 1, 2))):
                self._save(app, run_id, recording)

    def _queues(self, app: Client, draw: random.Random) -> None:
        queued = self._promises.queued
        if len(queued) < 4:
            queued.append(app.queue_run(a_request(self._model, f"Who is number {draw.randrange(10**6)}?")))
        for run_id in list(queued):
            state = app.state(run_id)
            if state not in ("queued", "running"):
                queued.remove(run_id)
            if state == "done":
                self._save(app, run_id, app.frames(run_id).content)

    def _takes_back(self, app: Client, draw: random.Random) -> None:
        promises = self._promises
        self._gone.wait(0.1)
        with promises.lock:
            if len(promises.kept) < 5:
                return
            promised = promises.kept.pop(draw.choice(list(promises.kept)))
            promises.unsure[promised.slug] = promised
        answer = app.delete(f"/api/findings/{promised.slug}", headers={"x-delete-token": promised.token})
        if answer.status_code == 204:
            with promises.lock:
                promises.deleted.add(promises.unsure.pop(promised.slug).slug)

    def _save(self, app: Client, run_id: str, recording: bytes) -> None:
        answer = app.save(run_id, note="Seen before the kill.")
        if answer.status_code == 201:
            saved = answer.json()
            promised = Promised(saved["finding"], hashlib.sha256(recording).hexdigest(), saved["delete_token"])
            with self._promises.lock:
                self._promises.kept[promised.slug] = promised

    def _note(self, recording: bytes) -> None:
        last = json.loads(recording.splitlines()[-1])
        with self._promises.lock:
            self._promises.states[last["refusal"]["code"] if last["kind"] == "error" else last["kind"]] += 1


def a_request(model: str, prompt: str) -> GenerateRequest:
    return GenerateRequest(model=model, prompt=prompt, controls=Controls(n_directions=0), max_new_tokens=24)
