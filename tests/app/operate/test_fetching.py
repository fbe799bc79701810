"""Weights are fetched for whoever runs the app, in a process of their own, and the page is told how far it is."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from app.operate.fetching import Fetching
from app.settings import ROOT, Settings
from protocol.app.weights import WeightsFetched
from tests.app.conftest import Client
from tests.app.scripted_worker import ScriptedWorker

COMMAND = """
import pathlib, sys, time
option, _, model = sys.argv[1:]
here = pathlib.Path({folder!r}) / model
if option == "--question":
    print("" if here.exists() else "Licence: be good.")
elif model == "broken":
    print("Fetching one"), print("  The disk is full.", "  Make room.", sep=chr(10), file=sys.stderr), sys.exit(1)
else:
    print("Fetching one", flush=True), time.sleep(0.3), here.touch(), print("Done")
"""


@pytest.fixture
def fetching(tmp_path: Path) -> Fetching:
    script = tmp_path / "command.py"
    script.write_text(COMMAND.format(folder=str(tmp_path)))
    return Fetching((sys.executable, str(script)), folder=ROOT, environment={})


async def ended(fetching: Fetching, model: str) -> WeightsFetched:
    until = time.monotonic() + 30
    while (now := await fetching.told(model)).state == "fetching" and time.monotonic() < until:
        await asyncio.sleep(0.05)
    return now


async def test_what_is_asked_before_then_how_far_it_is_then_how_it_is_served(fetching: Fetching) -> None:
    before = await fetching.told("one")
    assert (before.state, before.question) == ("absent", "Licence: be good.")
    begun = await fetching.begin("one")
    assert begun.state == "fetching" and (await fetching.begin("one")).state == "fetching", "twice is once"
    after = await ended(fetching, "one")
    assert after.state == "here" and after.serve == "make run MODEL=one" and after.said == ("Fetching one", "Done")


async def test_what_went_wrong_is_said_in_the_commands_words_and_it_may_be_begun_again(fetching: Fetching) -> None:
    await fetching.begin("broken")
    told = await ended(fetching, "broken")
    assert (told.state, told.why, told.question) == ("failed", "The disk is full. Make room.", "Licence: be good.")
    assert (await fetching.begin("broken")).state == "fetching"
    await fetching.stop()


def test_only_whoever_runs_the_app_fetches_and_only_what_its_own_store_keeps(
    app: Client, worker: ScriptedWorker
) -> None:
    for answer in (
        app.get("/api/models/scripted/weights"),
        app.post("/api/models/scripted/weights", json={"accept": True}),
    ):
        assert answer.status_code == 404 and answer.json()["refusal"]["code"] == "nothing_to_fetch"
    worker.card = worker.card.model_copy(update={"weights": "store:some"})
    elsewhere = app.get("/api/models/scripted/weights")
    assert elsewhere.status_code == 404, "a worker that somebody else looks after has a store of its own"


def test_the_command_reads_the_cards_that_the_worker_reads() -> None:
    assert Settings().own_fetcher[1:] == ("-m", "model_worker.fetch")
    own = Settings(worker_command=("python", "-m", "model_worker", "--cards", "one", "--port", "0", "--cards", "two"))
    assert own.own_fetcher[3:] == ("--cards", "one", "--cards", "two")
