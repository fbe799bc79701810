"""The JSON routes: what is refused, and that nothing that is sent can hurt."""

import json
import socket
import time
from collections.abc import Iterable

import pytest

from protocol.vocabulary import RUNS
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
    "a number of 5,000 digits": _with(max_new_tokens=0).replace(b": 0", b": " + b"9" * 5_000, 1),
    "a number beyond floats": _with(sweeps=[GOOD["sweeps"][0] | {"strengths": [1]}]).replace(b"[1]", b"[1e99999]"),
    "objects too deep": b'{"prompt":' * 5_000 + b"1" + b"}" * 5_000,
    "a key twice": b'{"prompt": "a", "prompt": 3}',
    "more after the end": _with() + b"{}",
    "a byte-order mark and UTF-16": json.dumps(GOOD).encode("utf-16"),
    "a key of half a surrogate pair": b'{"\\ud800": 1}',
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


def _talk(app: Client, head: Iterable[str], *pieces: bytes, pause_s: float = 0.0, limit_s: float = 10.0) -> bytes:
    """The whole answer to bytes that no client would send; empty where the connection was just closed."""
    with socket.create_connection((app.base_url.host, app.base_url.port), timeout=limit_s) as connection:
        connection.sendall("\r\n".join((*head, "", "")).encode("latin-1"))
        answer = b""
        try:
            for piece in pieces:
                time.sleep(pause_s)
                connection.sendall(piece)
            while piece := connection.recv(2**16):
                answer += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        return answer


HEAD = ("POST /api/runs HTTP/1.1", "Host: localhost", "Connection: close")
BODY = REQUEST.model_dump_json().encode()
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
ODD_REQUESTS = {
    "no length": ((*HEAD,), (), (422,)),
    "no length, but a body": ((*HEAD,), (BODY,), (422,)),
    "a length of words": ((*HEAD, "Content-Length: many"), (BODY,), (400,)),
    "a negative length": ((*HEAD, "Content-Length: -1"), (BODY,), (400,)),
    "two lengths": ((*HEAD, f"Content-Length: {len(BODY)}", "Content-Length: 3"), (BODY,), (400,)),
    "length and chunks": (
        (*HEAD, f"Content-Length: {len(BODY)}", "Transfer-Encoding: chunked"),
        (CHUNKED,),
        (200, 400),
    ),
    "chunks": ((*HEAD, "Transfer-Encoding: chunked"), (CHUNKED,), (200,)),
    "broken chunks": ((*HEAD, "Transfer-Encoding: chunked"), (b"zz\r\n",), (400,)),
    "another encoding": ((*HEAD, "Transfer-Encoding: gzip"), (BODY,), (400, 501)),
    "a wrong type": ((*HEAD, "Content-Type: image/png", f"Content-Length: {len(BODY)}"), (BODY,), (200,)),
    "a type twice": (
        (*HEAD, "Content-Type: text/html", "Content-Type: \xff", f"Content-Length: {len(BODY)}"),
        (BODY,),
        (200,),
    ),
    "a compressed body that is none": (
        (*HEAD, "Content-Encoding: gzip", f"Content-Length: {len(BODY)}"),
        (BODY,),
        (200,),
    ),
    "an expectation": ((*HEAD, "Expect: 100-continue", f"Content-Length: {len(BODY)}"), (BODY,), (100,)),
    "no host": (("GET /api/findings HTTP/1.1", "Connection: close"), (), (400,)),
    "no host, as in 1996": (("GET /api/findings HTTP/1.0",), (), (200,)),
    "two hosts": (("GET / HTTP/1.1", "Host: localhost", "Host: evil", "Connection: close"), (), (400,)),
    "bad percents": (("GET /api/findings/%zz%u0041%?q=%&limit=%31 HTTP/1.1", *HEAD[1:]), (), (404,)),
    "a path of another site": (("GET http://evil/api/findings HTTP/1.1", *HEAD[1:]), (), (404,)),
    "slashes": (("GET //evil//api/..//findings HTTP/1.1", *HEAD[1:]), (), (404,)),
    "raw bytes in the path": (("GET /api/\xff HTTP/1.1", *HEAD[1:]), (), (400,)),
    "a header of bytes": (("GET /api/findings HTTP/1.1", *HEAD[1:], "X-Delete-Token: \xff\xfe"), (), (200,)),
    "a huge header": (("GET / HTTP/1.1", *HEAD[1:], "X: " + "a" * 200_000), (), (400, 431)),
    "a range of nonsense": (
        ("GET /static/look/elements.css HTTP/1.1", *HEAD[1:], "Range: bytes=b-a,,9"),
        (),
        (200, 400, 416),
    ),
    "an upgrade": (
        ("GET /api/runs HTTP/1.1", "Host: localhost", "Connection: Upgrade, close", "Upgrade: websocket"),
        (),
        (405,),
    ),
    "a method of one's own": (("<b> / HTTP/1.1", *HEAD[1:]), (), (400, 405)),
    "TRACE": (("TRACE / HTTP/1.1", *HEAD[1:]), (), (405,)),
    "CONNECT": (("CONNECT localhost:80 HTTP/1.1", *HEAD[1:]), (), (400, 404)),
    "*": (("OPTIONS * HTTP/1.1", *HEAD[1:]), (), (404, 405)),
    "HTTP/9.9": (("GET / HTTP/9.9", *HEAD[1:]), (), (200, 400, 505)),
}


