"""The real app, its real worker with the embedded model, and a Chromium that forgives nothing.

A console error, an exception in the page or a Content-Security-Policy violation
fails the test it happens in. To try the tests against a worker that runs already,
set HALLUCINOSCOPE_WORKER_URL.
"""

import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import launch
from tests.browser.kept_runs import WHOLE_RUNS, KeptRuns

ROOT = Path(__file__).parent.parent.parent
BATKIN = "What sport does Michael Batkin play?"
ASKED = "/#prompt=" + BATKIN.replace(" ", "%20")
CLOSED = "http://127.0.0.1:9"
WIDE = {"width": 1440, "height": 900}
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation",
  (e) => console.error(`policy violated: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}`));
"""

# To an address of its past; what doesn't stand in an address is folded and let go.
BROUGHT_BACK = """(address) => {
  window.fetch = window.realFetch;
  document.activeElement?.blur();
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  document.querySelectorAll("main button[aria-expanded=true]").forEach((table) => table.click());
  document.querySelector("#tokens .tool-choice input")?.click();
  history.pushState({}, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
  scrollTo(0, 0);
}"""

PATIENCE_S = 60
"""What is waited for before a test fails: where everything runs at once, seconds become tens."""

expect.set_options(timeout=PATIENCE_S * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


class App:
    """`python -m app` on a port of its own choice: one that was free a moment ago may be another's by now."""

    def __init__(self, data_dir: Path, worker_url: str | None = None, **more: str) -> None:
        """more: settings by the names of their variables."""
        self.data_dir = data_dir
        settings = {"HOST": "127.0.0.1", "PORT": "0", "DATA_DIR": str(data_dir), **more}
        if worker_url:
            settings["HALLUCINOSCOPE_WORKER_URL"] = worker_url
        self.log = (data_dir / f"app-{secrets.token_hex(4)}.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app"], cwd=ROOT, env=os.environ | settings, stdout=self.log, stderr=self.log
        )
        self.url = self._listening()

    def _listening(self) -> str:
        end = time.monotonic() + 3 * PATIENCE_S
        while not (said := re.search(r"running on (http://[^\s]+:\d+)", self.said())):
            if time.monotonic() > end or self._process.poll() is not None:
                self.stop()
                pytest.fail(f"the app does not listen\n{self.said()[-2000:]}")
            time.sleep(0.05)
        return said[1]

    def said(self) -> str:
        return Path(self.log.name).read_text(errors="replace")

    def health(self) -> dict[str, object]:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return {}

    def wait(self, *, ready: bool, limit_s: float = 3 * PATIENCE_S) -> None:
        """Until it answers, or until it would answer a run."""
        end = time.monotonic() + limit_s
        while not (self.health().get("ready") if ready else self.health()):
            if time.monotonic() > end or self._process.poll() is not None:
                pytest.fail(f"the app did not get ready: {self.health()}\n{self.said()[-2000:]}")
            time.sleep(0.2)

    def ask(self, path: str, body: dict[str, object] | None = None) -> tuple[bytes, Message]:
        """What it answers, and the headers; no browser."""
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=2 * PATIENCE_S) as answer:
            return answer.read(), answer.headers

    def save(
        self, prompt: str, title: str, strength: float | None = None, *, alone: bool = False, **more: object
    ) -> dict[str, Any]:
        """Runs a prompt and saves it as a `Saved`; it shows the first direction of the model's card at this strength,
        -1 for the greatest there is, or the baseline. alone: the greatest is the only one that is run."""
        card = json.loads(self.ask("/api/models")[0])["models"][0]
        known = card["directions"][0]
        sweep = {name: known[name] for name in ("target", "unit", "scope", "strengths")}
        if alone:
            sweep["strengths"] = known["strengths"][-1:]
        run = {"kind": "generate", "model": card["id"], "prompt": prompt, "sweeps": [sweep]}
        headers = self.ask("/api/runs", run | {"controls": {"n_directions": 8}})[1]
        view = {}
        if strength is not None:
            view = {"sweep": 0, "strength": known["strengths"][-1] if strength == -1 else strength}
        asked = {"run_id": headers["X-Run-Id"], "title": title, "view": view, **more}
        return json.loads(self.ask("/api/findings", asked)[0])

    def kill_worker(self) -> None:
        """As a crash would: the app starts another by itself."""
        for child in psutil.Process(self._process.pid).children():
            child.kill()

    def stop(self) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(15)
        self._process.kill()
        self.log.close()


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    app = App(tmp_path_factory.mktemp("data"))
    try:
        app.wait(ready=True)
        yield app
    finally:
        app.stop()


@pytest.fixture
def app_without_worker(app: App) -> Iterator[App]:
    """A second app on the same data, whose worker never answers."""
    alone = App(app.data_dir, worker_url=CLOSED)
    try:
        alone.wait(ready=False)
        yield alone
    finally:
        alone.stop()


# Not for the session: a running Playwright would be in the way of asyncio tests elsewhere.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright, launch(playwright.chromium) as browser:
        yield browser


OpenPage = Callable[..., Page]
UNFOLDED = "localStorage.setItem('hallucinoscope.unfolded', JSON.stringify({names}))"
FOLDS = re.compile(r"""(?:data-remember=|unfold\()"([a-z]+)\"""")


def unfolded() -> str:
    """A script of somebody who has unfolded all that folds."""
    sources = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static").rglob("*.js")]
    names = {name for path in sources if "vendor" not in path.parts for name in FOLDS.findall(path.read_text())}
    return f"try {{ {UNFOLDED.format(names=json.dumps(sorted(names)))} }} catch {{ /* no page yet */ }}"


