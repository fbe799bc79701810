"""Names as people paste them: CSV with a header, or one a line. Whatever can't be used is refused with its line.

1. how it is written: CSV where the first line has a column `name`, else plain lines       _rows
2. which column is what: name, type, label; any other is a fact                            _columns
3. each line becomes a name; what can't is remembered, and all lines are looked at         read_names

Knows nothing about tokens: what a model makes of a name, its worker says.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast, get_args

from protocol.refusal import Refused
from protocol.vocabulary import MAX_NAME_CHARACTERS, MAX_NAMES, MAX_TYPE_CHARACTERS, Label
from protocol.worker.names import GivenName, NamesText
from protocol.worker.study_frames import NamesChecked

MAX_FACTS = 20
_DELIMITERS = "\t;,"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,119}")


@dataclass(frozen=True)
class PastedNames:
    """`lines`: where each of the names begins, from 1."""

    names: tuple[GivenName, ...]
    lines: tuple[int, ...]

    def located(self, refused: Refused) -> Refused:
        """A worker counts names; whoever pasted them counts lines."""
        told = refused.refusal
        if told.name_number is None or told.name_number > len(self.lines):
            return refused
        line = self.lines[told.name_number - 1]
        asked = f"Line {line:,} can't be used. {told.asked}"
        return Refused(refused.status, told.code, asked, told.allowed, told.change, line=line)


class _Unusable(Exception):
    """Of one line: a code, then what it is, what is allowed, what to change."""

    def __init__(self, code: str, is_: str, allowed: str, change: str) -> None:
        super().__init__(code)
        self.said = code, is_, allowed, change


def read_names(asked: NamesText) -> PastedNames:
    """Raises Refused (422) for the first line that can't be used, and says how many more can't."""
    text = (asked.text or "").removeprefix("\ufeff")
    columns, rows = _table(text)
    names: list[GivenName] = []
    lines: list[int] = []
    seen: dict[tuple[str, str], int] = {}
    unusable: list[tuple[int, _Unusable]] = []
    for line, cells in rows:
        try:
            one = _name_of(columns, cells, asked)
            own = one.type, " ".join(one.name.casefold().split())
            if seen.setdefault(own, line) != line:
                raise _Unusable(
                    "duplicate_name", f"repeats line {seen[own]}", "A name may stand once in a type.", "Leave one out."
                )
        except _Unusable as problem:
            unusable.append((line, problem))
            continue
        names.append(one)
        lines.append(line)
    if unusable:
        raise _refused(unusable)
    if len(names) < 2:
        raise Refused(
            422,
            "too_few_names",
            "One name is here." if names else "No name is here.",
            f"A set has 2 to {MAX_NAMES:,} names.",
            "Paste names, one a line, or CSV with a column called name.",
        )
    return PastedNames(tuple(names), tuple(lines))


def with_warnings(checked: NamesChecked) -> NamesChecked:
    """What a set can't show for want of labels."""
    n_unlabelled = checked.n - checked.n_known - checked.n_unknown
    if checked.n_known and checked.n_unknown:
        return checked
    if checked.n_known or checked.n_unknown:
        only = "known" if checked.n_known else "unknown"
        rest = f", and {n_unlabelled:,} have no label" if n_unlabelled else ""
        warning = f"All labels say {only}{rest}: nothing can be held against them, so Discover refuses this set."
    else:
        warning = "No name has a label: let the model be asked which it knows, or say it in a column called label."
    return checked.model_copy(update={"warnings": (*checked.warnings, warning)})


PastedRows = list[tuple[int, Sequence[str]]]


