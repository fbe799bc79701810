"""Names as people paste them: CSV with a header, or one a line. Whatever can't be used is refused with its line.

1. letters that were lost on the way are no name's                                         _require_whole
2. how it is written, and which column is what                                             app/names/table.py
3. each line becomes a name; what can't is remembered, and all lines are looked at         read_names

Knows nothing about tokens: what a model makes of a name, its worker says.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast, get_args

from app.names.table import ID, lines_of, table_of
from protocol.refusal import Refused
from protocol.spelling import fold
from protocol.vocabulary import MAX_NAME_CHARACTERS, MAX_NAMES, MAX_TYPE_CHARACTERS, Label
from protocol.worker.names import LABELS, GivenName, NamesText
from protocol.worker.study_frames import NamesChecked

_MISREAD_AS = ("cp1252", "mac_roman")


@dataclass(frozen=True)
class PastedNames:
    """`lines`: where each of the names begins, from 1. `notes`: what was left out of the text, and why; and names that
    stand there in two spellings."""

    names: tuple[GivenName, ...]
    lines: tuple[int, ...]
    notes: tuple[str, ...] = ()

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
    _require_whole(text)
    table = table_of(text)
    names: list[GivenName] = []
    lines: list[int] = []
    seen: dict[tuple[str, str], int] = {}
    unusable: list[tuple[int, _Unusable]] = []
    for line, cells in table.rows:
        try:
            one = _name_of(table.columns, cells, asked)
            if (first := seen.setdefault(one.identity, line)) != line:
                raise _Unusable(
                    "duplicate_name", f"repeats line {first}", "A name may stand once in a type.", "Leave one out."
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
    notes = (
        f"Line {line}, “{said[:80]}”, stands above the header and was taken for a title." for line, said in table.titles
    )
    return PastedNames(tuple(names), tuple(lines), (*notes, *_spelled_twice(names, lines)))


def _spelled_twice(names: Sequence[GivenName], lines: Sequence[int]) -> Iterable[str]:
    seen: dict[tuple[str, str], tuple[GivenName, int]] = {}
    for one, line in zip(names, lines, strict=True):
        first, where = seen.setdefault((one.type, fold(one.name)), (one, line))
        if first is not one:
            other = f"is line {where:,}, “{first.name}”, in another spelling"
            yield f"Line {line:,}, “{one.name}”, {other}; both are asked."


def with_warnings(checked: NamesChecked) -> NamesChecked:
    """What a set can't show for want of labels, or because matching lengths left the labelled out."""
    if checked.n_known and checked.n_unknown:
        return checked
    known, unknown = (sum(one.n for one in checked.lengths if one.label == label) for label in LABELS)
    n_unlabelled = checked.n - known - unknown
    if known and unknown:
        warning = (
            f"Matching lengths left out the names that have a label, {known:,} known and {unknown:,} unknown: "
            "no known name is as long, in tokens, as an unknown one of its type. Don't match lengths, or give names of "
            "the same lengths."
        )
    elif known or unknown:
        only = "known" if known else "unknown"
        rest = f", and {n_unlabelled:,} have no label" if n_unlabelled else ""
        warning = f"All labels say {only}{rest}: nothing can be held against them, so Discover refuses this set."
    else:
        warning = "No name has a label: let the model be asked which it knows, or say it in a column called label."
    return checked.model_copy(update={"warnings": (*checked.warnings, warning)})


def _require_whole(text: str) -> None:
    """Raises Refused (422) for what was read in another encoding than its own: nobody can tell what was meant."""
    for number, line in enumerate(lines_of(text), 1):
        if "\ufffd" in line:
            raise Refused(
                422,
                "lost_letters",
                f"Line {number:,} holds �, which stands where a letter was lost.",
                "That happens where a file is read in another encoding than it was written in.",
                "Choose the file itself here, or save it as CSV UTF-8 first.",
                line=number,
            )
        if (meant := _meant(line)) is not None:
            raise Refused(
                422,
                "misread_letters",
                f"Line {number:,} says “{line.strip()[:60]}”; meant is “{meant.strip()[:60]}”.",
                "That happens where UTF-8 is read as another encoding.",
                "Choose the file itself here, or open it as UTF-8 before you copy from it.",
                line=number,
            )


def _meant(line: str) -> str | None:
    """UTF-8 that somebody read as an older encoding; None for what is no such text."""
    for encoding in () if line.isascii() else _MISREAD_AS:
        try:
            meant = line.encode(encoding).decode()
        except UnicodeError:
            continue
        return meant
    return None


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
    if not ID.fullmatch(kind) or len(kind) > MAX_TYPE_CHARACTERS:
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


def _refused(unusable: Iterable[tuple[int, _Unusable]]) -> Refused:
    (line, first), *rest = unusable
    code, is_, allowed, change = first.said
    more = f" {len(rest):,} more {'line' if len(rest) == 1 else 'lines'} can't be used." if rest else ""
    return Refused(422, code, f"Line {line:,} {is_}.{more}", allowed, change, line=line)
