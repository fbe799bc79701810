"""`make page-bench`: what Explore costs in a browser.

1. weight and first insight: bytes on the wire of a first visit; seconds until the first answer stands, with the worker
   ready and with a worker that has only begun to load
2. dragging over strengths that are computed: 60 tokens, 12 watched latents, 22 arms; Chromium's trace gives the main
   thread's scripting, style and layout between one frame and the next
3. dragging between them: ten values at 10 Hz, then the time until the last one's whole answer stands
4. layout shift over the first visit, a run and a drag

The app and its worker are real, on this machine; times are of the whole, this machine's other work included.
"""

import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from benchmarks.load.checks import Check, at_most, figure, percentile, table
from tests.browser.chromium import launch

ROOT = Path(__file__).parent.parent
WIDE: ViewportSize = {"width": 1440, "height": 900}
N_TOKENS, N_LATENTS, N_ARMS = 60, 12, 22
WORK = {
    "EventDispatch",
    "FireAnimationFrame",
    "TimerFire",
    "RunMicrotasks",
    "FunctionCall",
    "UpdateLayoutTree",
    "Layout",
}
SHIFTS = (
    "window.shifted = 0; new PerformanceObserver((list) => list.getEntries()"
    ".forEach((e) => (window.shifted += e.hadRecentInput ? 0 : e.value)))"
    ".observe({ type: 'layout-shift', buffered: true });"
)
ANSWER = "#answers .answer-text"


def main() -> None:
    checks: list[Check] = []
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        with _app() as url:
            checks += [figure("first answer, worker just started", _first_insight(browser, url), " s")]
            _ready(url)
            checks += _weight(browser, url)
            checks += [at_most("first answer, worker ready", _first_insight(browser, url), 2, " s")]
            checks += _scrubbing(browser, url)
            checks += _live(browser, url)
    print(table("page", checks), flush=True)
    sys.exit(not all(check.ok for check in checks))


def _first_insight(browser: Browser, url: str) -> float:
    page = browser.new_context(viewport=WIDE).new_page()
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(f"{ANSWER}:not(:empty)").first.wait_for()
    elapsed = time.perf_counter() - began
    page.context.close()
    return elapsed


def _weight(browser: Browser, url: str) -> list[Check]:
    page = browser.new_context(viewport=WIDE).new_page()
    page.add_init_script(SHIFTS)
    sizes: dict[str, int] = {}
    page.on("requestfinished", lambda request: sizes.__setitem__(request.url, request.sizes()["responseBodySize"]))
    page.goto(url)
    _done(page)
    page.wait_for_timeout(1_500)
    plotly = sum(size for address, size in sizes.items() if "plotly" in address)
    shifted = page.evaluate("window.shifted")
    page.context.close()
    return [
        figure("files of a first visit", len(sizes)),
        figure("  kB, all", sum(sizes.values()) / 1000),
        figure("  kB, of which Plotly", plotly / 1000),
        at_most("layout shift, first visit", shifted, 0.001),
    ]


def _scrubbing(browser: Browser, url: str) -> list[Check]:
    page = browser.new_context(viewport=WIDE).new_page()
    page.add_init_script(SHIFTS)
    page.goto(f"{url}/#{_wide_request(url)}")
    _done(page)
    page.wait_for_timeout(1_000)
    arriving = page.evaluate("() => { const before = window.shifted; window.shifted = 0; return before; }")
    n_tokens = page.locator("#tokens .strip .cell:not(.generated)").count()
    box = page.locator("#sliders input[type=range]").first.bounding_box()
    assert box, "the first slider isn't drawn"
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 4, y)
    page.mouse.down()
    categories = ["devtools.timeline", "disabled-by-default-devtools.timeline.frame", "toplevel"]
    browser.start_tracing(page=page, categories=categories)
    for turn in range(3):
        for step in range(60):
            share = step / 59 if turn % 2 == 0 else 1 - step / 59
            page.mouse.move(box["x"] + 4 + share * (box["width"] - 8), y)
    trace = json.loads(browser.stop_tracing())
    page.mouse.up()
    frames = [ms for ms in _work_by_frame(trace) if ms > 0.2]  # a frame in which the page did anything
    shifted = page.evaluate("window.shifted")
    page.context.close()
    return [
        figure("prompt tokens", n_tokens),
        figure("frames with work while scrubbing", len(frames)),
        at_most("scripting, style and layout a frame, p95", percentile(frames, 0.95), 16, " ms"),
        figure("  p50", percentile(frames, 0.5), " ms"),
        figure("  largest", max(frames), " ms"),
        figure("layout shift, a link to a long prompt", arriving),
        at_most("layout shift, dragging", shifted, 0.001),
    ]


