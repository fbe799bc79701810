"""The vocabulary and the glossary as JavaScript modules: `python -m protocol.javascript` writes static/core/protocol.js
and static/core/terms.js.

In one direction only: nothing reads the modules back, and a test fails where they are not what this makes. Knows the
layout that the formatter of the pages' scripts leaves alone, and no word of the field.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import get_args

from protocol import circuit, claims, enough, looks, spelling, vocabulary
from protocol.glossary.glossary import GLOSSARY, MARKS, PATTERN, TERM_LABELS
from protocol.risk import words as risk_words

CORE = Path(__file__).parents[1] / "static" / "core"
TARGET = CORE / "protocol.js"
TERMS_TARGET = CORE / "terms.js"
LINE_WIDTH = 120
HEADER = """\
// The words of requests and frames, with what a reader calls them, and how much may be asked for.
// Generated from protocol/vocabulary.py, circuit.py, claims.py, enough.py, risk/words.py, looks.py and spelling.py,
// which say what each is, by `python -m protocol.javascript` (make vocabulary). Change those, not this.
"""

TERMS_HEADER = """\
// What a door says of a symbol or a word of the field, by its key, and how symbols are found in running text.
// Generated from protocol/glossary, which says more, by `python -m protocol.javascript` (make vocabulary). Change that,
// not this.
"""


def module() -> str:
    """Literals become types, tables and limits constants of the same names."""
    return "\n".join([HEADER, *_statements()])


def terms_module() -> str:
    """TERMS, MARKS, TERM_LABELS and PATTERN."""
    shown = ("name", "symbol", "sentence", "formula")
    told = {key: {name: getattr(term, name) for name in shown if getattr(term, name)} for key, term in GLOSSARY.items()}
    named = {"TERMS": told, "MARKS": MARKS, "TERM_LABELS": TERM_LABELS}
    tables = (f"export const {name} = {_value(table, 0)};\n" for name, table in named.items())
    return "\n".join([TERMS_HEADER, *tables, f"export const PATTERN =\n  {_value(PATTERN, 0)};\n"])


def _statements() -> Iterator[str]:
    for name, value in (
        vars(vocabulary) | vars(circuit) | vars(claims) | vars(enough) | vars(risk_words) | vars(looks) | vars(spelling)
    ).items():
        if name.isupper() and not name.startswith("_"):
            line = f"export const {name} = {_value(value, len(name) + 17)};\n"
            long = isinstance(value, str) and len(line) > LINE_WIDTH + 1
            yield line.replace(" = ", " =\n  ", 1) if long else line
        elif words := [word for word in get_args(value) if isinstance(word, str)]:
            yield f"/** @typedef {{{'|'.join(map(json.dumps, words))}}} {name} */\n"


def _value(value: object, used: int, depth: int = 0) -> str:
    """used: columns of its line that are taken. A table has a line for each word, however short."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        parts = [f"{_key(key)}: {_value(one, 2 * depth + len(_key(key)) + 5, depth + 1)}" for key, one in value.items()]
        line = "{ " + ", ".join(parts) + " }"
        if depth and "\n" not in line and used + len(line) < LINE_WIDTH:
            return line
        return _broken("{}", [_wrapped(part, 2 * depth + 2) for part in parts], depth)
    if isinstance(value, list | tuple):
        parts = [_value(one, 0) for one in value]
        line = "[" + ", ".join(parts) + "]"
        return line if used + len(line) < LINE_WIDTH else _broken("[]", parts, depth)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and '"' in value and "'" not in value:
        return "'" + text[1:-1].replace('\\"', '"') + "'"
    return text


def _broken(brackets: str, parts: list[str], depth: int) -> str:
    """A line each."""
    indent = "  " * depth
    return f"{brackets[0]}\n" + "".join(f"{indent}  {part},\n" for part in parts) + indent + brackets[1]


def _wrapped(part: str, indent: int) -> str:
    """A text that is too long for the line of its key has the next one."""
    key, text = part.split(": ", 1)
    if "\n" in part or text[0] not in "'\"" or indent + len(part) < LINE_WIDTH:
        return part
    return f"{key}:\n{' ' * (indent + 2)}{text}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name) else json.dumps(name, ensure_ascii=False)


if __name__ == "__main__":
    TARGET.write_text(module(), encoding="utf-8")
    TERMS_TARGET.write_text(terms_module(), encoding="utf-8")
