"""The app below a path of a host that it shares: every page is walked through a proxy that knows nothing else."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest

from app.environment import BadSettings
from app.main import create_app
from app.settings import ROOT, Settings
from client.client import Client as Asking
from tests.app.conftest import Client, start
from tests.app.frames import REQUEST
from tests.app.http.proxy import proxied

PREFIX = "/tools/hallu"
PAGES = ("", "discover", "experiments", "circuit", "findings", "models", "compare", "docs")
LINKS = re.compile(r"""\s(?:href|src|action)="([^"]*)"|<meta property="og:(?:url|image)" content="([^"]*)">""")


@pytest.fixture(scope="module")
def kind() -> str:
    """Nobody asks the database anything new."""
    return "sqlite"


@pytest.fixture(params=[True, False], ids=["stripped", "kept"])
def below(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Client]:
    """A client that asks the proxy; its base address is the app's."""
    with (
        start(settings.model_copy(update={"public_url": f"https://scope.example{PREFIX}"})) as app,
        proxied(str(app.base_url), PREFIX, strips=request.param) as host,
        Client(f"{host}{PREFIX}/") as client,
    ):
        yield client


def test_every_link_of_every_page_stays_below_the_path_and_leads_somewhere(below: Client) -> None:
    """The scripts of a page are one file."""
    slug = below.slug(below.post_run().headers["x-run-id"], view={"sweep": 0, "strength": 1.0})
    fork = below.slug(below.post_run().headers["x-run-id"], parent=slug)
    pages = (
        *PAGES,
        f"f/{slug}",
        f"f/{fork}",
        f"compare?a={slug}&b={fork}",
        f"findings?a={slug}",
        "static/look/icons.css",
    )
    todo, seen = [str(below.base_url.join(page)) for page in pages], set[str]()
    while todo:
        address = todo.pop().partition("#")[0]
        path = urlsplit(address).path
        if address in seen or urlsplit(address).netloc != below.base_url.netloc.decode():
            continue
        seen.add(address)
        assert path.startswith(f"{PREFIX}/"), address
        if path.startswith(f"{PREFIX}/static/") and "/joined/" not in path and address not in pages:
            assert (ROOT / path.removeprefix(f"{PREFIX}/")).is_file(), address
            continue
        answer = below.get(address)
        assert answer.status_code == 200, f"{address} answers {answer.status_code}"
        if answer.headers["content-type"].startswith("text/html") and "content-disposition" not in answer.headers:
            todo += [urljoin(address, link) for link in _links(answer)]
    kinds = {urlsplit(address).path.removeprefix(f"{PREFIX}/") for address in seen}
    assert kinds >= {"static/joined/explore/explore.js", "openapi.json", "compare"} | {
        f"f/{slug}{end}" for end in (".json", ".html", ".ipynb", "/card.png")
    }


def _links(page: httpx2.Response) -> list[str]:
    """As a browser follows them; where readers find the app, this proxy is."""
    host = str(page.url.copy_with(path="/", query=None))[:-1]
    found = (unescape(link or named) for link, named in LINKS.findall(page.text))
    return [link.replace("https://scope.example", host) for link in found]


def test_what_is_made_and_moved_is_named_by_where_readers_find_it(below: Client) -> None:
    run = below.post_run()
    saved = below.save(run.headers["x-run-id"])
    assert saved.headers["location"] == f"{PREFIX}/f/{saved.json()['finding']['slug']}"
    queued = below.post_run(lane="background")
    assert queued.headers["location"] == f"{PREFIX}/api/runs/{queued.json()['id']}"
    for asked, leads in (("models/", "models"), ("findings/?q=a%20b", "findings?q=a%20b")):
        moved = below.get(asked)
        assert moved.status_code == 307 and moved.headers["location"] == f"{PREFIX}/{leads}"
    assert below.get("openapi.json").json()["servers"] == [{"url": PREFIX}]
    assert below.get(str(below.base_url).rstrip("/")).status_code in (200, 307)


def test_pages_tell_their_scripts_where_the_app_is(below: Client) -> None:
    for page in (*PAGES, "nothing"):
        assert f'<html lang="en" data-root="{PREFIX}"' in below.get(page).text


def test_guards_and_logs_see_the_path_below(settings: Settings) -> None:
    private = settings.model_copy(update={"public_url": f"https://scope.example{PREFIX}", "reads_per_minute": 1})
    with start(private) as app:
        for path in ("/healthz", f"{PREFIX}/healthz", f"{PREFIX}/static/core/api.js", "/static/core/api.js") * 2:
            assert app.get(path).status_code == 200, "free of limits"
        assert app.get(f"{PREFIX}/api/nothing").headers["content-type"] == "application/json"


def test_the_python_client_finds_it_there(below: Client) -> None:
    with Asking(str(below.base_url).rstrip("/")) as asking:
        run = asking.run(REQUEST)
        assert run.whole and asking.finding(asking.save(run.run_id, "x").finding.slug).title == "x"


@pytest.mark.parametrize("path", ["f", "api/hallu", "static", "models"])
def test_a_path_that_begins_like_one_of_ours_is_refused_at_the_start(settings: Settings, path: str) -> None:
    """Behind a proxy that strips it, nobody could tell which was meant."""
    with pytest.raises(BadSettings, match=f"HALLUCINOSCOPE_PUBLIC_URL can't be used.*/{path.split('/')[0]}"):
        create_app(settings.model_copy(update={"public_url": f"https://scope.example/{path}"}))


def test_no_template_and_no_script_writes_an_address_without_asking_where_the_app_is() -> None:
    """A template writes {{ root }} before it, a script asks `addressOf`; a paper is elsewhere."""
    ours = r"(?:api|f|static|discover|experiments|circuit|findings|models|compare|docs|method|openapi\.json|healthz)\b"
    for file in sorted((ROOT / "templates").rglob("*.html")):
        bare = re.findall(
            r"""(?:href|src|action)="/[^"]*|(?:href|src|action)="{{ (?!root|site|paper\.url|link\()[^}]*""",
            file.read_text(),
        )
        assert not bare, f"{file.name}: {bare}"
    for file in sorted((ROOT / "static").rglob("*.js")):
        if "vendor" not in file.parts and file.name not in ("root.js", "api.js", "protocol.js"):
            code = re.sub(r"addressOf\(\s*[\"`'][^\"`']*", "", file.read_text())
            bare = re.findall(rf"""["'`](?:/{ours}[^"'`]*|/\$\{{[^"'`]*|/#[^"'`]*)""", code)
            assert not bare, f"{file.relative_to(ROOT)}: {bare}"