def _live(browser: Browser, url: str) -> list[Check]:
    waits = []
    for _ in range(5):
        page = browser.new_context(viewport=WIDE).new_page()
        page.goto(url)
        _done(page)
        slider = page.locator("#sliders input[type=range]").first
        slider.focus()
        page.keyboard.press("End")
        for _ in range(10):
            page.keyboard.press("Shift+ArrowLeft")
            page.wait_for_timeout(100)
        began = time.perf_counter()
        page.locator("#answers .answer").nth(1).locator(".badge").wait_for()
        waits.append(time.perf_counter() - began)
        page.context.close()
    return [
        at_most("last of ten values at 10 Hz: its whole answer, slowest of 5", max(waits), 1, " s"),
        figure("  median", percentile(waits, 0.5), " s"),
    ]


def _wide_request(url: str) -> str:
    """A prompt of about 60 tokens, one slider of 21 strengths, 12 watched latents."""
    card = _card(url)
    known = card["directions"][0]
    strengths = [round(-0.5 + 0.1 * i, 3) for i in range(N_ARMS)]
    slider = {name: known[name] for name in ("target", "unit", "scope")} | {
        "strengths": [x for x in strengths if x != 0]
    }
    watch = [{"dictionary": d["id"], "latent": i} for d in card["dictionaries"][:6] for i in (1, 4)][:N_LATENTS]
    prompt = "I was told this on Monday. " * 3 + "What sport does Michael Batkin play?"
    return urlencode({"prompt": prompt, "sliders": json.dumps([slider]), "watch": json.dumps(watch)})


def _work_by_frame(trace: dict) -> Iterator[float]:
    """Milliseconds of the page's main thread between the beginnings of two frames, nested events counted once."""
    events = trace["traceEvents"]
    of = _busiest(events)
    mine = sorted(
        (e for e in events if (e.get("pid"), e.get("tid")) == of and e.get("ph") == "X"), key=lambda e: e["ts"]
    )
    begins = sorted(e["ts"] for e in events if e["name"] == "BeginMainThreadFrame" and (e["pid"], e["tid"]) == of)
    work = [(e["ts"], e["ts"] + e.get("dur", 0)) for e in mine if e["name"] in WORK]
    for first, last in itertools.pairwise(begins):
        total, end = 0.0, first
        for start, stop in work:
            if stop <= first or start >= last:
                continue
            start, stop = max(start, end), min(stop, last)
            if stop > start:
                total += stop - start
                end = stop
        yield total / 1000


def _busiest(events: list[dict]) -> tuple[int, int]:
    counts: dict[tuple[int, int], int] = {}
    for event in events:
        if event["name"] == "EventDispatch":
            key = (event["pid"], event["tid"])
            counts[key] = counts.get(key, 0) + 1
    return max(counts, key=counts.__getitem__)


def _done(page: Page) -> None:
    page.locator("#share:enabled").wait_for(timeout=60_000)


def _card(url: str) -> dict:
    with urlopen(f"{url}/api/models", timeout=30) as answer:
        return json.load(answer)["models"][0]


def _ready(url: str) -> None:
    while True:
        with urlopen(f"{url}/healthz", timeout=30) as answer:
            if json.load(answer)["ready"]:
                return
        time.sleep(0.2)


@contextmanager
def _app() -> Iterator[str]:
    with socket.socket() as probe, tempfile.TemporaryDirectory() as folder:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        env = os.environ | {"HOST": "127.0.0.1", "PORT": str(port), "DATA_DIR": folder}
        process = subprocess.Popen([sys.executable, "-m", "app"], cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
        try:
            _listening(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def _listening(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the app does not listen")


if __name__ == "__main__":
    main()
