"""What the app tells of experiments: a form for each, and what a draft of one comes to. Nothing is run for it."""

import json

import pytest

from client.client import Client as Asking
from protocol.app.experiments.answers.dose import DoseExperiment
from protocol.app.experiments.catalogue import EXPERIMENTS, ExperimentOffers, made, offers
from protocol.canonical import canonical_json
from protocol.refusal import Refused
from protocol.worker.models import Attribute
from protocol.worker.names import GivenName, GivenNames
from tests.app.conftest import Client
from tests.app.frames import CARD
from tests.app.scripted_worker import ScriptedWorker
from tests.shipped_documents import world

DOSE = DoseExperiment()
COUNTRY = Attribute(name="country", entity_type="city", cues=("country",), question="In which country is {name}?")
WITH_WORLD = CARD.model_copy(update={"world": "entities.json", "attributes": (COUNTRY,)})
JSON = {"Content-Type": "application/json"}


def test_a_model_has_a_form_for_every_experiment(app: Client, worker: ScriptedWorker) -> None:
    answer = app.get(f"/api/models/{CARD.id}/experiments")
    assert answer.status_code == 200
    assert answer.json() == json.loads(ExperimentOffers.model_dump_json(offers(CARD)))
    assert [one["about"]["id"] for one in answer.json()["experiments"]] == [one.about.id for one in EXPERIMENTS]
    assert app.get("/api/models/other/experiments").json()["refusal"]["code"] == "unknown_model"


def test_a_draft_comes_to_a_request_and_its_cost_or_to_words(app: Client, worker: ScriptedWorker) -> None:
    worker.card, worker.world = WITH_WORLD, world(CARD.id)
    draft = DOSE.preset(WITH_WORLD)
    with Asking(str(app.base_url)) as asking:
        there = asking.experiment(draft)
        assert there == made(WITH_WORLD, draft, world(CARD.id)) and there.cost and there.cost.n_questions == 24
        named = GivenNames(names=(GivenName(name="A", type="city"), GivenName(name="B", type="city")))
        given = draft.putting(names=named, groups=())
        assert asking.experiment(given) == made(WITH_WORLD, given, None)
        with pytest.raises(Refused) as refused:
            asking.experiment(draft.model_copy(update={"model": "other"}))
        assert refused.value.status == 404
    wrong = json.loads(canonical_json(draft)) | {"n": 33}
    answer = app.post("/api/experiments", json=wrong)
    assert answer.status_code == 200 and answer.json()["problem"]["asked"] == "The field n can't be used."
    for body, status in ((b"{", 422), (b'{"kind":"none","model":"m"}', 422), (b"x" * 4_300_000, 413)):
        assert app.post("/api/experiments", content=body, headers=JSON).status_code == status
    assert worker.asked == []


def test_the_form_is_there_while_the_worker_is_away_if_it_was_ever_seen(app: Client, worker: ScriptedWorker) -> None:
    worker.card, worker.world = WITH_WORLD, world(CARD.id)
    draft = canonical_json(DOSE.preset(WITH_WORLD))
    first = app.post("/api/experiments", content=draft, headers=JSON).json()
    worker.close()
    assert app.get(f"/api/models/{CARD.id}/experiments").status_code == 200
    assert app.post("/api/experiments", content=draft, headers=JSON).json() == first
