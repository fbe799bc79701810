"""Reads stylesheets, and which classes scripts and templates name. Knows no page and starts nothing.

A class in a script is known by where it stands: `class: …`, `className = …`, `classList.add(…)`. What is put together
there from a part that is known and one that isn't, `badge-${outcome}`, gives the part that is known as a prefix.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "static"
TEMPLATES = ROOT / "templates"

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_QUOTED = re.compile(r"\"[^\"]*\"")
_CLASS = re.compile(r"\.([A-Za-z][\w-]*)")
_ID = re.compile(r"#[A-Za-z][\w-]*")
_BRACKETS = re.compile(r":[\w-]+\((?:[^()]|\([^()]*\))*\)")
_COMBINATOR = re.compile(r"\s*[>+~]\s*|\s+")
_MARK = "\0"  # no part of any word
_HOLE = re.compile(r"\$\{\}|\{\{.*?\}\}|\{%.*?%\}")
_PREFIX = re.compile(r"(?<![\w-])([a-z][\w-]*-)(?:\$\{|\{\{)")
_WORD = re.compile(r"(?<![\w\0-])[a-z](?:[a-z0-9_-]*[a-z0-9])?(?![\w-])")
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\]|\\.)*\])+/\w*")
_RETURN = re.compile(r"\breturn\s*\Z")
_NO_CLASS = re.compile(r"(?:[=!]==\s*|\bget\(\s*|-\$\{[^{}]*)\Z")  # compared, asked for, or the rest of a name
_CLASS_WRITTEN = re.compile(r"\b(?:class|className)\s*[:=](?!=)\s*|\bclassList\.\w+\(\s*")


def sheets() -> list[Path]:
    return sorted(path for path in STATIC.rglob("*.css") if "vendor" not in path.parts)


def scripts() -> list[Path]:
    return sorted(path for path in STATIC.rglob("*.js") if "vendor" not in path.parts)


def templates() -> list[Path]:
    return sorted([*TEMPLATES.glob("*.html"), *TEMPLATES.glob("parts/*.html")])


@dataclass(frozen=True)
class Rule:
    """One selector of a rule; a list of selectors is several, which share its lines."""

    sheet: Path
    selector: str
    n_lines: float

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(_CLASS.findall(self.selector))

    @property
    def names(self) -> frozenset[str]:
        """The classes, and the ids, as #id."""
        return self.classes | frozenset(_ID.findall(self.selector))

    @property
    def needed(self) -> frozenset[str]:
        """The classes without which it styles nothing; what stands in brackets may be one of several."""
        return frozenset(_CLASS.findall(_BRACKETS.sub("", self.selector)))

    @property
    def alone(self) -> str | None:
        """The class or the #id that it styles wherever that stands: it names no other and nothing around it."""
        whole = len(_outside_brackets(self.selector, _COMBINATOR)) == 1
        return next(iter(self.names)) if whole and len(self.names) == 1 and len(self.needed) <= 1 else None


@cache
def rules(sheet: Path) -> tuple[Rule, ...]:
    return tuple(_rules(sheet, _QUOTED.sub('""', _COMMENT.sub("", sheet.read_text(encoding="utf-8")))))


def _rules(sheet: Path, text: str) -> Iterator[Rule]:
    for head, body in _blocks(text):
        if head.startswith("@"):
            yield from _rules(sheet, body)
        else:
            n_lines = len([line for line in body.splitlines() if line.strip()]) + 2
            selectors = _outside_brackets(head, re.compile(r"\s*,\s*"))
            for selector in selectors:
                yield Rule(sheet, selector, n_lines / len(selectors))


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    depth = start = opened = 0
    for at, letter in enumerate(text):
        if letter == "{":
            depth += 1
            if depth == 1:
                opened = at
        elif letter == "}":
            depth -= 1
            if depth == 0:
                yield " ".join(text[start:opened].split()), text[opened + 1 : at]
                start = at + 1


