"""What a page loads: all of it follows from what its script imports, so nothing is listed twice.

A stylesheet stands beside the module whose views it styles, under the same name, and comes with it; what lies in
static/look is every page's. They travel as one file, in the same order, and the modules as another. Knows nothing about
templates.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.http.script_bundle import bundle_of
from app.settings import ROOT

ON_EVERY_PAGE = ("parts/explanation.js", "parts/navigation.js")
_IMPORT = re.compile(r"""^(?:import|\}|export)\b[^;"']*?from\s+"(\.[^"]+)";""", re.MULTILINE)
_STATIC = ROOT / "static"
_JOINED = "joined"  # below /static; no folder has this name
_EVERY_PAGE = "look"
_ROOMS = (_EVERY_PAGE, "parts", "run", "study")  # a later one may overrule an earlier one; the page overrules all


@dataclass(frozen=True)
class PageFiles:
    """Addresses. `own`: None for a page of words only; `script`: it, all of `modules` and what is on every page in one
    request; `style`: all of `sheets` in one."""

    own: str | None
    modules: tuple[str, ...]
    sheets: tuple[str, ...]
    script: str
    style: str
    plots: bool


@cache
def files_of(script: str | None) -> PageFiles:
    """`script`: the page's own below static, "explore/explore.js". Raises OSError for one that isn't there."""
    own = () if script is None else (_STATIC / script,)
    modules = tuple(found for path in own for found in imported_by(path))
    beside = (path.with_suffix(".css") for path in (*own, *modules))
    sheets = {*(_STATIC / _EVERY_PAGE).glob("*.css"), *(path for path in beside if path.is_file())}
    return PageFiles(
        own=script and f"/static/{script}",
        modules=tuple(map(_address, modules)),
        sheets=tuple(map(_address, sorted(sheets, key=_place))),
        script=f"/static/{_JOINED}/{Path(script or _EVERY_PAGE).with_suffix('.js')}",
        style=f"/static/{_JOINED}/{Path(script or _EVERY_PAGE).with_suffix('.css')}",
        plots=_STATIC / "core/chart.js" in modules,  # the only module that knows Plotly
    )


def joined_scripts(path: str) -> str | None:
    """The modules of a page as they are now, as one script. `path`: what `script` says after "/static/", without dots
    that lead out of a folder; None where it is no page's. Raises ValueError for a module that can't be joined."""
    folder, _, name = path.partition("/")
    if folder != _JOINED or not name.endswith(".js"):
        return None
    if name == f"{_EVERY_PAGE}.js":
        return bundle_of(*ON_EVERY_PAGE)
    if name.partition("/")[0] in (*_ROOMS, "core", "vendor") or not (_STATIC / name).is_file():
        return None
    return bundle_of(*ON_EVERY_PAGE, name)


def joined_sheets(path: str) -> str | None:
    """The stylesheets of a page as they are now, each below its address. `path`: what `style` says after "/static/",
    without dots that lead out of a folder; None where it is no page's."""
    folder, _, name = path.partition("/")
    if folder != _JOINED or not name.endswith(".css"):
        return None
    try:
        sheets = files_of(None if name == f"{_EVERY_PAGE}.css" else name.removesuffix(".css") + ".js").sheets
    except (OSError, ValueError):  # no script has this name; no file could have it
        return None
    return "\n".join(f"/* {sheet} */\n{(ROOT / sheet[1:]).read_text(encoding='utf-8')}" for sheet in sheets)


@cache
def imported_by(script: Path) -> tuple[Path, ...]:
    """All that it imports, directly or not, itself left out; nearest first. Raises OSError for one that isn't there."""
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
