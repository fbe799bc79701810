"""The worker as a process of its own, over real HTTP."""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.model_worker.live import ROOT, command, environment, serving, started, wait_until, wait_until_ready

TOKEN = "0123456789-a-secret-shared-by-two"
TOLERANCE = 1e-4  # fp32 on a CPU: a row's numbers depend on the batch that it is in


@pytest.fixture(scope="module")
def worker(random_card: Path) -> Iterator[httpx2.Client]:
    with started(random_card) as client:
        health = client.get("/health").json()
        assert (health["ready"], health["engine"]) == (False, {}), "it listens before it has loaded"
        assert health["doing"], "and says what it is at"
        loading = client.post("/v1/generate", content=body())
        assert (loading.status_code, loading.json()["refusal"]["code"]) == (503, "model_loading")
        wait_until_ready(client)
        yield client


def body(**changes) -> bytes:
    strengths = [x / 4 for x in range(-8, 9) if x]
    asked = {
        "controls": {"n_directions": 2, "seed": 0},
        "model": "random-gemma2",
        "prompt": "What sport does Michael Batkin play?",
        "max_new_tokens": 64,
        "sweeps": [{"target": {"kind": "latent", "dictionary": "layer_1", "latent": 3}, "strengths": strengths}],
    }
    return json.dumps(asked | changes).encode()


def lens_body(**changes) -> bytes:
    asked = {"model": "random-gemma2", "target": {"kind": "latent", "dictionary": "layer_1", "latent": 3}}
    return json.dumps(asked | changes).encode()


def long_body(**changes) -> bytes:
    """Seconds of work, so that a test can be sure to find it under way: 136 answers."""
    return body(max_new_tokens=128, sampling={"temperature": 1.0, "n_samples": 8, "seed": 0}, **changes)


def frames_of(answer: httpx2.Response) -> list[dict]:
    return [json.loads(line) for line in answer.text.splitlines()]


class Run(threading.Thread):
    """A run that is read to its end beside the test. `frames` grows as they arrive."""

    def __init__(self, worker: httpx2.Client, content: bytes, **query: str) -> None:
        super().__init__()
        self.url, self.content, self.query = worker.base_url, content, query
        self.status = 0
        self.frames: list[dict] = []
        self.start()

    def run(self) -> None:
        with (
            httpx2.Client(base_url=self.url, timeout=30) as client,
            client.stream("POST", "/v1/generate", params=self.query, content=self.content) as answer,
        ):
            self.frames += [json.loads(line) for line in answer.iter_lines()] if answer.status_code != 200 else []
            self.status = answer.status_code
            if answer.status_code == 200:
                for line in answer.iter_lines():
                    self.frames.append(json.loads(line))

    def begun(self) -> "Run":
        wait_until(lambda: any(frame["kind"] == "step" for frame in self.frames))
        return self

    def whole(self) -> list[dict]:
        self.join(120)
        assert not self.is_alive()
        return self.frames


def test_frames_arrive_while_the_run_goes_on(worker: httpx2.Client) -> None:
    arrived, kinds = [], []
    began = time.monotonic()
    with worker.stream("POST", "/v1/generate", content=long_body()) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("application/jsonl")
        for line in response.iter_lines():
            arrived.append(time.monotonic())
            kinds.append(json.loads(line)["kind"])
    assert kinds[0] == "start" and kinds[-1] == "done"
    assert arrived[-1] - arrived[0] > (arrived[-1] - began) / 2, "the stream was not buffered"


def test_a_reader_who_leaves_frees_the_worker_within_a_step(worker: httpx2.Client) -> None:
    def steps() -> int:
        return worker.get("/health").json()["steps"]

    long = long_body()
    before = steps()
    assert worker.post("/v1/generate", content=long).status_code == 200
    n_whole = steps() - before
    with worker.stream("POST", "/v1/generate", content=long) as response:
        lines = response.iter_lines()
        for _ in range(3):
            next(lines)
    at_leaving = steps()
    wait_until(lambda: worker.get("/health").json()["running"] == 0)
    # one step in hand, and those it took while the news travelled
    assert steps() - at_leaving <= 25 < n_whole / 4
    assert worker.post("/v1/generate", content=body(max_new_tokens=2)).status_code == 200


