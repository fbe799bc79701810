"""What is written down is true of what is there: every file, module and command that a page names, and the map."""

import re
import subprocess
from pathlib import Path

import pytest

from app.main import create_app
from app.settings import Settings
from protocol.vocabulary import MODES
from protocol.worker.requests import GenerateRequest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
LOG = ROOT / "docs" / "LOG.md"
PAGES = [
    page
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
    if page != LOG
]
"""The log is left out: it names files as they were called when it was written."""
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
API = (ROOT / "docs" / "api.md").read_text("utf-8")

pytestmark = pytest.mark.core
of_pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def _blocks(text: str, language: str) -> list[str]:
    fenced = re.findall(r"^```(.*?)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for named, block in fenced if named == language]


def _named(text: str) -> set[str]:
    """What stands in backticks and looks like a path of ours."""
    rooms = {path.name for path in ROOT.iterdir()}
    words = {word.strip(".,:;()") for inline in re.findall(r"`([^`\n]+)`", text) for word in inline.split()}
    return {word for word in words if re.fullmatch(r"[\w./-]+", word) and word.split("/")[0] in rooms and "/" in word}


@of_pages
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    gone = {name for name in _named(text) if not (ROOT / name).exists()}
    links = {link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith("http")}
    gone |= {link for link in links if link and not (page.parent / link).exists()}
    assert gone == set()


@of_pages
def test_every_command_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    code = "\n".join(re.findall(r"`([^`\n]+)`", text) + _blocks(text, "sh"))
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", code)) <= targets
    for module in re.findall(r"python -m ([a-z_.0-9]+)", code):
        path = ROOT / module.replace(".", "/")
        if path.parts[len(ROOT.parts)] not in ("pytest", "pip"):
            assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_every_command_says_what_it_does_to_who_asks() -> None:
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for target in re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE):
        assert re.search(rf"^  make {target} +\S", listed, re.MULTILINE), target
        assert re.search(rf"^\.PHONY:.* {target}\b", MAKEFILE, re.MULTILINE), target


def test_the_readme_takes_five_minutes() -> None:
    assert len(README.encode()) <= 9_000


def test_the_glossary_names_every_mode() -> None:
    assert f"| mode | what the delta is: {', '.join(mode.name for mode in MODES.values())} |" in README


def test_the_map_shows_every_room_and_none_that_is_gone() -> None:
    (block,) = _blocks(README, "")
    rows = re.findall(r"^( *)([\w/]+/) ", block, re.MULTILINE)
    shown, room = set(), ""
    for indent, name in rows:
        room = name if not indent else room
        shown.add(name if not indent else room + name)
    assert [name for name in shown if not (ROOT / name).is_dir()] == []
    rooms = {path.split("/")[0] + "/" for path in TRACKED if "/" in path and not path.startswith(".")}
    assert rooms <= shown, "a new room wants a line in the README"


def test_every_page_is_on_the_map_of_pages() -> None:
    map_of_pages = (ROOT / "docs" / "README.md").read_text("utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"]({page.name})" in map_of_pages, page.name


def test_the_api_page_lists_the_routes_that_there_are_with_their_parameters(tmp_path: Path) -> None:
    written = {
        (method, path): set(re.findall(r"`(\w+)`", query))
        for method, path, query in re.findall(r"^\| `([A-Z]+) (\S+)` \|([^|]*)\|", API, re.MULTILINE)
    }
    described = create_app(Settings(data_dir=tmp_path)).openapi()["paths"]
    real = {
        (method.upper(), path): {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
        for path, methods in described.items()
        for method, operation in methods.items()
    }
    assert written == real


def test_what_the_api_page_asks_by_hand_is_a_request() -> None:
    (asked,) = re.findall(r"-d '(\{.*?\})'", API, re.DOTALL)
    assert GenerateRequest.model_validate_json(asked).prompt.endswith("?")
