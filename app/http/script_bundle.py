"""The modules of a page as one classic script, so that a file can hold them: no build step, and none is needed for it.

Our modules have named imports and named exports alone. Each becomes a function that is called once, after those that it
imports. Knows nothing about what they do.
"""

import re
from functools import cache
from pathlib import Path

from app.settings import ROOT

_STATIC = ROOT / "static"
_IMPORT = re.compile(r"""^import\s*(?:\{([^}]*)\}\s*from\s*)?"(\.[^"]+)";\n?""", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)
_NAME = re.compile(r"^export (?:async )?(?:function\*?|class|const) *([A-Za-z_$][\w$]*)", re.MULTILINE)


@cache
def bundle_of(*scripts: str) -> str:
    """`scripts`: paths below static. Raises ValueError for a module that is written in another way, or in a circle."""
    order: list[Path] = []
    for script in scripts:
        _visit(_STATIC / script, order, ())
    bodies = "\n".join(_called(module) for module in order)
    return f'"use strict";\n(() => {{\nconst modules = {{}};\n{bodies}\n}})();\n'.replace("</script", r"<\/script")


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
