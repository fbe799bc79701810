"""Who comes in: the password of a private app, pages of other sites, and names that are not ours."""

import base64
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from app.door.entrance import WRONG_PER_MINUTE
from app.settings import Settings
from protocol.canonical import canonical_json
from tests.app.conftest import Client, start
from tests.app.frames import REQUEST

PASSWORD = "correct horse: bättery"
RIGHT = f"Bearer {PASSWORD}".encode()
PATHS = ("/", "/docs", "/openapi.json", "/api/models", "/api/findings", "/f/1111111111", "/nothing", "/metricsx")
OTHER = "http://evil.example"


@pytest.fixture(scope="module")
def kind() -> str:
    """Nobody gets as far as the database."""
    return "sqlite"


def _basic(name: str, password: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{name}:{password}".encode())


@pytest.fixture
def private(settings: Settings) -> Iterator[Client]:
    with start(settings.model_copy(update={"password": SecretStr(PASSWORD)})) as app:
        yield app


def _get(app: Client, path: str, authorization: bytes | None = None) -> int:
    return app.get(path, headers={"authorization": authorization} if authorization else {}).status_code


def test_without_the_password_nothing_is_told(private: Client) -> None:
    for path in PATHS:
        answer = private.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
        assert "content-security-policy" in answer.headers
    for answer in (private.post_run(), private.delete("/api/findings/1111111111")):
        assert answer.status_code == 401
        assert answer.json()["refusal"].keys() == {"code", "asked", "allowed", "change"}


def test_with_the_password_everything_is(private: Client) -> None:
    for right in (RIGHT, _basic("", PASSWORD), _basic("anybody", PASSWORD), _basic("Zoë", PASSWORD)):
        assert _get(private, "/", right) == 200
    run = private.post("/api/runs", content=canonical_json(REQUEST), headers={"authorization": RIGHT})
    assert run.status_code == 200
    assert private.get("/healthz", headers={"authorization": RIGHT}).json()["detail"]


def test_a_stranger_learns_only_whether_the_app_is_ready(private: Client) -> None:
    assert private.get("/healthz").json() == {"ready": True} == private.get("/readyz").json()
    assert _get(private, "/static/look/elements.css") == 200, "the page that asks for the password has a style"


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"Basic",
        b"Bearer",
        b"Bearer x",
        b"Digest x",
        b"Basic !!!",
        b"Basic \xff\xfe",
        b"Bearer \xff",
        _basic(PASSWORD, ""),
        _basic("x", PASSWORD.upper()),
        _basic("x", PASSWORD + " "),
        base64.b64encode(PASSWORD.encode()),
    ],
)
def test_a_wrong_password_is_refused_and_never_repeated(private: Client, wrong: bytes) -> None:
    answer = private.get("/api/findings", headers={"authorization": wrong})
    assert answer.status_code == 401
    assert PASSWORD not in answer.text


def test_guessing_ends_after_some_tries_and_a_right_guess_then_tells_nothing(private: Client) -> None:
    """Also where the guesses go to a path that is open."""
    for n in range(WRONG_PER_MINUTE):
        path = ("/", "/healthz")[n % 2]
        assert _get(private, path, b"Bearer guess") == (401, 200)[n % 2]
    refused = private.get("/", headers={"authorization": RIGHT})
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
    assert _get(private, "/healthz", RIGHT) == 429
    assert _get(private, "/") == 401, "who sends none guesses nothing"
    assert _get(private, "/healthz") == 200


def test_the_operators_token_is_no_password_and_the_other_way_round(settings: Settings) -> None:
    token = "0123456789-of-the-operator"
    secrets = {"password": SecretStr(PASSWORD), "operator_token": SecretStr(token)}
    with start(settings.model_copy(update=secrets)) as app:
        assert _get(app, "/metrics") == 401
        assert _get(app, "/metrics", RIGHT) == 401
        assert _get(app, "/metrics", b"Basic " + token.encode()) == 401
        assert _get(app, "/metrics", b"Bearer " + token.encode()) == 200
        assert _get(app, "/", b"Bearer " + token.encode()) == 401


FOREIGN = [
    {"Origin": OTHER},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "https://127.0.0.1.evil.example"},
    {"Origin": OTHER, "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},  # another port of localhost
    {"Sec-Fetch-Site": "nonsense"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_page_of_another_site_changes_nothing(app: Client, headers: dict[str, str]) -> None:
    slug = app.slug(app.post_run().headers["x-run-id"])
    for method, path in (
        ("POST", "/api/runs"),
        ("POST", "/api/findings"),
        ("DELETE", f"/api/findings/{slug}"),
        ("POST", f"/api/findings/{slug}/verify"),
        ("PUT", "/api/runs"),
    ):
        # As a form would: no preflight asks whether it may.
        plain = headers | {"Content-Type": "text/plain"}
        answer = app.request(method, path, headers=plain, content=canonical_json(REQUEST))
        assert answer.status_code == 403 and answer.json()["refusal"]["code"] == "cross_site"
    assert app.get(f"/api/findings/{slug}", headers=headers).status_code == 200, "to read is no change"


def test_our_own_pages_and_programs_may(app: Client) -> None:
    own = str(app.base_url).rstrip("/")
    for headers in ({}, {"Origin": own}, {"Sec-Fetch-Site": "same-origin", "Origin": own}, {"Sec-Fetch-Site": "none"}):
        assert app.post("/api/runs", content=canonical_json(REQUEST), headers=headers).status_code == 200


def test_behind_a_proxy_that_changes_the_host_the_public_url_is_ours_too(settings: Settings) -> None:
    with start(settings.model_copy(update={"public_url": "https://scope.example/"})) as app:
        ours = {"Origin": "https://scope.example"}
        assert app.post("/api/runs", content=canonical_json(REQUEST), headers=ours).status_code == 200
        assert app.get("/", headers={"Host": "scope.example"}).status_code == 200
        assert app.get("/", headers={"Host": "other.example"}).status_code == 421


def test_on_loopback_a_name_that_is_not_ours_is_refused(app: Client) -> None:
    for host in ("localhost", "LOCALHOST:8000", "scope.localhost", "127.0.0.1", "[::1]:8000", "192.168.0.7:80"):
        assert app.get("/api/findings", headers={"Host": host}).status_code == 200, host
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8000", "2130706433"):
        answer = app.get("/api/findings", headers={"Host": host})
        assert answer.status_code == 421 and host not in answer.text
    assert app.get("/f/1111111111", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize("host", ["[", "a b", "<script>", "a:b:c", "a/b", "[::1", "ä", "", "x" * 5000 + "!"])
def test_a_host_that_is_none_is_refused_on_every_kind_of_page(app: Client, host: str) -> None:
    for path in ("/", "/api/findings", "/nothing", "/static/look/elements.css", "/healthz"):
        answer = app.get(path, headers={"Host": host.encode()})
        assert answer.status_code == 400, path
        assert "<script>" not in answer.text.replace('<script src="/static', "")


def test_an_app_that_others_reach_answers_to_any_name(settings: Settings) -> None:
    """Its operator gives it names that we can't know."""
    with start(settings.model_copy(update={"host": "0.0.0.0"})) as app:
        assert app.get("/", headers={"Host": "scope.example"}).status_code == 200
