"""The worker as a process of its own, over real HTTP."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def worker(random_card: Path) -> Iterator[httpx2.Client]:
    process = subprocess.Popen(
        [sys.executable, "-m", "model_worker", "--cards", str(random_card), "--exit-with-parent", "--threads", "1"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    url = json.loads(process.stdout.readline())["listening"]
    with httpx2.Client(base_url=url, timeout=30) as client:
        assert client.get("/health").json()["ready"] is False, "it listens before it has loaded"
        loading = client.post("/v1/generate", content=body())
        assert (loading.status_code, loading.json()["refusal"]["code"]) == (503, "model_loading")
        wait_until(lambda: client.get("/health").json()["ready"], 60)
        yield client
    process.stdin.close()
    assert process.wait(timeout=10) == 0, "a worker ends when its parent's pipe closes"


def wait_until(true, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


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


def test_frames_arrive_while_the_run_goes_on(worker: httpx2.Client) -> None:
    arrived, kinds = [], []
    began = time.monotonic()
    with worker.stream("POST", "/v1/generate", content=body()) as response:
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

    long = body(max_new_tokens=128)
    before = steps()
    assert worker.post("/v1/generate", content=long).status_code == 200
    n_whole = steps() - before
    with worker.stream("POST", "/v1/generate", content=long) as response:
        lines = response.iter_lines()
        for _ in range(3):
            next(lines)
    at_leaving = steps()
    wait_until(lambda: worker.get("/health").json()["running"] == 0, 5)
    # one step in hand, and those it took while the news travelled
    assert steps() - at_leaving <= 5 < n_whole / 10
    assert worker.post("/v1/generate", content=body(max_new_tokens=2)).status_code == 200


def test_health_answers_in_milliseconds_while_the_model_is_busy(worker: httpx2.Client) -> None:
    def run() -> None:
        worker.post("/v1/generate", content=body(max_new_tokens=128))

    busy = [threading.Thread(target=run) for _ in range(4)]
    for thread in busy:
        thread.start()
    took = []
    while any(thread.is_alive() for thread in busy):
        began = time.perf_counter()
        worker.get("/health")
        took.append(time.perf_counter() - began)
    assert len(took) > 5
    assert sorted(took)[len(took) // 2] < 0.1


def test_four_users_at_once_get_the_answers_they_get_alone(worker: httpx2.Client) -> None:
    prompts = [f"What sport does Karl Batkin{n} play?" for n in range(4)]

    def frames(prompt: str) -> list[dict]:
        text = worker.post("/v1/generate", content=body(prompt=prompt, max_new_tokens=8)).text
        return [json.loads(line) for line in text.splitlines()][:-1]

    alone = [frames(prompt) for prompt in prompts]
    together: dict[int, list[dict]] = {}
    threads = [
        threading.Thread(target=lambda n=n: together.__setitem__(n, frames(prompts[n]))) for n in range(len(prompts))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[n] for n in range(4)] == alone


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
    "hundreds of arms": (body(max_new_tokens=8, sweeps=json.loads(body())["sweeps"] * 5), 422),
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
