"""How much one client may ask, and who is one client."""

import time
from collections.abc import Iterator

import pytest

from app.door.budget import Budget
from app.settings import Settings
from tests.app.conftest import Client, one_by_one, start
from tests.app.frames import recording
from tests.app.scripted_worker import ScriptedWorker

FEW = {"runs_per_minute": 3, "reads_per_minute": 5}
BEHIND_PROXY = FEW | {"trusted_proxies": ("127.0.0.1", "10.0.0.0/8")}


@pytest.fixture(scope="module")
def kind() -> str:
    """No budget is in the database."""
    return "sqlite"


@pytest.fixture(autouse=True)
def _not_around_the_full_minute() -> None:
    """There one more may fit: what was spent before it weighs a little less at once."""
    left = 60 - time.time() % 60
    if left < 5:
        time.sleep(left)


@pytest.fixture
def limited(settings: Settings) -> Iterator[Client]:
    with start(settings.model_copy(update=FEW)) as app:
        yield app


@pytest.fixture
def proxied(settings: Settings) -> Iterator[Client]:
    with start(settings.model_copy(update=BEHIND_PROXY)) as app:
        yield app


def _reads(app: Client, n: int, **headers: str) -> list[int]:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return [app.get("/api/findings", headers=said).status_code for _ in range(n)]


def test_more_than_allowed_is_refused_with_when_to_try_again(limited: Client) -> None:
    assert _reads(limited, 6) == [200] * 5 + [429]
    refused = limited.get("/api/findings")
    assert refused.json()["refusal"].keys() == {"code", "asked", "allowed", "change"}
    assert 0 < int(refused.headers["retry-after"]) <= 120
    assert "content-security-policy" in refused.headers
    assert limited.get("/").status_code == 429


def test_runs_and_reads_are_counted_apart(limited: Client) -> None:
    assert _reads(limited, 6)[-1] == 429
    run = limited.post_run()
    assert run.status_code == 200
    assert limited.save(run.headers["x-run-id"]).status_code == 201
    assert limited.post("/api/findings/1111111111/verify").status_code == 404
    assert limited.post_run().status_code == 429


def test_taking_back_is_no_run(limited: Client) -> None:
    """Who ran too much can still stop and delete."""
    assert [limited.post("/api/runs").status_code for _ in range(4)] == [422] * 3 + [429]
    assert limited.delete("/api/findings/1111111111").status_code == 404


def test_styles_and_health_checks_are_never_counted(limited: Client) -> None:
    for path in ("/static/look/elements.css", "/healthz", "/readyz"):
        assert [limited.get(path).status_code for _ in range(8)] == [200] * 8


def test_a_stream_is_counted_once_and_arrives_line_by_line(limited: Client, worker: ScriptedWorker) -> None:
    assert one_by_one(limited, worker) == recording()
    assert [limited.post("/api/runs").status_code for _ in range(3)] == [422, 422, 429]


def test_each_client_behind_a_trusted_proxy_has_a_budget_of_its_own(proxied: Client) -> None:
    assert _reads(proxied, 6, x_forwarded_for="203.0.113.1") == [200] * 5 + [429]
    assert _reads(proxied, 1, x_forwarded_for="203.0.113.2") == [200]
    assert _reads(proxied, 1, x_forwarded_for="203.0.113.1, 10.1.2.3") == [429], "past all proxies that are trusted"


def test_what_a_client_says_of_itself_through_a_proxy_is_not_believed(proxied: Client) -> None:
    assert [_reads(proxied, 1, x_forwarded_for=f"1.2.3.{n}, 203.0.113.1")[0] for n in range(6)] == [200] * 5 + [429]


def test_a_header_from_a_peer_that_is_not_trusted_changes_nothing(limited: Client) -> None:
    said = [_reads(limited, 1, x_forwarded_for=f"203.0.113.{n}", x_real_ip=f"203.0.113.{n}")[0] for n in range(6)]
    assert said == [200] * 5 + [429]


@pytest.mark.parametrize("address", ["2001:db8:1:2::{n}", "[2001:db8:1:2::{n}]:4{n}", "2001:db8:1:2:{n}::"])
def test_a_whole_64_of_ipv6_is_one_client(proxied: Client, address: str) -> None:
    said = [_reads(proxied, 1, x_forwarded_for=address.format(n=n))[0] for n in range(6)]
    assert said == [200] * 5 + [429]
    assert _reads(proxied, 1, x_forwarded_for="2001:db8:1:3::1") == [200]


def test_an_ipv4_address_in_ipv6_is_that_address(proxied: Client) -> None:
    assert _reads(proxied, 5, x_forwarded_for="203.0.113.1") == [200] * 5
    assert _reads(proxied, 1, x_forwarded_for="::ffff:203.0.113.1") == [429]
    assert _reads(proxied, 1, x_forwarded_for="::ffff:203.0.113.2") == [200]


def test_clients_that_the_proxy_does_not_know_share_one_budget(proxied: Client) -> None:
    names = ("unknown", "_hidden", "1.2.3", "999.1.1.1", "<script>", "x" * 300)
    assert [_reads(proxied, 1, x_forwarded_for=name)[0] for name in names] == [200] * 5 + [429]


def test_there_is_no_limit_on_loopback_unless_one_is_set() -> None:
    here, open_to_all = Settings(host="127.0.0.1"), Settings(host="0.0.0.0")
    assert (here.runs_limit, here.reads_limit) == (0, 0)
    assert (open_to_all.runs_limit, open_to_all.reads_limit) == (60, 1200)
    assert Settings(host="0.0.0.0", runs_per_minute=0).runs_limit == 0
    assert Settings(host="localhost", runs_per_minute=7).runs_limit == 7
    assert Settings(host="::1").on_loopback and not Settings(host="::").on_loopback


@pytest.mark.parametrize("per_minute", [1, 7, 60, 1200])
async def test_after_the_wait_that_was_told_one_more_is_allowed(
    monkeypatch: pytest.MonkeyPatch, per_minute: int
) -> None:
    """And what is allowed in any minute is about what was set, also around the full minute."""
    now = 1_700_000_000.0
    monkeypatch.setattr(time, "time", lambda: now)
    budget = Budget(per_minute)
    for pause_s in (0.0, 13.0, 59.9, 31.0):
        now += pause_s
        while await budget.take("one"):
            pass
        assert await budget.take("another") or per_minute == 1
        now += await budget.wait_s("one")
        assert await budget.take("one")


def test_browsers_are_told_to_stay_with_https_only_where_they_asked_by_it(limited: Client, proxied: Client) -> None:
    said = {"X-Forwarded-Proto": "https"}
    assert "max-age" in proxied.get("/healthz", headers=said).headers["strict-transport-security"]
    assert "strict-transport-security" not in proxied.get("/healthz").headers
    assert "strict-transport-security" not in limited.get("/healthz", headers=said).headers, "who is not trusted"
