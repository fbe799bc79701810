"""`python -m benchmarks.circuits.page URL`: what dragging Circuit's threshold costs in a browser.

A recorded circuit with 500 nodes and 5,000 edges, more than a request may ask for (400 and 4,000), made of the one that
ships: its nodes and edges again under other numbers. Drawn as *Latents*; its slider is dragged from end to end three
times. Chromium's trace gives the main thread's scripting, style and layout between one frame and the next, by that
thread's own clock, so that a busy machine costs nothing. Needs an app at URL. Nothing here is a test.
"""

import argparse
import itertools
import json
import random
from collections.abc import Iterator

from playwright.sync_api import sync_playwright

from benchmarks.load.checks import at_most, figure, percentile, table
from benchmarks.page import ROOT, WIDE, WORK
from tests.browser.chromium import launch

N_NODES, N_EDGES = 500, 5_000
MOST_MS = 12
FIRST = ROOT / "static" / "first" / "circuit.jsonl"


def crowded() -> str:
    """The recording that ships, with as many nodes and edges."""
    noise = random.Random(0)
    frames = [json.loads(line) for line in FIRST.read_text("utf-8").splitlines()]
    layers = [frame for frame in frames if frame["kind"] == "nodes"]
    edges = [frame for frame in frames if frame["kind"] == "edges"]
    numbers: dict[int, list[int]] = {}
    n = 0
    for frame, more in zip(layers, _shares(N_NODES, len(layers)), strict=True):
        own = frame["nodes"]
        for index in range(more - len(own)):
            copied = noise.choice([one for one in own if one["kind"] != "error"])
            own.append(copied | {"index": 10_000 + index, "effect": copied["effect"] * noise.random()})
        numbers[frame["layer"]] = list(range(n, n + len(own)))
        n += len(own)
    told = sorted(numbers, reverse=True)
    pairs = [pair for pair in itertools.pairwise(told) for _ in "ab"]
    for frame, (later, earlier), more in zip(edges, pairs, _shares(N_EDGES, len(edges)), strict=True):
        frame["senders"] = noise.choices(numbers[earlier], k=more)
        frame["receivers"] = noise.choices(numbers[later], k=more)
        frame["weights"] = [noise.gauss(0, 1) for _ in range(more)]
        frame["through"] = [0.0] * more
    kept = [frame for frame in frames if frame["kind"] in ("circuit", "nodes", "edges", "done")]
    return "\n".join(json.dumps(frame | {"seq": seq}) for seq, frame in enumerate(kept)) + "\n"


def _shares(whole: int, parts: int) -> list[int]:
    return [whole // parts + (part < whole % parts) for part in range(parts)]


def work_by_frame(trace: dict) -> Iterator[float]:
    """Milliseconds of the page's main thread, by its own clock, between its animation frames."""
    events = trace["traceEvents"]
    main = next(event["tid"] for event in events if event["name"] == "FireAnimationFrame")
    own = sorted((event for event in events if event.get("tid") == main and "dur" in event), key=lambda one: one["ts"])
    ms, until = 0.0, 0.0
    for event in own:
        if event["name"] == "FireAnimationFrame":
            yield ms
            ms = 0.0
        if event["name"] in WORK and event["ts"] >= until:  # of nested ones the outermost
            ms += event.get("tdur", event["dur"]) / 1_000
            until = event["ts"] + event["dur"]
    yield ms


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.circuits.page", description=__doc__)
    parser.add_argument("url")
    url = parser.parse_args().url.rstrip("/")
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        page = browser.new_context(viewport=WIDE).new_page()
        page.route("**/first/circuit.jsonl", lambda route: route.fulfill(body=crowded(), content_type="text/plain"))
        page.goto(f"{url}/circuit#view=latents")
        slider = page.locator(".threshold input")
        page.locator(".nodes .node").first.wait_for(state="attached")
        page.wait_for_timeout(2_000)
        n_nodes = page.locator(".nodes .node").count()
        box = slider.bounding_box()
        assert box
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + 4, y)
        page.mouse.down()
        browser.start_tracing(page=page, categories=["devtools.timeline", "toplevel"])
        for turn, step in itertools.product(range(3), range(60)):
            share = step / 59 if turn % 2 == 0 else 1 - step / 59
            page.mouse.move(box["x"] + 4 + share * (box["width"] - 8), y)
        trace = json.loads(browser.stop_tracing())
        browser.close()
    frames = [ms for ms in work_by_frame(trace) if ms > 0.2]
    checks = [
        figure("nodes drawn, both prompts", n_nodes),
        figure("edges", N_EDGES),
        figure("frames with work", len(frames)),
        at_most("scripting, style and layout a frame, p95", percentile(frames, 0.95), MOST_MS, " ms"),
        figure("  p50", percentile(frames, 0.5), " ms"),
        figure("  largest", max(frames), " ms"),
    ]
    print(table("circuit", checks), flush=True)


if __name__ == "__main__":
    main()