@pytest.mark.parametrize(("head", "pieces", "statuses"), ODD_REQUESTS.values(), ids=ODD_REQUESTS.keys())
def test_a_request_that_no_browser_sends_is_answered_at_once_and_never_with_500(
    live: Client, head: tuple[str, ...], pieces: tuple[bytes, ...], statuses: tuple[int, ...]
) -> None:
    answer = _talk(live, head, *pieces)
    assert answer.startswith(b"HTTP/1.1 ") and int(answer.split()[1]) in statuses, answer[:200]
    assert live.post_run().status_code == 200


@pytest.mark.parametrize("path", ["/api/runs", "/api/findings"])
def test_a_body_that_takes_too_long_is_refused_and_its_connection_closed(
    live: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("app.http.bodies.MAX_BODY_S", 0.4)
    head = (f"POST {path} HTTP/1.1", "Host: localhost", "Content-Length: 1000")
    started = time.monotonic()
    answer = _talk(live, head, *[b" "] * 100, pause_s=0.1)
    assert time.monotonic() - started < 5, "the connection was closed, or all 100 would have been sent"
    if answer:  # what was still on its way can make the closing a reset
        assert answer.startswith(b"HTTP/1.1 408 ") and b'"too_slow"' in answer
    silent = _talk(live, head)
    assert silent.startswith(b"HTTP/1.1 408 ") and b"connection: close" in silent.lower()
    assert live.post_run().status_code == 200


def test_who_leaves_in_the_middle_of_a_body_is_no_failure_of_ours(
    live: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection((live.base_url.host, live.base_url.port)) as connection:
        connection.sendall("\r\n".join((*HEAD, "Content-Length: 1000", "", "{")).encode())
        time.sleep(0.1)
    time.sleep(0.2)
    assert live.post_run().status_code == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


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
    assert live.put("/api/findings").headers["allow"] == "GET, POST", "of all routes of an address"
    assert live.post("/f/1111111111").headers["allow"] == "GET, HEAD"


def test_an_unexpected_exception_is_answered_without_its_text(
    live: Client, live_worker: ScriptedWorker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("app.findings.store.FindingStore.findings", fails)
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
        assert known == {"models": [CARD.model_dump(mode="json")], "absent": [], "reports": []}
        worker.close()
        assert app.get("/api/models").json() == known


def test_the_interface_describes_the_bodies_that_it_takes(live: Client) -> None:
    document = live.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    body = document["paths"]["/api/runs"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/RunRequest"}
    kinds = schemas["RunRequest"]["discriminator"]["mapping"]
    assert kinds["generate"] == "#/components/schemas/GenerateRequest" and kinds.keys() == RUNS.keys()
    assert schemas["GenerateRequest"]["properties"]["prompt"]["maxLength"] == 8_000
    assert schemas["FindingRequest"]["required"] == ["run_id", "title"]
    text = json.dumps(document)
    for name in (part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]):
        assert name in schemas
    assert "HTTPValidationError" not in text


def test_the_interface_says_what_it_refuses(live: Client) -> None:
    """Bodies are read by hand, and some refusals are the door's: FastAPI would know of neither."""
    paths = live.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            said = operation["responses"].keys()
            assert {"400", "401", "403", "421", "429", "500"} <= said, (method, path)
            assert ("requestBody" in operation) == ({"408", "413"} <= said), (method, path)


def _is_a_refusal(body: dict) -> None:
    assert body.keys() == {"refusal"}
    assert body["refusal"].keys() == {"code", "asked", "allowed", "change"}
    assert all(body["refusal"].values())
