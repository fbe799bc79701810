"""docs/worker-api.md says what a worker does: its routes and parameters, its refusals, and every example."""

import json
import re
from collections.abc import Iterator

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from model_worker.model.registry import card_folders, read_row
from model_worker.serve.server import create_server
from model_worker.serve.streams import superseded
from protocol.base import Message
from protocol.circuit import CIRCUIT_STAGES
from protocol.refusal import Refusal
from protocol.steering import RandomTarget
from protocol.worker.circuits import CircuitRequest, LookRequest, TurnRequest
from protocol.worker.frames import FRAME, Error, Frame
from protocol.worker.names import NamesRequest
from protocol.worker.replay import ReplayRequest
from protocol.worker.requests import Controls, GenerateRequest, LatentRequest, LensRequest, SearchRequest
from protocol.worker.studies import DiscoverRequest
from tests.model_worker.live import ROOT, started, wait_until_ready

PAGE = (ROOT / "docs" / "worker-api.md").read_text("utf-8")


class RefusalBody(Message):
    refusal: Refusal


def examples(kind: str) -> list[str]:
    return re.findall(rf"^```json {kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


FRAMES = [FRAME.validate_json(text) for text in examples("frame")]
REQUESTS = (
    GenerateRequest,
    CircuitRequest,
    TurnRequest,
    LookRequest,
    ReplayRequest,
    LensRequest,
    LatentRequest,
    SearchRequest,
    NamesRequest,
    DiscoverRequest,
)
GENERATE, CIRCUIT, TURN, LOOK, REPLAY, LENS, LATENT, SEARCH, NAMES, STUDY = (
    next(model.model_validate_json(text) for text in examples(model.__name__)) for model in REQUESTS
)
BODIES = {
    "/v1/generate": GENERATE,
    "/v1/circuit": CIRCUIT,
    "/v1/turn": TURN,
    "/v1/look": LOOK,
    "/v1/replay": REPLAY,
    "/v1/lens": LENS,
    "/v1/latent": LATENT,
    "/v1/search": SEARCH,
    "/v1/names": NAMES,
    "/v1/study": STUDY,
}


OF_CIRCUITS = {"circuit", *CIRCUIT_STAGES, "turned", "looked"}
OF_STUDIES = {"study", "progress", "tally", "corpus", "ranking", "figure", "trial"}


@pytest.fixture(scope="module")
def worker() -> Iterator[httpx2.Client]:
    """The shipped model: the page's examples are its answers."""
    with started(card_folders()[0]) as client:
        wait_until_ready(client)
        yield client


@pytest.fixture(scope="module")
def server() -> FastAPI:
    return create_server(read_row(card_folders()[0]), lambda _say: pytest.fail("nothing is loaded here"))


def test_the_page_lists_the_routes_that_there_are_with_their_parameters_and_bodies(server: FastAPI) -> None:
    written = {}
    for line in PAGE.splitlines():
        if found := re.match(r"\| `(GET|POST) (\S+)` \|([^|]*)\|([^|]*)\|", line):
            method, path, query, body = found.groups()
            written[method, path] = (set(re.findall(r"`(\w+)`", query)), re.findall(r"`(\w+)`", body))
    described = server.openapi()["paths"]
    real = {}
    for route in server.routes:
        if isinstance(route, APIRoute):
            (method,) = route.methods
            path = route.path.replace(":path}", "}")
            parameters = described[path][method.lower()].get("parameters", [])
            query = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
            real[method, path] = (query, [type(BODIES[path]).__name__] if path in BODIES else [])
    assert written == real and len(real) >= 6


def test_each_route_takes_the_body_that_the_page_names(worker: httpx2.Client) -> None:
    for path in BODIES:
        for of, body in BODIES.items():
            assert worker.post(path, content=body.model_dump_json()).status_code == (200 if of == path else 422)


def test_no_example_is_left_out_of_these_tests() -> None:
    what = "|".join(["frame", "refusal", "health", *(model.__name__ for model in REQUESTS)])
    assert PAGE.count("```json") == len(re.findall(rf"^```json ({what})$", PAGE, re.M))
    kinds = {model.model_fields["kind"].default for model in Frame.__args__[0].__args__}
    assert {frame.kind for frame in FRAMES} == kinds, "an example of every frame"


def shape(value: object) -> object:
    """What stays the same when the model is trained again: names and kinds, not numbers."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items() if key not in ("text", "label")}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def answer(worker: httpx2.Client, path: str, request: BaseModel) -> list[dict]:
    return [json.loads(line) for line in worker.post(path, content=request.model_dump_json()).text.splitlines()]


def test_the_example_request_gets_the_example_frames(worker: httpx2.Client) -> None:
    said = answer(worker, "/v1/generate", GENERATE)
    for shown in map(json.loads, examples("frame")):
        if shown["kind"] not in (
            "queued",
            "error",
            "departure",
            "lens",
            "firing",
            "found",
            "names",
            *OF_STUDIES,
            *OF_CIRCUITS,
        ):
            assert shape(said[shown["seq"]]) == shape(shown)
            assert said[shown["seq"]]["kind"] == shown["kind"]
    kinds = [frame["kind"] for frame in said]
    assert (kinds[:2], kinds[-2:]) == (["start", "prompt"], ["control", "done"])
    assert set(kinds[2:-2]) == {"step", "verdict", "latents"}


def test_the_request_in_start_asks_for_the_same_run(worker: httpx2.Client) -> None:
    first = answer(worker, "/v1/generate", GENERATE)
    resolved = GenerateRequest.model_validate_json(json.dumps(first[0]["request"]))
    again = answer(worker, "/v1/generate", resolved)
    assert first[0]["entity"]["found"] == "world"
    assert again[:-1] == first[:-1]


def test_the_example_circuit_its_turn_and_its_look_get_the_example_frames(worker: httpx2.Client) -> None:
    said = answer(worker, "/v1/circuit", CIRCUIT)
    kinds = list(dict.fromkeys(frame["kind"] for frame in said))
    assert kinds == ["circuit", *(stage for stage in CIRCUIT_STAGES if stage in kinds), "done"]
    resolved = CircuitRequest.model_validate_json(json.dumps(said[0]["request"]))
    for path, asked in (("/v1/turn", TURN), ("/v1/look", LOOK)):
        (told, done) = answer(worker, path, asked.model_copy(update={"circuit": resolved}))
        assert done["kind"] == "done"
        said.append(told)
    for shown in map(json.loads, examples("frame")):
        if shown["kind"] in OF_CIRCUITS:
            told = next(frame for frame in said if frame["kind"] == shown["kind"])
            assert_alike(told, shown)


def assert_alike(told: object, shown: object) -> None:
    """The same names, whatever is None or empty in one of the two."""
    if isinstance(told, dict) and isinstance(shown, dict):
        assert told.keys() == shown.keys()
        for name in told:
            assert_alike(told[name], shown[name])
    elif isinstance(told, list) and isinstance(shown, list) and told and shown:
        assert_alike(told[0], shown[0])


def test_the_example_replay_departs_where_the_page_says(worker: httpx2.Client) -> None:
    said = answer(worker, "/v1/replay", REPLAY)
    (shown,) = (json.loads(text) for text in examples("frame") if '"departure"' in text)
    assert shape(said[shown["seq"]]) == shape(shown) and said[shown["seq"]]["place"] == shown["place"]
    taken = [token["id"] for frame in said if frame["kind"] == "step" for token in frame["tokens"]]
    assert taken == list(REPLAY.answers[0].ids)


def test_the_example_lens_gets_the_example_frames(worker: httpx2.Client) -> None:
    said = answer(worker, "/v1/lens", LENS)
    (lens,) = (shown for shown in map(json.loads, examples("frame")) if shown["kind"] == "lens")
    assert [frame["kind"] for frame in said] == ["lens", "done"] and shape(said[0]) == shape(lens)
    assert len(lens["promoted"]) == LENS.n_tokens


def test_the_example_latent_gets_the_example_frames(worker: httpx2.Client) -> None:
    said = answer(worker, "/v1/latent", LATENT)
    (firing,) = (shown for shown in map(json.loads, examples("frame")) if shown["kind"] == "firing")
    assert [frame["kind"] for frame in said] == ["lens", "firing", "done"] and shape(said[1]) == shape(firing)
    assert said[0] == answer(worker, "/v1/lens", LENS.model_copy(update={"n_tokens": LATENT.n_tokens}))[0]
    assert len(said[1]["snippets"]) == LATENT.n_snippets
    for one in said[1]["snippets"]:
        assert (
            len(one["texts"]) == len(one["activations"]) <= 25
            and max(one["activations"]) == one["activations"][one["peak"]]
        )


def test_the_example_search_gets_the_example_frames(worker: httpx2.Client) -> None:
    said = answer(worker, "/v1/search", SEARCH)
    (found,) = (shown for shown in map(json.loads, examples("frame")) if shown["kind"] == "found")
    assert [frame["kind"] for frame in said] == ["found", "done"] and shape(said[0]) == shape(found)


def test_the_example_names_get_the_example_frames(worker: httpx2.Client) -> None:
    said = answer(worker, "/v1/names", NAMES)
    (names,) = (shown for shown in map(json.loads, examples("frame")) if shown["kind"] == "names")
    assert [frame["kind"] for frame in said] == ["names", "done"] and shape(said[0]) == shape(names)
    assert said[0] == names, "it depends on the tokenizer alone"


def test_the_example_study_gets_the_example_frames_and_goes_on_from_any(worker: httpx2.Client) -> None:
    said = answer(worker, "/v1/study", STUDY)
    assert (said[0]["kind"], said[-1]["kind"]) == ("study", "done")
    assert {frame["kind"] for frame in said[1:-1]} == OF_STUDIES - {"study", "trial"}
    for shown in map(json.loads, examples("frame")):
        if shown["kind"] in OF_STUDIES - {"trial"}:
            meant = said[shown["seq"]]
            assert shape(meant) == shape(shown) and meant["kind"] == shown["kind"], shown["seq"]
    lines = [STUDY.model_dump_json(), *map(json.dumps, said[:7])]
    rest = worker.post("/v1/study", content="\n".join(lines)).text.splitlines()
    assert list(map(json.loads, rest))[:-1] == said[7:-1]


def test_a_random_target_as_the_page_writes_it_is_one_that_the_worker_takes(worker: httpx2.Client) -> None:
    (text,) = re.findall(r"`(\{\"kind\": \"random\"[^`]*)`", PAGE)
    like = GENERATE.sweeps[0].target
    target = RandomTarget.model_validate_json(text.replace("…", like.model_dump_json()))
    asked = GENERATE.model_copy(
        update={
            "sweeps": (GENERATE.sweeps[0].model_copy(update={"target": target}),),
            "controls": Controls(n_directions=target.index + 1, seed=target.seed),
        }
    )
    said = answer(worker, "/v1/generate", asked)
    (control,) = (frame for frame in said if frame["kind"] == "control")
    assert said[1]["arms"][1]["refusal_logodds"] == pytest.approx(control["refusal_logodds"][target.index], abs=1e-4)


def test_the_example_refusals_are_what_is_said(worker: httpx2.Client) -> None:
    (text,) = examples("refusal")
    target = LENS.target.model_copy(update={"latent": 9999})
    refused = worker.post("/v1/lens", content=LENS.model_copy(update={"target": target}).model_dump_json())
    assert refused.status_code == 422
    assert RefusalBody.model_validate_json(text) == RefusalBody.model_validate_json(refused.content)
    (error,) = (frame for frame in FRAMES if isinstance(frame, Error))
    assert error.refusal == superseded().refusal


def test_health_says_what_the_page_says_it_says(worker: httpx2.Client) -> None:
    (text,) = examples("health")
    real, written = worker.get("/health").json(), json.loads(text)
    assert shape(real) == shape(written)
    explained = set(re.findall(r"`(\w+)`", PAGE.split("```json health")[1]))
    assert {*real, "rows", "queued", "tokens"} - {"model"} <= explained


def test_every_refusal_of_the_worker_is_in_the_table_with_its_status() -> None:
    written = {
        (status, code)
        for statuses, codes in re.findall(r"^\| ([\d, ]+) \|([^|]*)\|", PAGE, re.MULTILINE)
        for code in re.findall(r"`(\w+)`", codes)
        for status in re.findall(r"\d+", statuses)
    }
    real = set()
    ours = ROOT / "model_worker"
    command = set((ours / "store").glob("*.py")) - {ours / "store" / "place.py"}  # what the command that fetches says
    for file in [*(set(ours.rglob("*.py")) - command), ROOT / "protocol" / "refusal.py"]:
        for status, code in re.findall(r'Refused\(\s*(\d{3}|status),\s*f?"([^"]+)"', file.read_text("utf-8")):
            for name in ("world", "report") if "{what}" in code else ("",):
                statuses = ("404", "405") if status == "status" else (status,)
                real |= {(one, code.replace("{what}", name)) for one in statuses}
    assert len(real) > 20 and written == real
