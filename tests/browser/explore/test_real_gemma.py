"""With real weights, in a real browser: a film that is refused is answered with an invention when it is pushed towards
known, where random pushes of that size go on refusing; and the base model reads its opening on beside it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from model_worker.store.place import store_of
from tests.browser.conftest import App, OpenPage
from tests.conftest import REAL

pytestmark = [pytest.mark.gemma, pytest.mark.timeout(1_800)]
MOST_TRIED = 30  # films
PATIENCE_MS = 600_000  # on a busy machine a view of this model takes minutes


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """As `make run MODEL=...` leaves it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALLUCINOSCOPE_STORE_DIR", str(store_of().absolute()))
        patch.setenv("HALLUCINOSCOPE_MODEL", REAL)
        app = App(tmp_path_factory.mktemp("real"))
    try:
        app.wait(ready=True, limit_s=300)
        yield app
    finally:
        app.stop()


@pytest.fixture(scope="module")
def card(real: App) -> dict[str, Any]:
    return json.loads(real.ask("/api/models")[0])["models"][0]


def pushed(real: App, card: dict[str, Any], prompt: str, direction: dict[str, Any]) -> list[dict[str, Any]]:
    """Frames of one push as it was validated, with its control."""
    sweep = {name: direction[name] for name in ("target", "unit", "scope")}
    run = {"kind": "generate", "model": card["id"], "prompt": prompt}
    run |= {"sweeps": [sweep | {"strengths": [direction["validated"]]}], "controls": {"n_directions": 32}}
    return [json.loads(line) for line in real.ask("/api/runs", run)[0].splitlines()]


def test_a_refused_film_is_answered_with_an_invention_and_random_pushes_refuse(
    real: App, card: dict[str, Any], open_page: OpenPage
) -> None:
    place, known = next((i, one) for i, one in enumerate(card["directions"]) if one["role"] == "known")
    asked = urlencode({"type": "movie", "tier": "unrecalled", "limit": MOST_TRIED})
    films = json.loads(real.ask(f"/api/models/{card['id']}/world?{asked}")[0])
    tried = []
    for film in films["entries"]:
        prompt = films["questions"]["movie"].replace("{name}", film["name"])
        frames = pushed(real, card, prompt, known)
        outcomes = {frame["arm"]: frame["outcome"] for frame in frames if frame["kind"] == "verdict"}
        before, after = outcomes[0], outcomes[1]  # the shorter answer is judged first, whichever arm it is
        (control,) = (frame["refusal_logodds"] for frame in frames if frame["kind"] == "control")
        tried.append((film["name"], before, after, sum(x > 0 for x in control)))
        if (before, after) == ("refused", "wrong") and tried[-1][-1] >= 29:
            break
    else:
        pytest.fail(f"none of these: {tried}")
    seen = urlencode({"prompt": prompt, "at": f"{place}:{known['validated']}"})
    page = open_page(f"{real.url}/#{seen}")
    claim = page.locator("#claim")
    expect(claim).to_contain_text("it stops refusing and answers wrong.", timeout=PATIENCE_MS)
    expect(claim).to_contain_text(
        re.compile(r"(None|[123]) of 32 random pushes of that size opens? with an answer\."), timeout=PATIENCE_MS
    )
    badges = page.locator("#answers .badge b")
    expect(badges.nth(0)).to_have_text("Refuses")
    expect(badges.nth(1)).to_have_text("Wrong")


def test_the_base_reads_on_beside_the_chat_model(real: App, card: dict[str, Any], open_page: OpenPage) -> None:
    page = open_page(f"{real.url}/#{urlencode({'prompt': 'Who directed Titanic?'})}")
    expect(page.locator("#answers .badge").first).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="+ Base").click()
    opening = next(one["opening"] for one in card["attributes"] if one["name"] == "director")
    expect(page.get_by_role("textbox", name="Second prompt")).to_have_value(opening.replace("{name}", "Titanic"))
    expect(page.get_by_label("How the second prompt is put")).to_have_value("base")
    expect(page.locator("#beside-answers .answer-text").first).not_to_be_empty(timeout=PATIENCE_MS)
