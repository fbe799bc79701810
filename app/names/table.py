"""Pasted text as rows: CSV where one of its first lines has a column `name`, else a name a line.

1. the header: the first line that has a cell `name`; what stands above it is a title, and is told     table_of
2. which column is what: name, type, label; any other is a fact                                        _columns
3. without a header every line is a name; a first line that heads a column is none                     _plain

Knows nothing about what a name may be.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from protocol.refusal import Refused
from protocol.vocabulary import MAX_NAMES

MAX_FACTS = 20
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,119}")
_DELIMITERS = "\t;,|"
_SEPARATOR_SAID = re.compile(r'"?sep=(.)"?', re.IGNORECASE)  # Excel's own first line
_MOST_ABOVE = 9  # lines above a header
_HEADS = frozenset(
    "names|the name|full name|fullname|full_name|player|players|player name|person|persons|people|entity|entities|"
    "subject|subjects|title|titles|city|cities|movie|movies|film|films|song|songs|label|type|id|"
    "nom|noms|nombre|nombres|nome|nomi|naam|namen|navn|namn|nimi|imię|imie|jméno|név|имя|όνομα|isim|ad|"
    "名前|氏名|姓名|名字|名稱|名称|이름|성명".split("|")
)
"""What a column of names is called, by others than us: no name is taken from a line that says only that."""


@dataclass(frozen=True)
class PastedTable:
    """`rows`: those with something in them, each with the line where it begins, from 1. `titles`: what stood above
    the header."""

    columns: Sequence[str]
    rows: list[tuple[int, Sequence[str]]]
    titles: tuple[tuple[int, str], ...] = ()


def lines_of(text: str) -> list[str]:
    """As every system ends them, and as nothing else does."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def table_of(text: str) -> PastedTable:
    """Raises Refused (422)."""
    lines = lines_of(text)
    filled = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    for place, (number, line) in enumerate(filled[: _MOST_ABOVE + 1]):
        for delimiter in _DELIMITERS:
            cells = [_folded(cell.strip().strip('"')) for cell in line.split(delimiter)]
            # below a title a lone "name" may be a name
            if "name" in cells and (len(cells) > 1 or place == 0):
                return _csv_below(lines, filled[:place], number, delimiter)
    return _plain(filled)


def _csv_below(lines: list[str], above: list[tuple[int, str]], header: int, delimiter: str) -> PastedTable:
    n_columns = lines[header - 1].count(delimiter) + 1
    for number, line in above:
        if n_columns > 1 and len([cell for cell in line.split(delimiter) if cell.strip()]) == n_columns:
            raise Refused(
                422,
                "above_header",
                f"Line {number} stands above the header, line {header}, and is written like a line below it.",
                "Above the header a title may stand, and no name.",
                f"Put line {header} first, or take out what stands above it.",
                line=number,
            )
    first, *rest = _filled(_csv("\n".join(lines[header - 1 :]), delimiter, header))
    columns = _columns(first[1])
    for number, cells in rest:
        other = next((one for one in _DELIMITERS if one in cells[0] and one != delimiter), None)
        if len(columns) > 1 and len(cells) == 1 and other in (";", "\t"):
            raise Refused(
                422,
                "two_separators",
                f"Line {number} separates by {_called(other)}, and the header by {_called(delimiter)}.",
                "All lines of a file are separated alike.",
                "Save it again with one separator.",
                line=number,
            )
    _require_few(rest)
    said = ((number, line.strip(f' "{_DELIMITERS}')) for number, line in above if not _SEPARATOR_SAID.fullmatch(line))
    titles = tuple((number, title) for number, title in said if title)
    return PastedTable(columns, rest, titles)


def _plain(filled: list[tuple[int, str]]) -> PastedTable:
    number, first = filled[0] if filled else (1, "")
    delimiter = next((one for one in _DELIMITERS if one in first), None)
    if (delimiter and all(delimiter in line for _, line in filled)) or _SEPARATOR_SAID.fullmatch(first):
        raise Refused(
            422,
            "no_name_column",
            f"Line {number} has no column called name.",
            "The first line of CSV says what its columns are: name, and perhaps type, label and facts.",
            "Write a first line such as name,type,label above the others.",
            line=number,
        )
    for number, line in filled[: _MOST_ABOVE + 1]:
        said = _folded(line.strip().strip('"'))
        if (number, line) == filled[0] and said.rstrip(":") in _HEADS:
            raise _head(number, line, "heads a column", "Write name in its place, or take it out.")
        if said == "name" and number != filled[0][0]:
            raise _head(number, line, "says name, as a header does", "Put it first; above it, nothing may stand.")
    _require_few(filled)
    return PastedTable(("name",), [(number, (line,)) for number, line in filled])


def _head(number: int, line: str, is_: str, change: str) -> Refused:
    return Refused(
        422,
        "header_or_name",
        f"Line {number} {is_}: “{line.strip()}”.",
        "The header of a column of names is name; if it is a name, a first line that says name tells so.",
        change,
        line=number,
    )


def _called(delimiter: str) -> str:
    return {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar"}[delimiter]


def _filled(rows: Iterable[tuple[int, Sequence[str]]]) -> list[tuple[int, Sequence[str]]]:
    return [(line, cells) for line, cells in rows if any(cell.strip() for cell in cells)]


def _csv(text: str, delimiter: str, line: int) -> Iterator[tuple[int, list[str]]]:
    """line: where the text begins. Raises Refused (422) where quotes don't close."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    above = line - 1
    try:
        for cells in reader:
            yield line, cells
            line = above + reader.line_num + 1
    except csv.Error:
        raise Refused(
            422,
            "broken_csv",
            f"Line {line} can't be read as CSV.",
            'A field that holds quotes or line breaks stands in quotes, and quotes in it are doubled: "so ""to"" say".',
            "Mend its quotes.",
            line=line,
        ) from None


def _require_few(rows: Sequence[tuple[int, object]]) -> None:
    if len(rows) > MAX_NAMES:
        raise Refused(
            422,
            "too_many_names",
            f"{len(rows):,} names are here; line {rows[MAX_NAMES][0]:,} is the first too many.",
            f"A set has at most {MAX_NAMES:,} names.",
            "Leave some out; how well two groups are told apart is known with far fewer.",
            line=rows[MAX_NAMES][0],
        )


def _columns(head: Sequence[str]) -> list[str]:
    columns = [re.sub(r"\s+", "_", _folded(cell)) for cell in head]
    while columns and not columns[-1]:  # a spreadsheet pads its lines
        columns.pop()
    for number, column in enumerate(columns, 1):
        if not ID.fullmatch(column):
            raise _wrong_column(number, "has no name" if not column else "has a name that can't be used")
        if column in columns[: number - 1]:
            raise _wrong_column(number, f"has the name of column {columns.index(column) + 1}")
    if len(set(columns) - {"name", "type", "label"}) > MAX_FACTS:
        raise _wrong_column(len(columns), f"is one fact more than the {MAX_FACTS} that a name may have")
    return columns


def _wrong_column(number: int, is_: str) -> Refused:
    return Refused(
        422,
        "wrong_column",
        f"Column {number} {is_}.",
        "Columns are name, type, label, and facts by names of letters, digits, dot, dash and underscore.",
        "Change the first line.",
    )


def _folded(cell: str) -> str:
    return cell.strip().casefold()
