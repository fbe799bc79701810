"""A file's bytes as text. Knows nothing about names and columns.

1. a mark at its beginning (BOM) says what it is; NUL bytes say UTF-16; what is valid UTF-8 is UTF-8
2. otherwise every encoding that spreadsheets write is tried: `app.names.alphabets` says which lines read as they would
   in the right one
3. where one reads better than all others it is taken, and named; else nothing is guessed: who gave the file is asked,
   with a line that the candidates read differently
"""

import codecs
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from app.names.alphabets import is_likely
from app.names.table import lines_of
from protocol.app.names_file import EncodingChoice, NamesFile
from protocol.refusal import Refused

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_NOT_TEXT = {
    b"PK\x03\x04": "a workbook (.xlsx) or an archive",
    b"\xd0\xcf\x11\xe0": "a workbook (.xls)",
    b"%PDF": "a PDF",
}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16, big-endian",
    "utf-32-le": "UTF-32",
    "utf-32-be": "UTF-32, big-endian",
    "cp1252": "Windows-1252, Western European",
    "mac_roman": "Mac Roman",
    "cp932": "Shift-JIS, Japanese",
    "cp1250": "Windows-1250, Central European",
    "cp1251": "Windows-1251, Cyrillic",
    "cp1253": "Windows-1253, Greek",
    "cp1254": "Windows-1254, Turkish",
    "gb18030": "GB 18030, Chinese",
    "big5": "Big5, Chinese",
    "cp949": "Windows-949, Korean",
    "euc_jp": "EUC-JP, Japanese",
    "iso2022_jp": "ISO-2022-JP, Japanese",
    "cp850": "DOS 850, Western European",
    "cp1255": "Windows-1255, Hebrew",
    "cp1256": "Windows-1256, Arabic",
    "cp874": "Windows-874, Thai",
    "koi8_r": "KOI8-R, Cyrillic",
    "cp1257": "Windows-1257, Baltic",
}
"""What each is called, by Python's name."""

_CANDIDATES = tuple(ENCODINGS)[5:]
_JAPANESE = ("cp932", "euc_jp", "iso2022_jp")
_MOST_LINES = 400  # that are looked at
_FEW_LINES = 2
_MOST_CHOICES = 6
_MOST_SAMPLE = 60  # characters


def read_file(data: bytes, encoding: str | None = None) -> NamesFile:
    """encoding: one of ENCODINGS, where it is known; None: found. Raises Refused (422)."""
    if not data:
        raise _refused("empty_file", "This file is empty.", "A list has names.", "Choose another.")
    for head, what in _NOT_TEXT.items():
        if data.startswith(head):
            raise _refused("not_text", f"This file is {what}.", "A list of names is text.", "Save it as CSV UTF-8.")
    for mark, marked in _MARKS.items():
        if data.startswith(mark) and encoding in (None, marked):
            return _whole(data[len(mark) :], marked)
    if encoding is not None:
        return _whole(data, encoding)
    if b"\0" in data:
        return _whole(data, _endianness(data))
    if b"\x1b$" in data:
        return _whole(data, "iso2022_jp")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return _found(data, line=data.count(b"\n", 0, error.start) + 1)
    return _whole(data, "utf-8")


def _whole(data: bytes, encoding: str) -> NamesFile:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = len(lines_of(data[: error.start].decode(encoding, "replace")))
        raise _refused(
            "wrong_encoding",
            f"This file was to be read as {ENCODINGS[encoding]}, and line {line:,} is not.",
            "All of a file has one encoding.",
            "Save it as CSV UTF-8, or say another encoding.",
            line,
        ) from None
    return NamesFile(encoding=encoding, title=ENCODINGS[encoding], text="\n".join(lines_of(text)))


def _endianness(data: bytes) -> str:
    """Of UTF-16 without a mark: where newlines, separators and ASCII letters come out. Raises Refused (422)."""

    def n_plain(encoding: str) -> int:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            return -1
        return -1 if "\0" in text else sum(c.isascii() for c in text)

    best = max(("utf-16-le", "utf-16-be"), key=n_plain)
    if n_plain(best) < 1:
        raise _refused(
            "not_text",
            "This file holds NUL bytes, and is not UTF-16 either.",
            "A list of names is text.",
            "Save it as CSV UTF-8.",
        )
    return best