def _table(text: str) -> tuple[Sequence[str], PastedRows]:
    """The columns' names, and the cells of each line that has some."""
    filled = [(number, line) for number, line in enumerate(_lines(text), 1) if line.strip()]
    first = filled[0][1] if filled else ""
    delimiter = next((one for one in _DELIMITERS if one in first), None)
    if "name" in [_folded(cell) for cell in _cells_of(first, delimiter)]:
        head, *rest = _filled(_csv(text, delimiter or ","))
        _require_few(rest)
        return _columns(head[1]), rest
    if delimiter and all(delimiter in line for _, line in filled):
        raise Refused(
            422,
            "no_name_column",
            f"Line {filled[0][0]} has no column called name.",
            "The first line of CSV says what its columns are: name, and perhaps type, label and facts.",
            "Write a first line such as name,type,label above the others.",
            line=filled[0][0],
        )
    rows: PastedRows = [(number, (line,)) for number, line in filled]
    _require_few(rows)
    return ("name",), rows


def _filled(rows: Iterable[tuple[int, Sequence[str]]]) -> PastedRows:
    return [(line, cells) for line, cells in rows if any(cell.strip() for cell in cells)]


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _cells_of(line: str, delimiter: str | None) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(delimiter)] if delimiter else [line.strip().strip('"')]


def _csv(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Raises Refused (422) where quotes don't close."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        raise Refused(
            422,
            "broken_csv",
            f"Line {line} can't be read as CSV.",
            'A field that holds quotes or line breaks stands in quotes, and quotes in it are doubled: "so ""to"" say".',
            "Mend its quotes.",
            line=line,
        ) from None


def _require_few(rows: PastedRows) -> None:
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
    for number, column in enumerate(columns, 1):
        if not _ID.fullmatch(column):
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


def _name_of(columns: Sequence[str], cells: Sequence[str], asked: NamesText) -> GivenName:
    """Raises _Unusable."""
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise _Unusable(
            "wrong_columns",
            f"has {len(cells)} fields",
            f"The first line has {len(columns)} columns.",
            "Put a field that holds the separator in quotes.",
        )
    of = {column: cell.strip() for column, cell in zip(columns, cells, strict=False)}
    for column, cell in of.items():
        if any(unicodedata.category(c) == "Cc" for c in cell):
            raise _Unusable(
                "control_character",
                f"holds a control character where its {column} should be",
                "Names and facts are one line of text.",
                "Take it out.",
            )
    name = of.get("name", "")
    if not _is_visible(name):
        raise _Unusable("empty_name", "has no name", "A name has visible characters.", "Fill it in or leave it out.")
    if len(name) > MAX_NAME_CHARACTERS:
        raise _Unusable(
            "long_name",
            f"has a name of {len(name):,} characters",
            f"A name has at most {MAX_NAME_CHARACTERS}.",
            "Shorten it.",
        )
    facts = {column: cell for column, cell in of.items() if cell and column not in ("name", "type", "label")}
    return GivenName(name=name, type=_type_of(of, asked.type), label=_label_of(of, asked.label), facts=facts)


def _type_of(of: dict[str, str], default: str) -> str:
    kind = "_".join(of.get("type", "").split()) or default
    if not _ID.fullmatch(kind) or len(kind) > MAX_TYPE_CHARACTERS:
        raise _Unusable(
            "wrong_type",
            "has a type that can't be used",
            f"A type is a word of at most {MAX_TYPE_CHARACTERS} letters, digits, dots, dashes and underscores.",
            "Call it otherwise, such as player or city.",
        )
    return kind


def _label_of(of: dict[str, str], default: Label | None) -> Label | None:
    label = of.get("label", "").casefold()
    if not label:
        return default
    if label not in get_args(Label):
        raise _Unusable("wrong_label", "has another label", "A label is known or unknown, or empty.", "Change it.")
    return cast(Label, label)


def _is_visible(name: str) -> bool:
    return any(unicodedata.category(c)[0] not in "CZM" for c in name)


def _folded(cell: str) -> str:
    return cell.strip().casefold()


def _refused(unusable: Iterable[tuple[int, _Unusable]]) -> Refused:
    (line, first), *rest = unusable
    code, is_, allowed, change = first.said
    more = f" {len(rest):,} more {'line' if len(rest) == 1 else 'lines'} can't be used." if rest else ""
    return Refused(422, code, f"Line {line:,} {is_}.{more}", allowed, change, line=line)
