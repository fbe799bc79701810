"""The JSON routes: what is refused, and that nothing that is sent can hurt."""

import json

import pytest

from tests.app.conftest import Client, start
from tests.app.frames import CARD, REQUEST
from tests.app.scripted_worker import ScriptedWorker

GOOD = json.loads(REQUEST.model_dump_json())


def _without(field: str) -> bytes:
    return json.dumps({name: value for name, value in GOOD.items() if name != field}).encode()


def _with(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


BAD_RUNS = {
    "an empty body": b"",
    "not JSON": b"prompt=hello",
    "not UTF-8": b'{"model": "scripted", "prompt": "\xff\xfe"}',
    "a list": b"[]",
    "JSON too deep": b"[" * 20_000,
    "an empty prompt": _with(prompt=""),
    "a blank prompt": _with(prompt=" \n\t"),
    "a huge prompt": _with(prompt="a" * 8_001),
    "a prompt that is a number": _with(prompt=3),
    "no model": _without("model"),
    "markup for a model": _with(model="<script>alert(1)</script>"),
    "a strength that is NaN": _with(sweeps=[GOOD["sweeps"][0] | {"strengths": [float("nan")]}]),
    "a strength that is infinite": _with(sweeps=[GOOD["sweeps"][0] | {"strengths": [1e999]}]),
    "a strength of 0": _with(sweeps=[GOOD["sweeps"][0] | {"strengths": [0]}]),
    "a target of no kind": _with(sweeps=[{"target": {"kind": "\u0000<b>", "name": "x"}, "strengths": [1]}]),
    "too many arms": _with(sweeps=[GOOD["sweeps"][0] | {"strengths": list(range(1, 41))}] * 2),
    "a lone surrogate": b'{"model": "scripted", "prompt": "Who is \\ud800?"}',
    "a NUL": _with(prompt="Who is \u0000?"),
    "an unknown field": _with(temperature=1.0),
    "a field named to hurt": _with(**{"<script>\u0000\u202e": 1}),
    "an entity outside the prompt": _with(entity={"start": 5, "end": 5000}),
}


@pytest.mark.parametrize("body", BAD_RUNS.values(), ids=BAD_RUNS.keys())
def test_a_bad_run_is_refused_in_three_parts_and_the_next_one_works(
    live: Client, live_worker: ScriptedWorker, body: bytes
) -> None:
    n_asked = len(live_worker.asked)
    answer = live.post("/api/runs", content=body)
    assert answer.status_code == 422, answer.text
    _is_a_refusal(answer.json())
    assert answer.headers["content-type"] == "application/json" and "\\u0000" not in answer.text
    assert len(live_worker.asked) == n_asked
    assert live.post_run().status_code == 200


@pytest.mark.parametrize("size", [65_537, 1_000_000, 20_000_000])
@pytest.mark.parametrize("path", ["/api/runs", "/api/findings"])
def test_a_body_that_is_too_large_is_refused_with_413(live: Client, path: str, size: int) -> None:
    answer = live.post(path, content=b'{"prompt": "' + b"a" * size)
    assert answer.status_code == 413
    _is_a_refusal(answer.json())
    assert live.post_run().status_code == 200


def test_bad_findings_are_refused(live: Client) -> None:
    done = live.post_run().headers["x-run-id"]
    for body, status in (
        ({"run_id": done}, 422),
        ({"run_id": done, "title": ""}, 422),
        ({"run_id": done, "title": "  "}, 422),
        ({"run_id": done, "title": "t" * 141}, 422),
        ({"run_id": done, "title": "\u0000"}, 422),
        ({"run_id": done, "title": "t", "note": "n" * 4_001}, 422),
        ({"run_id": done, "title": "t", "frames": []}, 422),
        ({"run_id": done, "title": "t", "view": {"strength": float("nan")}}, 422),
        ({"run_id": "", "title": "t"}, 422),
        ({"run_id": "\u0000", "title": "t"}, 404),
        ({"run_id": "1" * 22, "title": "t"}, 404),
        ({"run_id": "'; drop table runs; --", "title": "t"}, 404),
    ):
        answer = live.post("/api/findings", content=json.dumps(body).encode())
        assert answer.status_code == status, (body, answer.text)
        _is_a_refusal(answer.json())
    raw = f'{{"run_id": "{done}", "title": "\\udc00"}}'.encode()
    assert live.post("/api/findings", content=raw).status_code == 422
    assert live.save(done).status_code == 201


UNKNOWN = ["1111111111", "x", "%00", "..%2f..%2fetc", "%F0%9F%92%A9", "%ff", "a" * 3_000, "<script>", "' or 1=1 --"]


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_is_a_404(live: Client, name: str) -> None:
    for path in ("/api/runs/{}", "/api/runs/{}/frames", "/api/findings/{}", "/api/findings/{}/frames"):
        answer = live.get(path.format(name))
        assert answer.status_code == 404, path
        _is_a_refusal(answer.json())
    assert live.get("/api/findings", params={"before": "1111111111"}).status_code == 404


def test_wrong_methods_paths_and_parameters_are_refused_in_three_parts(live: Client) -> None:
    for answer, status in (
        (live.get("/api/nothing"), 404),
        (live.get("/api/runs"), 405),
        (live.put("/api/findings/1111111111"), 405),
        (live.get("/api/findings?limit=0"), 422),
        (live.get("/api/findings?limit=99999999999999999999999999"), 422),
        (live.get("/api/findings?limit=many"), 422),
        (live.post_run(page=""), 422),
        (live.post_run(page="x" * 65), 422),
        (live.post_run(page="<b>ad page</b>"), 422),
        (live.post_run(page="a\n"), 422),
    ):
        assert answer.status_code == status
        _is_a_refusal(answer.json())
        assert "<b>" not in answer.text
    assert live.get("/api/runs").headers["allow"] == "POST"


def test_an_unexpected_exception_is_answered_without_its_text(
    live: Client, live_worker: ScriptedWorker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("app.finding_store.FindingStore.findings", fails)
    answer = live.get("/api/findings")
    assert answer.status_code == 500
    _is_a_refusal(answer.json())
    assert "secret" not in answer.text and "content-security-policy" in answer.headers
    assert "a secret" in caplog.text


def test_models_are_those_of_the_worker_and_stay_known_while_it_is_away(settings, worker: ScriptedWorker) -> None:
    worker.close()
    with start(settings) as app:
        refused = app.get("/api/models")
        assert refused.status_code == 503
        _is_a_refusal(refused.json())
        worker.listen()
        known = app.get("/api/models").json()
        assert known == {"models": [CARD.model_dump(mode="json")], "reports": []}
        worker.close()
        assert app.get("/api/models").json() == known


def test_the_interface_describes_the_bodies_that_it_takes(live: Client) -> None:
    document = live.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    body = document["paths"]["/api/runs"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/GenerateRequest"}
    assert schemas["GenerateRequest"]["properties"]["prompt"]["maxLength"] == 8_000
    assert schemas["FindingRequest"]["required"] == ["run_id", "title"]
    text = json.dumps(document)
    for name in (part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]):
        assert name in schemas
    assert "HTTPValidationError" not in text
    assert live.get("/docs").status_code == 404


def _is_a_refusal(body: dict) -> None:
    assert body.keys() == {"refusal"}
    assert body["refusal"].keys() == {"code", "asked", "allowed", "change"}
    assert all(body["refusal"].values())
