"""The modules of a page as one script, for a page and for a file that holds one: no build step, and none is needed.

Our modules have named imports and named exports alone. Each becomes a function that is called once, after those that it
imports. Knows nothing about what they do.
"""

import re
from pathlib import Path
from typing import NamedTuple

from app.settings import ROOT

_STATIC = ROOT / "static"
_IMPORT = re.compile(r"""^import\s*(?:\{([^}]*)\}\s*from\s*)?"(\.[^"]+)";\n?""", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)
_NAME = re.compile(r"^export (?:async )?(?:function\*?|class|const) *([A-Za-z_$][\w$]*)", re.MULTILINE)


def bundle_of(*scripts: str) -> str:
    """`scripts`: paths below static; as they are now, read again once one has changed. Raises OSError where one isn't
    there, ValueError for a module that is written in another way, or in a circle."""
    made = _made.get(scripts)
    if made is None or made.marks != tuple(map(_mark, made.modules)):
        order: list[Path] = []
        for script in scripts:
            _visit(_STATIC / script, order, ())
        marks = tuple(map(_mark, order))  # before they are read: what changes meanwhile is seen at the next call
        bodies = "\n".join(_called(module) for module in order)
        text = f'"use strict";\n(() => {{\nconst modules = {{}};\n{bodies}\n}})();\n'.replace("</script", r"<\/script")
        made = _made[scripts] = _Made(tuple(order), marks, text)
        if len(_made) > _KEPT:
            _made.pop(next(iter(_made)), None)
    return made.text


class _Made(NamedTuple):
    modules: tuple[Path, ...]
    marks: tuple[object, ...]
    text: str


_KEPT = 16
"""More than there are pages: who asks for others asks again and again for nothing."""
_made: dict[tuple[str, ...], _Made] = {}


def _mark(module: Path) -> tuple[int, int] | None:
    """Another one once the file has changed; None where it is gone."""
    try:
        found = module.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _visit(module: Path, order: list[Path], above: tuple[Path, ...]) -> None:
    if module in above:
        raise ValueError(f"{_named(module)} imports itself, by way of others")
    if module in order:
        return
    for _, relative in _IMPORT.findall(module.read_text(encoding="utf-8")):
        _visit((module.parent / relative).resolve(), order, (*above, module))
    order.append(module)


def _called(module: Path) -> str:
    source = module.read_text(encoding="utf-8")
    names = ", ".join(_NAME.findall(source))
    body = _EXPORT.sub("", _IMPORT.sub(lambda found: _taken(module, found), source))
    if left := re.search(r"^(?:import|export)\b.*", body, re.MULTILINE):
        raise ValueError(f"{_named(module)} has a line that can't be bundled: {left[0]}")
    return f'modules["{_named(module)}"] = (() => {{\n{body}\nreturn {{ {names} }};\n}})();'


def _taken(module: Path, found: re.Match[str]) -> str:
    """`import { a as b } from "./x.js";` as a line that takes b from what x gave."""
    names, relative = found.groups()
    if names is None:
        return ""
    taken = re.sub(r"\s+as\s+", ": ", " ".join(names.split()))
    return f'const {{ {taken} }} = modules["{_named((module.parent / relative).resolve())}"];\n'


def _named(module: Path) -> str:
    return str(module.relative_to(_STATIC))
