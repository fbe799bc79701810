"""One top-level name means one thing in all of Python: whoever reads it in one room knows it in the next."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("protocol", "app", "model_worker", "training", "client")

OFTEN = {
    "main": "what `python -m` calls",
    "routes": "each file of app/routes makes its own, and app/main.py mounts them all",
    "log": "logging's idiom: a module's logger",
    "M": "a type variable, which means nothing outside its signature",
    "T": "a type variable",
    # what Alembic looks for in each migration
    **dict.fromkeys(("upgrade", "revision", "down_revision", "branch_labels", "depends_on"), "Alembic's"),
}
"""Names that many modules may define, and why."""


@pytest.mark.core
def test_a_top_level_name_is_defined_in_one_module() -> None:
    modules = defaultdict(set)
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            for name in top_level(ast.parse(file.read_text())):
                modules[name].add(str(file.relative_to(ROOT)))
    assert len(modules) > 1000
    twice = {name: files for name, files in modules.items() if len(files) > 1}
    assert {name: files for name, files in twice.items() if name not in OFTEN} == {}
    assert set(OFTEN) <= twice.keys(), "an exception that nothing needs"


def top_level(module: ast.Module) -> Iterator[str]:
    """Classes; functions and constants that are not private to their module."""
    for node in module.body:
        match node:
            case ast.ClassDef(name):
                yield name
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name):
                yield from _public(name)
            case ast.Assign(targets):
                for target in targets:
                    for part in ast.walk(target):
                        if isinstance(part, ast.Name):
                            yield from _public(part.id)
            case ast.AnnAssign(ast.Name(name)):
                yield from _public(name)


def _public(name: str) -> Iterator[str]:
    if not name.startswith("_"):
        yield name
