"""Which ES modules a page's script imports, so that a browser can ask for all of them at once.

There is no build step: without this it would learn of each from the one before. Knows nothing about templates.
"""

import re
from functools import cache
from pathlib import Path

_IMPORT = re.compile(r"""^(?:import|\}|export)\b[^;"']*?from\s+"(\.[^"]+)";""", re.MULTILINE)


@cache
def imported_by(script: Path) -> tuple[Path, ...]:
    """All that it imports, directly or not, itself left out; nearest first. Raises OSError for one that isn't there."""
    found: dict[Path, None] = {}
    todo = [script.resolve()]
    while todo:
        module = todo.pop(0)
        for relative in _IMPORT.findall(module.read_text(encoding="utf-8")):
            path = (module.parent / relative).resolve()
            if path not in found:
                found[path] = None
                todo.append(path)
    return tuple(path for path in found if path != script.resolve())