def _outside_brackets(text: str, separator: re.Pattern[str]) -> list[str]:
    parts, depth, start = [], 0, 0
    for found in re.finditer(rf"[(\[]|[)\]]|{separator.pattern}", text):
        if found[0] in "([":
            depth += 1
        elif found[0] in ")]":
            depth -= 1
        elif depth == 0:
            parts.append(text[start : found.start()])
            start = found.end()
    return [part for part in (*parts, text[start:]) if part]


@dataclass(frozen=True)
class Named:
    """Classes by whole names, and what others begin with."""

    names: frozenset[str]
    prefixes: frozenset[str]

    def has(self, name: str) -> bool:
        return name in self.names or any(name.startswith(prefix) for prefix in self.prefixes)


@cache
def written(source: Path) -> Named:
    """The classes that a script or a template gives to elements, as far as one can see."""
    text = source.read_text(encoding="utf-8")
    if source.suffix == ".html":
        return _named(re.findall(r'\bclass="((?:\{\{.*?\}\}|\{%.*?%\}|[^"{])*)"', text))
    code, strings = _lexed(text)
    spans = [(match.end(), _end_of_expression(code, match.end())) for match in _CLASS_WRITTEN.finditer(code)]
    return _named(
        [
            string
            for at, string in strings
            if any(start <= at < end for start, end in spans) and not _NO_CLASS.search(code[max(at - 30, 0) : at])
        ]
    )


@cache
def mentioned(source: Path) -> Named:
    """More than `written`: every word in any of its strings, for a class may come by a name of its own."""
    text = source.read_text(encoding="utf-8")
    return _named([text] if source.suffix == ".html" else [string for _, string in _lexed(text)[1]])


def selected(source: Path) -> frozenset[str]:
    """The classes by which a script finds elements."""
    strings = [string for _, string in _lexed(source.read_text(encoding="utf-8"))[1]]
    return frozenset(name for string in strings for name in _CLASS.findall(string))


def _named(strings: list[str]) -> Named:
    words = (word for string in strings for word in _WORD.findall(_HOLE.sub(_MARK, string)))
    prefixes = (prefix for string in strings for prefix in _PREFIX.findall(string))
    return Named(frozenset(words), frozenset(prefixes))


def _lexed(text: str) -> tuple[str, list[tuple[int, str]]]:
    """The code with comments and the insides of strings blanked, and the strings by where they begin; a template
    literal's holes are ${} in it, and the strings within them come by themselves."""
    code, strings = list(text), []

    def skip(start: int, end: int) -> None:
        code[start:end] = " " * (end - start)

    def read(at: int, closing: str) -> int:
        """From there to the bracket that closes what it is in; returns where that is."""
        depth, last = 0, ""
        while at < len(text):
            letter = text[at]
            if text.startswith("//", at):
                end = text.find("\n", at)
                end = len(text) if end < 0 else end
                skip(at, end)
                at = end
            elif text.startswith("/*", at):
                end = text.index("*/", at) + 2
                skip(at, end)
                at = end
            elif letter in "\"'`":
                at = string(at, letter)
                last = letter
            elif letter == "/" and (last in "(,=:[!&|?{};>" or _RETURN.search(text[max(at - 10, 0) : at])):
                end = _REGEX.match(text, at).end()
                skip(at, end)
                at, last = end, "/"
            elif letter == closing and depth == 0:
                return at
            else:
                depth += (letter in "([{") - (letter in ")]}")
                last = last if letter.isspace() else letter
                at += 1
        return at

    def string(start: int, quote: str) -> int:
        found, at = "", start + 1
        while text[at] != quote:
            if text[at] == "\\":
                at += 2
                found += _MARK
            elif quote == "`" and text.startswith("${", at):
                code[at - 1] = text[at - 1]  # so that one sees whether a name goes on
                at = read(at + 2, "}") + 1
                found += "${}"
            else:
                found += text[at]
                code[at] = " "
                at += 1
        strings.append((start, found))
        return at + 1

    read(0, "")
    return "".join(code), strings


def _end_of_expression(code: str, start: int) -> int:
    """Where the comma or bracket is that ends it."""
    depth = 0
    for at in range(start, len(code)):
        depth += (code[at] in "([{") - (code[at] in ")]}")
        if depth < 0 or (depth == 0 and code[at] in ",;"):
            return at
    return len(code)