@pytest.fixture(scope="session")
def kept_runs() -> KeptRuns:
    """Whoever uses this gets whole runs that were asked before without waiting for the worker."""
    return KeptRuns()


class Pages:
    """Pages in contexts of their own, with everything unfolded that folds. `problems`: what their consoles said."""

    def __init__(self, chromium: Browser, kept: KeptRuns | None) -> None:
        self.problems: list[str] = []
        self._chromium, self._kept = chromium, kept
        self._contexts: list[BrowserContext] = []

    def open(self, url: str, *, allow: tuple[int, ...] = (), fresh: bool = False, **options: object) -> Page:
        context = self._chromium.new_context(**({"viewport": WIDE} | options))
        context.set_default_timeout(PATIENCE_S * 1000)
        self._contexts.append(context)
        if not fresh:
            context.add_init_script(unfolded())
        context.add_init_script(REPORT_VIOLATIONS)
        if self._kept:
            self._kept.serve(context)
        page = context.new_page()

        def heard(kind: str, text: str) -> None:
            # Chromium itself logs each answer that is an error; those a test asks for are no problem.
            if kind in ("error", "warning", "trace") and not any(  # trace: how Plotly warns
                f"the server responded with a status of {n}" in text for n in allow
            ):
                self.problems.append(f"{kind}: {text}")

        page.on("console", lambda message: heard(message.type, f"{message.text} at {message.location['url']}"))
        page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        page.goto(url)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def open_page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """open_page(url, allow=(422,), fresh=False, **context options): a page of a test's own; fresh: as a stranger meets
    it, with everything folded."""
    kept = request.getfixturevalue("kept_runs") if "kept_runs" in request.fixturenames else None
    pages = Pages(chromium, kept)
    yield pages.open
    pages.close()
    assert pages.problems == []


@pytest.fixture(scope="module")
def one_page(app: App, chromium: Browser, kept_runs: KeptRuns) -> Iterator[tuple[Page, list[str]]]:
    """What `explore` brings back, and what its console said."""
    pages = Pages(chromium, kept_runs)
    page = pages.open(app.url + ASKED, allow=(400, 413, 422))
    page.evaluate("() => void (window.realFetch = window.fetch)")
    yield page, pages.problems
    pages.close()


@pytest.fixture
def explore(one_page: tuple[Page, list[str]]) -> Iterator[Page]:
    """Explore on a question that is answered: one page for all tests of a file, brought back between them to what its
    address said, as Back does. A test that leaves more than that behind opens a page of its own."""
    page, problems = one_page
    if page.locator("#share").is_disabled():  # what was stopped stays so until somebody asks again
        page.press("#prompt", "Enter")
    wait_done(page)
    yield page
    page.unroute_all()
    page.set_viewport_size(WIDE)
    page.mouse.move(5, 5)
    page.evaluate(BROUGHT_BACK, ASKED)
    said, problems[:] = list(problems), []
    assert said == []


def steered_badge(page: Page):
    return page.locator(".answer").nth(1).locator(".badge")


def baseline_badge(page: Page):
    return page.locator(".answer").first.locator(".badge")


def wait_until(page: Page, expression: str, limit_s: float = PATIENCE_S) -> None:
    """Until it is true in the page. Playwright's own wait_for_function goes on from within the page, where eval is
    forbidden by our policy: it works only where the expression is true at once."""
    end = time.monotonic() + limit_s
    while not page.evaluate(expression):
        if time.monotonic() > end:
            pytest.fail(f"not true within {limit_s} s: {expression}")
        time.sleep(0.02)


# Resolves when nothing that takes room has moved for a dozen frames, which take longer where much is going on.
LAID_OUT = """async () => {
  const look = () => [...document.querySelectorAll("main, main section, main .plot, main svg")].map((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [x, y, width, height].map(Math.round).join();
  }).join(" ");
  for (let same = 0, before = "", frame = 0; same < 12 && frame < 1200; frame++) {
    await new Promise(requestAnimationFrame);
    const now = look();
    same = now === before ? same + 1 : 0;
    before = now;
  }
}"""


def laid_out(page: Page, after_ms: int) -> None:
    """Once what a new width or another state moves is drawn anew; views begin with it within so long."""
    page.wait_for_timeout(after_ms)
    page.evaluate(LAID_OUT)


def wait_done(page: Page) -> None:
    """Share can be pressed once a run is done."""
    expect(page.locator("#share")).to_be_enabled(timeout=2 * PATIENCE_S * 1000)


def ask(page: Page, prompt: str) -> None:
    page.fill("#prompt", prompt)
    with page.expect_response(WHOLE_RUNS):  # a kept one may be over before anybody sees that nothing can be shared
        page.press("#prompt", "Enter")
    wait_done(page)


def share(page: Page, title: str, note: str = "") -> str:
    """Through the dialog, which stays open and says what came of it. Returns the slug."""
    page.click("#share")
    page.fill("#share-title", title)
    page.fill("#share-note", note)
    page.get_by_role("button", name="Make it public").click()
    link = page.locator("#share-link")
    expect(link).to_have_value(re.compile(r"/f/\w+$"))
    return link.input_value().rsplit("/", 1)[1]


def no_sideways_scroll(page: Page, within_ms: int = 10_000) -> bool:
    """Once what a new width moves is drawn anew."""
    for _ in range(0, within_ms, 100):
        if page.evaluate("document.documentElement.scrollWidth <= screen.width"):
            return True
        page.wait_for_timeout(100)
    return False