def test_a_reader_who_leaves_before_the_first_frame_leaves_no_run_behind(worker: httpx2.Client) -> None:
    long = body(max_new_tokens=128)
    busy = [Run(worker, body(max_new_tokens=32)) for _ in range(3)]
    for _ in range(20):
        with socket.create_connection((worker.base_url.host, worker.base_url.port)) as hasty:
            hasty.sendall(b"POST /v1/generate HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(long) + long)
    assert [run.whole()[-1]["kind"] for run in busy] == ["done"] * 3
    before = worker.get("/health").json()["engine"]["tokens"]
    wait_until(lambda: worker.get("/health").json()["running"] == 0)
    health = worker.get("/health").json()
    assert health["engine"]["rows"] == health["engine"]["queued"] == 0
    assert health["engine"]["tokens"] - before < 20 * 128, "they were not run to their ends"


def test_health_answers_in_milliseconds_while_the_model_is_busy(worker: httpx2.Client) -> None:
    def run() -> None:
        worker.post("/v1/generate", content=long_body())

    busy = [threading.Thread(target=run) for _ in range(2)]
    for thread in busy:
        thread.start()
    took = []
    while any(thread.is_alive() for thread in busy):
        began = time.perf_counter()
        worker.get("/health")
        took.append(time.perf_counter() - began)
    assert len(took) > 50
    assert sorted(took)[len(took) // 2] < 0.1


def test_health_tells_what_the_engine_holds_and_that_it_gives_it_back(worker: httpx2.Client) -> None:
    run = Run(worker, long_body()).begun()
    health = worker.get("/health").json()
    assert health["running"] == 1 and 0 < health["engine"]["rows"] <= 17 * 8
    run.whole()
    wait_until(lambda: worker.get("/health").json()["running"] == 0)
    after = worker.get("/health").json()
    assert (after["engine"]["rows"], after["engine"]["queued"]) == (0, 0)
    assert after["engine"]["tokens"] >= health["engine"]["tokens"] and after["steps"] > health["steps"]
    assert after["authorized"] is True and after["model"] == "random-gemma2" and after["failed"] is None


def alike(one: object, other: object) -> bool:
    """Equal, numbers within the tolerance."""
    if isinstance(one, float) and isinstance(other, (float, int)):
        return abs(one - other) <= TOLERANCE * max(1.0, abs(one))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == other


def test_four_users_at_once_get_the_answers_they_get_alone(worker: httpx2.Client) -> None:
    bodies = [body(prompt=f"What sport does Karl Batkin{n} play?", max_new_tokens=24) for n in range(4)]
    alone = [frames_of(worker.post("/v1/generate", content=content)) for content in bodies]
    together = [run.whole() for run in [Run(worker, content) for content in bodies]]
    for one, other in zip(alone, together, strict=True):
        assert alike(one[:-1], other[:-1])
        assert one[-1]["n_tokens"] == other[-1]["n_tokens"]


def test_answers_of_all_users_are_in_one_batch(worker: httpx2.Client) -> None:
    def steps() -> int:
        return worker.get("/health").json()["steps"]

    before = steps()
    alone = Run(worker, body(max_new_tokens=128)).whole()
    n_alone, before = steps() - before, steps()
    runs = [Run(worker, body(prompt=f"Who is {n}?", max_new_tokens=128)) for n in range(3)]
    assert all(run.whole()[-1]["kind"] == "done" for run in runs)
    assert 2 * len(alone) > n_alone > len(alone)
    assert steps() - before < 3 * n_alone - 128, "a decode step of one is a decode step of all"


def test_a_newer_run_of_a_page_supersedes_the_older_and_no_other(worker: httpx2.Client) -> None:
    long = long_body()
    other = Run(worker, long, page="other-tab").begun()
    older = Run(worker, long, page="tab_1").begun()
    newer = Run(worker, long, page="tab_1")
    kinds = [frame["kind"] for frame in older.whole()]
    assert kinds[-1] == "error" and "done" not in kinds
    assert [frame["seq"] for frame in older.frames] == list(range(len(kinds)))
    refusal = older.frames[-1]["refusal"]
    assert refusal["code"] == "superseded" and all(refusal.values())
    assert newer.whole()[-1]["kind"] == other.whole()[-1]["kind"] == "done"
    assert newer.frames[0]["request_sha256"] == other.frames[0]["request_sha256"], "a page is no part of the request"
    again = [Run(worker, body(max_new_tokens=2), page="tab_1").whole()[-1]["kind"] for _ in range(2)]
    assert again == ["done", "done"], "what has ended is not superseded"


def test_of_many_runs_of_a_page_at_the_same_moment_one_is_answered_and_none_hangs(worker: httpx2.Client) -> None:
    with ThreadPoolExecutor(12) as pool:
        runs = list(pool.map(lambda _: Run(worker, body(max_new_tokens=64), page="tab"), range(12)))
    for run in runs:
        run.whole()
    assert [run.frames[-1].get("kind") for run in runs].count("done") == 1
    for run in runs:
        last = run.frames[-1]
        assert last.get("kind") == "done" or last["refusal"]["code"] == "superseded"
        assert run.status == (200 if "kind" in last else 409)
    wait_until(lambda: worker.get("/health").json()["running"] == 0)
    assert worker.get("/health").json()["engine"]["rows"] == 0


def test_a_background_run_gives_the_same_answer_and_goes_on_beside_the_interactive_ones(worker: httpx2.Client) -> None:
    foreground = Run(worker, long_body()).begun()
    background = Run(worker, body(max_new_tokens=16), lane="background")
    expected = frames_of(worker.post("/v1/generate", content=body(max_new_tokens=16)))
    assert alike(background.whole()[:-1], expected[:-1])
    assert foreground.whole()[-1]["kind"] == "done"


@pytest.mark.parametrize(
    "query", ["page=", "page=" + "x" * 65, "page=<b>", "page=a%0A", "page=%C3%A9", "lane=<b>", "lane=", "lane=x%00"]
)
def test_a_page_or_lane_that_is_none_is_refused_without_repeating_it(worker: httpx2.Client, query: str) -> None:
    refused = worker.post(f"/v1/generate?{query}", content=body())
    assert refused.status_code == 422
    refusal = refused.json()["refusal"]
    assert refusal["code"] == "invalid_request" and all(refusal.values())
    assert query.split("=")[0] in refusal["asked"]
    assert "<b>" not in refused.text and "xxx" not in refused.text and len(refused.content) < 500


def test_wrong_addresses_and_methods_are_refused_in_three_parts(worker: httpx2.Client) -> None:
    for answer, status in (
        (worker.get("/v1/nothing"), 404),
        (worker.get("/<script>"), 404),
        (worker.get("/v1/generate"), 405),
        (worker.delete("/health"), 405),
    ):
        assert answer.status_code == status and all(answer.json()["refusal"].values())
        assert "script" not in answer.text


def test_a_lens_says_what_a_direction_promotes_and_suppresses(worker: httpx2.Client) -> None:
    answer = worker.post("/v1/lens", content=lens_body(n_tokens=4))
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/jsonl")
    lens, done = frames_of(answer)
    assert (lens["kind"], lens["seq"], done["kind"], done["seq"]) == ("lens", 0, "done", 1)
    up, down = ([token["logit"] for token in lens[side]] for side in ("promoted", "suppressed"))
    assert len(up) == len(down) == 4 and up == sorted(up, reverse=True) and down == sorted(down) and up[0] > down[0]
    for changes, status in (
        ({"model": "gpt-9"}, 404),
        ({"n_tokens": 0}, 422),
        ({"target": {"kind": "latent", "dictionary": "layer_1", "latent": 99_999}}, 422),
        ({"target": {"kind": "vector", "name": "nowhere"}}, 422),
        ({"prompt": "x"}, 422),
    ):
        refused = worker.post("/v1/lens", content=lens_body(**changes))
        assert refused.status_code == status and all(refused.json()["refusal"].values())


def test_runs_that_do_not_fit_together_wait_and_are_told_their_place(random_card: Path) -> None:
    with started(random_card, "--kv-mib", "10", "--prompt-cache-mib", "0") as worker:
        wait_until_ready(worker)
        runs = [Run(worker, body(max_new_tokens=128)) for _ in range(3)]
        for run in runs:
            said = [frame["kind"] for frame in run.whole() if frame["kind"] in ("start", "queued", "prompt", "done")]
            assert (said[0], *said[-2:]) == ("start", "prompt", "done")
        places = sorted([frame["place"] for frame in run.frames if frame["kind"] == "queued"] for run in runs)
        assert places == [[], [1], [2, 1]]
        refused = worker.post("/v1/generate", content=long_body())
        assert (refused.status_code, refused.json()["refusal"]["code"]) == (503, "out_of_memory")
        engine = worker.get("/health").json()["engine"]
        assert (engine["rows"], engine["queued"], engine["prompts"]) == (0, 0, 0)


def test_a_run_that_waits_for_memory_can_be_left(random_card: Path) -> None:
    """A worker on a thread: how it is started is not what is tested."""
    with serving(random_card, kv_bytes=90 * 2**20) as url, httpx2.Client(base_url=url, timeout=60) as worker:
        other = Run(worker, long_body()).begun()
        with worker.stream("POST", "/v1/generate", content=long_body()) as waiting:
            lines = waiting.iter_lines()
            assert [json.loads(next(lines))["kind"] for _ in range(2)] == ["start", "queued"]
        wait_until(lambda: worker.get("/health").json()["engine"]["queued"] == 0)
        assert other.is_alive(), "it didn't have to wait for the one before it"
        assert other.whole()[-1]["kind"] == "done"


def test_health_answers_while_a_large_body_is_validated(worker: httpx2.Client) -> None:
    study = {"kind": "discover", "model": "gpt-9"}  # refused once all of it has been read
    table = {"kind": "figure", "seq": 1, "id": "f", "title": "t", "columns": [], "rows": [[0.123456] * 100] * 20}
    content = b"\n".join([json.dumps(study).encode(), *[json.dumps(table).encode()] * 1_600])
    assert len(content) > 30 * 2**20
    waits = []
    with ThreadPoolExecutor(1) as pool, httpx2.Client(base_url=worker.base_url, timeout=60) as client:
        sent = pool.submit(client.post, "/v1/study", content=content)
        while not sent.done():
            asked = time.monotonic()
            assert worker.get("/health").json()["ready"]
            waits.append(time.monotonic() - asked)
        assert sent.result().status_code == 404
    assert max(waits) < max(0.5, sum(waits) / 2), "the app gives up after 2 s"


def test_with_a_token_all_but_health_needs_it(random_card: Path, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    with started(
        random_card, "--token-file", str(file), HALLUCINOSCOPE_WORKER_TOKEN="another-that-is-not-used"
    ) as worker:
        wait_until_ready(worker)
        for header in ("", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN):
            headers = {"authorization": header} if header else {}
            assert worker.get("/health", headers=headers).json()["authorized"] is False
            for method, path in (
                ("POST", "/v1/generate"),
                ("POST", "/v1/lens"),
                ("GET", "/v1/models"),
                ("GET", "/v1/models/random-gemma2/world"),
                ("GET", "/openapi.json"),
                ("GET", "/health/"),
                ("GET", "/nothing"),
            ):
                refused = worker.request(method, path, headers=headers, content=body())
                assert (refused.status_code, refused.json()["refusal"]["code"]) == (401, "no_token"), (header, path)
                assert TOKEN not in refused.text and all(refused.json()["refusal"].values())
        for scheme in ("Bearer", "bearer"):
            headers = {"authorization": f"{scheme} {TOKEN}"}
            assert worker.get("/health", headers=headers).json()["authorized"] is True
            assert worker.get("/v1/models", headers=headers).status_code == 200
            assert frames_of(worker.post("/v1/lens", headers=headers, content=lens_body()))[-1]["kind"] == "done"


@pytest.mark.parametrize(
    ("host", "token"),
    [
        ("0.0.0.0", None),
        ("", None),
        ("0.0.0.0", ""),
        ("0.0.0.0", "too-short"),
        ("127.0.0.1", "too-short"),
        ("127.0.0.1", "with a space in the middle"),
        ("127.0.0.1", "\u00e9" * 20),
    ],
)
def test_a_worker_does_not_listen_where_others_can_reach_it_nor_with_a_token_that_is_none(
    random_card: Path, tmp_path: Path, host: str, token: str | None
) -> None:
    options = ["--host", host]
    if token is not None:
        (tmp_path / "token").write_text(token)
        options += ["--token-file", str(tmp_path / "token")]
    ended = subprocess.run(
        command(random_card, *options),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "token" in ended.stderr and (not token or token not in ended.stderr)
    assert "Traceback" not in ended.stderr


def test_with_a_token_a_worker_listens_wherever_it_is_told(random_card: Path) -> None:
    with started(random_card, "--host", "0.0.0.0", HALLUCINOSCOPE_WORKER_TOKEN=TOKEN) as worker:
        assert worker.base_url.host == "0.0.0.0"
        with socket.create_connection(("127.0.0.1", worker.base_url.port)):
            pass
        assert worker.get("/v1/models").status_code == 401


STRENGTHS = {"target": json.loads(lens_body())["target"], "strengths": [float(n) for n in range(1, 20)]}
SURROGATE = body().replace(b"Michael", b"\\ud800")
BAD = {
    "empty": (b"", 422),
    "not JSON": (b"{", 422),
    "an array": (b"[]", 422),
    "not UTF-8": (b'{"model": "\xff"}', 422),
    "no prompt": (b'{"model": "random-gemma2"}', 422),
    "an empty prompt": (body(prompt="  "), 422),
    "a raw prompt of BOS alone": (body(prompt="<bos>", format="raw"), 422),
    "a huge prompt": (body(prompt="x" * 60_000), 422),
    "a huge body": (body(prompt="x" * 200_000), 413),
    "too many tokens": (body(prompt="x" * 4_000), 422),
    "a wrong model": (body(model="gpt-9"), 404),
    "a path as a model": (body(model="../../etc/passwd"), 422),
    "strength NaN": (body().replace(b"-2.0", b"NaN"), 422),
    "strength infinite": (body().replace(b"-2.0", b"1e999"), 422),
    "a lone surrogate": (SURROGATE, 422),
    "a NUL": (body(prompt="a\0b"), 422),
    "a NUL in a made-up key": (body(**{"a\0b": 1}), 422),
    "an unknown latent": (body(watch=[{"kind": "latent", "dictionary": "layer_1", "latent": 99_999}]), 422),
    "an entity outside the prompt": (body(entity={"start": 0, "end": 999}), 422),
    "more sweeps than four": (body(sweeps=json.loads(body())["sweeps"] * 5), 422),
    "more arms than 64": (body(sweeps=[STRENGTHS] * 4), 422),
    "deep nesting": (b'{"prompt":' + b"[" * 20_000 + b"]" * 20_000 + b"}", 422),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_three_parts_and_the_next_run_works(worker: httpx2.Client, name: str) -> None:
    content, status = BAD[name]
    response = worker.post("/v1/generate", content=content)
    assert response.status_code == status, response.text
    refusal = response.json()["refusal"]
    assert all(refusal[part] for part in ("code", "asked", "allowed", "change"))
    assert len(response.content) < 2_000
    good = worker.post("/v1/generate", content=body(prompt="<script>alert(1)</script>", max_new_tokens=1))
    assert good.status_code == 200 and '"kind":"done"' in good.text


def test_a_client_that_sends_half_a_request_harms_nobody(worker: httpx2.Client) -> None:
    host, port = worker.base_url.host, worker.base_url.port
    with socket.create_connection((host, port)) as half:
        half.sendall(b"POST /v1/generate HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
        assert worker.get("/health").status_code == 200
    assert worker.post("/v1/generate", content=body(max_new_tokens=1)).status_code == 200