@dataclass(frozen=True)
class _Reading:
    """`lines`: those that are not ASCII, as this encoding reads them. `odd`: which of them can't be meant so."""

    encoding: str
    lines: tuple[str, ...]
    odd: frozenset[int]

    def is_worse_than(self, other: "_Reading") -> bool:
        """By the lines that they read differently."""
        differ = {n for n, pair in enumerate(zip(self.lines, other.lines, strict=True)) if pair[0] != pair[1]}
        return len(self.odd & differ) > 2 * len(other.odd & differ)

    def is_rarer_than(self, other: "_Reading") -> bool:
        """Baltic letters stand where Western ones do: of one or two names they say nothing."""
        n_differ = sum(mine != others for mine, others in zip(self.lines, other.lines, strict=True))
        return self.encoding == "cp1257" and 0 < n_differ <= _FEW_LINES


def _found(data: bytes, line: int) -> NamesFile:
    """line: the first that is not UTF-8."""
    readings = sorted(_readings(data), key=lambda reading: len(reading.odd))
    best = [one for one in readings if not any(one.is_worse_than(other) for other in readings)]
    best = [one for one in best if not one.is_rarer_than(best[0])]
    if best and 2 * len(best[0].odd) <= len(best[0].lines):
        if all(one.lines == best[0].lines for one in best):
            return _whole(data, best[0].encoding).model_copy(update={"choices": _choices(readings)})
        return NamesFile(choices=_choices(best))
    if not readings:
        raise _refused(
            "unknown_encoding",
            f"Line {line:,} of this file is not UTF-8, and no other encoding that was tried reads all of it.",
            f"Tried were {', '.join(ENCODINGS[one] for one in _CANDIDATES)}.",
            "Save it as CSV UTF-8.",
            line,
        )
    return NamesFile(choices=_choices(readings))


def _readings(data: bytes) -> Iterable[_Reading]:
    raw = [one for one in data.replace(b"\r", b"\n").split(b"\n") if not one.isascii()]
    looked_at = list(dict.fromkeys(raw))[:_MOST_LINES]
    for encoding in _CANDIDATES:
        try:
            data.decode(encoding)
            lines = tuple(one.decode(encoding) for one in looked_at)
        except UnicodeDecodeError:
            continue
        common, kana = _common(encoding), encoding in _JAPANESE
        odd = frozenset(n for n, one in enumerate(lines) if not is_likely(one, common=common, kana=kana))
        yield _Reading(encoding, lines, odd)


@cache
def _common(encoding: str) -> Callable[[str], bool]:
    """Whether a character is of the first level of its country's standard."""
    by, first, last = {
        "cp932": ("cp932", 0x88, 0x98),
        "euc_jp": ("cp932", 0x88, 0x98),
        "gb18030": ("gb2312", 0xB0, 0xD7),
        "big5": ("big5", 0xA4, 0xC6),
        "cp949": ("euc_kr", 0xB0, 0xC8),
    }.get(encoding, ("ascii", 1, 0))

    def is_common(character: str) -> bool:
        code = character.encode(by, "ignore")
        return bool(code) and first <= code[0] <= last

    return is_common


def _choices(readings: list[_Reading]) -> tuple[EncodingChoice, ...]:
    """Each with what tells it from the others; those that read alike are one."""
    told: dict[tuple[str, ...], _Reading] = {}
    for one in readings:
        told.setdefault(one.lines, one)
    kept = list(told.values())[:_MOST_CHOICES]
    differ = [n for n, read in enumerate(zip(*(one.lines for one in kept), strict=True)) if len(set(read)) > 1]
    most = max(differ, key=lambda n: len({one.lines[n] for one in kept}), default=0)
    return tuple(
        EncodingChoice(
            encoding=one.encoding, title=ENCODINGS[one.encoding], sample=one.lines[most].strip()[:_MOST_SAMPLE]
        )
        for one in kept
    )


def _refused(code: str, asked: str, allowed: str, change: str, line: int | None = None) -> Refused:
    return Refused(422, code, asked, allowed, change, line=line)
