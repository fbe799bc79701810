"""The arrows point one way. Each import is tried in a fresh interpreter."""

import ast
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.version import VERSION

ROOT = Path(__file__).parent.parent


@pytest.mark.core
@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("app.main", ("torch", "transformers", "sae_lens", "model_worker")),
        ("model_worker.serve.server", ("torch", "app", "training", "sqlalchemy", "jinja2", "sae_lens")),
        # the last two: what takes seconds, and a worker starts often
        ("model_worker.engine", ("app", "sqlalchemy", "sae_lens", "sklearn", "transformers.modeling_utils", "sympy")),
        ("client.client", ("torch", "app", "model_worker", "fastapi", "sqlalchemy")),
        ("protocol.worker.frames", ("app", "model_worker", "fastapi", "sqlalchemy", "torch")),
    ],
)
def test_a_part_imports_only_what_it_may(module: str, forbidden: tuple[str, ...]) -> None:
    code = f"import {module}, sys; print([name for name in {forbidden!r} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


STATIC = ROOT / "static"
ROOMS = ("core", "parts", "run", "study", "circuit")
"""From the bottom up. Every other folder is a page: it imports these and itself."""


@pytest.mark.core
def test_static_modules_import_only_downwards() -> None:
    modules = [file for file in STATIC.rglob("*.js") if "vendor" not in file.parts]
    assert len(modules) > 100
    for file in modules:
        room = file.relative_to(STATIC).parts[0]
        below = ROOMS[: ROOMS.index(room) + 1] if room in ROOMS else (*ROOMS, room)
        imports = r"""^(?:import\s+|(?:import|export)\s.*?\sfrom\s+|\}\s*from\s+)["'](.+?)["']"""
        for target in re.findall(imports, file.read_text(), re.MULTILINE):
            assert target.startswith("."), f"{file.name} imports {target}: relative paths only"
            found = (file.parent / target).resolve()
            assert found.exists(), f"{file.name} imports {target}, which isn't there"
            part = found.relative_to(STATIC).parts[0]
            assert part in below, f"{file.relative_to(STATIC)} imports {target} ({part})"


@pytest.mark.core
def test_nothing_special_is_done_for_a_shipped_model() -> None:
    """No name and no text in the code, but for what is written for a reader, speaks of one, however it is spelled."""
    ids = [folder.name for folder in (ROOT / "model_worker" / "cards").iterdir()]
    assert "tiny-gemma2-chat" in ids
    spelled = re.compile("|".join(["embedded", "tiny", "shipped", *ids]).replace("-", "[-_ ]?"), re.IGNORECASE)
    found = {
        (str(file.relative_to(ROOT)), word)
        for room in ("app", "client", "model_worker", "protocol")
        for file in sorted((ROOT / room).rglob("*.py"))
        for word in words_of(ast.parse(file.read_text()))
        if spelled.search(word)
    }
    assert not found


def words_of(module: ast.Module) -> Iterator[str]:
    """Names, attributes, arguments and texts that a program can act on: not its docstrings."""
    docs = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        match node:
            case ast.Name(name) | ast.Attribute(attr=name) | ast.arg(name) | ast.alias(name):
                yield name
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name) | ast.keyword(str(name)):
                yield name
            case ast.Constant(str(text)) if id(node) not in docs:
                yield text


@pytest.mark.core
def test_the_version_is_the_same_wherever_it_is_written() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION


@pytest.mark.core
def test_vendored_files_are_the_ones_in_their_manifest_and_plotly_is_pythons_major_version() -> None:
    from plotly.offline import get_plotlyjs_version

    folder = ROOT / "static" / "vendor"
    manifest = json.loads((folder / "manifest.json").read_text())
    listed = {name: digest for package in manifest.values() for name, digest in package["sha256"].items()}
    assert listed.keys() == {path.name for path in folder.iterdir() if path.is_file()} - {"manifest.json", "vendor.py"}
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
    assert manifest["plotly.js-cartesian-dist-min"]["version"].split(".")[0] == get_plotlyjs_version().split(".")[0]


@pytest.mark.core
def test_no_test_waits_from_within_a_page_that_forbids_eval() -> None:
    """Playwright's wait_for_function polls with eval, which our policy forbids once the first look was in vain."""
    forbidden = "wait_for_" + "function("
    assert [path.name for path in (ROOT / "tests").rglob("*.py") if forbidden in path.read_text()] == []
