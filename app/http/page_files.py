"""What a page loads: all of it follows from what its script imports, so nothing is listed twice.

A stylesheet stands beside the module whose views it styles, under the same name, and comes with it; what lies in
static/look is every page's. Knows nothing about templates.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.settings import ROOT

_IMPORT = re.compile(r"""^(?:import|\}|export)\b[^;"']*?from\s+"(\.[^"]+)";""", re.MULTILINE)
_STATIC = ROOT / "static"
_ROOMS = ("look", "parts", "run", "study")  # a later one may overrule an earlier one; the page overrules all


@dataclass(frozen=True)
class PageFiles:
    """Addresses. `script`: None for a page of words only."""

    script: str | None
    modules: tuple[str, ...]
    sheets: tuple[str, ...]
    plots: bool


@cache
def files_of(script: str | None) -> PageFiles:
    """`script`: the page's own below static, "explore/explore.js". Raises OSError for one that isn't there."""
    own = () if script is None else (_STATIC / script,)
    modules = tuple(found for path in own for found in imported_by(path))
    beside = (path.with_suffix(".css") for path in (*own, *modules))
    sheets = {*(_STATIC / "look").glob("*.css"), *(path for path in beside if path.is_file())}
    return PageFiles(
        script=script and f"/static/{script}",
        modules=tuple(map(_address, modules)),
        sheets=tuple(map(_address, sorted(sheets, key=_place))),
        plots=_STATIC / "core/chart.js" in modules,  # the only module that knows Plotly
    )


@cache
def imported_by(script: Path) -> tuple[Path, ...]:
    """All that it imports, directly or not, itself left out; nearest first. Without these names a browser would learn
    of each from the one before: there is no build step. Raises OSError for one that isn't there."""
    found: dict[Path, None] = {}
    todo = [script]
    while todo:
        module = todo.pop(0)
        for relative in _IMPORT.findall(module.read_text(encoding="utf-8")):
            path = (module.parent / relative).resolve()
            if path not in found:
                found[path] = None
                todo.append(path)
    return tuple(path for path in found if path != script)


def _place(sheet: Path) -> tuple[int, str]:
    room = sheet.relative_to(_STATIC).parts[0]
    return (_ROOMS.index(room) if room in _ROOMS else len(_ROOMS)), str(sheet)


def _address(path: Path) -> str:
    return f"/{path.relative_to(ROOT)}"
