"""Rooms: who may import whom, from the bottom up, and how large a file or a folder may become. Read from the source."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import MARKED

ROOT = Path(__file__).parent.parent
OURS = {"protocol", "app", "model_worker", "training", "client", "benchmarks", "tests"}

MAY_IMPORT = {
    "protocol": {"protocol"},
    "client": {"client", "protocol"},
    "app": {"app", "protocol"},
    "model_worker": {"model_worker", "protocol"},
    "training": {"training", "model_worker", "protocol"},
}
NEVER = {
    "app": {"torch", "transformers", "sae_lens", "safetensors"},
    "model_worker": {"sqlalchemy", "jinja2", "alembic"},
}
NOTHING_ELSE = {"protocol": {"pydantic"}, "client": {"pydantic", "httpx2"}}
"""Of what others have written, beside Python's own library."""

UPWARDS = {
    "protocol": "base version spelling vocabulary circuit claims looks enough glossary refusal risk steering amounts "
    "canonical upgrade javascript worker card_fields app",
    "client": "proxy recording first_studies client report circuit_verdicts circuit_sets stories circuit_stories "
    "raw_stories",
    "app": "version settings environment clock ids refusals database migrations recordings wording worker telemetry "
    "http door names runs findings exports services operate routes main server __main__",
    "model_worker": "rounding draw risk_file store model neurons steering decoding answering latents circuits studies "
    "reader finished_answers engine serve fetch __main__",
    "training/tiny_gemma2": "paths recipe world language_model subject stages dictionaries shipped evaluation card "
    "build __main__",
}
"""Folders, and the files beside them, from the bottom up. Each imports what stands before it, and itself."""


def python_files(room: str) -> list[Path]:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    return files


def imported(file: Path) -> Iterator[str]:
    """Modules, also those that a function imports. `from a import b` is a.b where that is a module."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            assert node.module
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                path = ROOT / whole.replace(".", "/")
                yield whole if path.is_dir() or path.with_suffix(".py").exists() else node.module


@pytest.mark.core
@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    for file in python_files(package):
        tops = {name.split(".")[0] for name in imported(file)}
        where = str(file.relative_to(ROOT))
        assert tops & OURS <= MAY_IMPORT[package], where
        assert not tops & NEVER.get(package, set()), where
        if package in NOTHING_ELSE:
            assert tops - OURS - sys.stdlib_module_names <= NOTHING_ELSE[package], where


@pytest.mark.core
@pytest.mark.parametrize("package", UPWARDS)
def test_rooms_import_downwards_and_in_no_circle(package: str) -> None:
    order = UPWARDS[package].split()
    here = package.replace("/", ".")
    for file in python_files(package):
        room = room_of(".".join(file.relative_to(ROOT).with_suffix("").parts), here)
        if room == "__init__":
            continue
        assert room in order, f"where does {room} stand in {package}? Say it in UPWARDS"
        for name in imported(file):
            other = room_of(name, here)
            if other is not None:
                at = f"{file.relative_to(ROOT)} imports {name}"
                assert other == room or order.index(other) < order.index(room), at
    assert set(order) == {path.stem for path in (ROOT / package).iterdir() if is_room(path)}


def room_of(module: str, package: str) -> str | None:
    """The folder, or the file beside the folders, that a module of the package is in."""
    inside = module.removeprefix(f"{package}.")
    return None if inside == module else inside.split(".")[0]


def is_room(path: Path) -> bool:
    if path.is_dir():
        return any(path.rglob("*.py"))
    return path.suffix == ".py" and path.stem != "__init__"


@pytest.mark.core
def test_sae_lens_is_imported_in_one_function_of_the_worker() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {getattr(node, 'name', 'the module')}"
        for file in python_files("model_worker")
        for node in ast.parse(file.read_text()).body
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom) and "sae_lens" in ast.unparse(inner)
    ]
    assert set(found) == {"model_worker/model/sae.py: _read_published"}


MAX_LINES = 350
MAX_FILES = 15
LARGE = {
    "static/core/protocol.js": "generated from protocol/vocabulary.py, looks.py and spelling.py",
    "static/core/terms.js": "generated from protocol/glossary, where each chapter has a file",
    "templates/export/notebook.py": "cells of one notebook; names go from one to the next, and ruff checks them",
    "templates/export/study_notebook.py": "the same: functions that a reader may take from one notebook",
}
"""Files that are larger, and why."""

SOURCE = ("app", "client", "model_worker", "protocol", "training", "static", "templates", "benchmarks")
NOT_OURS = ROOT / "static" / "vendor"
CARDS = ROOT / "model_worker" / "cards"  # what a card ships is no source: licences, texts


def sources() -> Iterator[Path]:
    for room in SOURCE:
        for file in sorted((ROOT / room).rglob("*")):
            if file.suffix in (".py", ".js", ".css", ".html") and not {NOT_OURS, CARDS} & set(file.parents):
                yield file


@pytest.mark.core
def test_no_source_is_longer_than_one_reads() -> None:
    lines = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in sources()}
    assert len(lines) > 400
    assert {name: n for name, n in lines.items() if n > MAX_LINES and name not in LARGE} == {}
    assert [name for name in LARGE if lines.get(name, 0) <= MAX_LINES] == [], "an exception that nothing needs"


@pytest.mark.core
def test_no_folder_holds_more_files_than_one_looks_through() -> None:
    """Of source and of tests, those of one kind beside each other; what makes a folder a package is not counted."""
    kinds: dict[tuple[str, str], int] = {}
    tests = [file for file in (ROOT / "tests").rglob("*") if file.suffix in (".py", ".js")]
    for file in (*sources(), *tests):
        if file.name != "__init__.py":
            at = str(file.parent.relative_to(ROOT)), file.suffix
            kinds[at] = kinds.get(at, 0) + 1
    assert {at: n for at, n in kinds.items() if n > MAX_FILES} == {}


NO_NOUN = "said asked told given checked shown observed studied papers parts modules fold pair drawing utils helpers"


@pytest.mark.core
def test_a_file_is_named_by_a_noun_that_says_what_is_in_it() -> None:
    for file in sources():
        assert file.stem not in NO_NOUN.split(), file.relative_to(ROOT)


@pytest.mark.core
def test_core_reads_each_folder_that_marks_its_own() -> None:
    """A file without a mark isn't imported where core alone is asked for, but in these folders."""
    marks = "mark" + ".core"
    folders = {
        file.parent
        for file in (ROOT / "tests").rglob("conftest.py")
        if f"add_marker(pytest.{marks})" in file.read_text()
    }
    assert folders == {ROOT / "tests" / name for name in MARKED}
