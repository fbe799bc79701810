"""Files of names as spreadsheets write them: read right, or refused naming the encoding or the line."""

import csv
import io
import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app.names.encodings import ENCODINGS, read_file
from app.names.pasted import read_names
from app.settings import ROOT
from client.client import Client as Asking
from protocol.refusal import Refused
from protocol.worker.names import NamesText
from tests.app.conftest import Client

WORLD = [
    one["name"] for one in json.loads((ROOT / "model_worker/cards/tiny-gemma2-chat/entities.json").read_text("utf-8"))
]
OTHERS = {
    "cp1252": ["José Mourinho", "João Félix", "Søren Kierkegaard", "François Truffaut", "Peña Nieto", "Conan O’Brien"],
    "cp1250": ["Antonín Dvořák", "Miloš Forman", "Karel Čapek", "Łódź", "Lech Wałęsa", "Győr", "Jaromír Jágr"],
    "cp1251": ["Иван Петров", "Москва", "Антон Чехов", "Казань", "Лев Яшин"],
    "cp1253": ["Αθήνα", "Γιώργος Σεφέρης", "Θεσσαλονίκη"],
    "cp1254": ["Işık Şahin", "İstanbul", "Beşiktaş", "Hakan Şükür"],
    "cp932": ["イチロー", "大谷翔平", "東京", "宮崎駿", "となりのトトロ"],
    "gb18030": ["姚明", "北京", "李娜", "张艺谋", "霸王别姬"],
    "big5": ["周杰倫", "臺北", "張學友", "臥虎藏龍"],
    "cp949": ["박지성", "서울", "손흥민", "김연아"],
    "cp1255": ["משה כהן", "תל אביב", "ירושלים", "דוד לוי"],
    "cp1256": ["محمد صلاح", "القاهرة", "فيروز", "نجيب محفوظ"],
    "cp874": ["สมชาย ใจดี", "กรุงเทพ", "เชียงใหม่", "ธงไชย แมคอินไตย์"],
    "cp1257": ["Šarūnas Marčiulionis", "Žydrūnas Ilgauskas", "Jānis Bērziņš", "Liepāja", "Kęstutis"],
}
OTHERS |= {"mac_roman": OTHERS["cp1252"], "cp850": OTHERS["cp1252"][:5], "euc_jp": OTHERS["cp932"]}
OTHERS |= {"iso2022_jp": OTHERS["cp932"], "koi8_r": OTHERS["cp1251"]}
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
HEADERS = (
    "header",
    "title",
    "title, with separators",
    "sep=",
    "quoted",
    "none",
    "another header",
    "no header, but CSV",
)


@dataclass(frozen=True)
class File:
    """refused: the code of the refusal that is due, None where the names are."""

    data: bytes
    encoding: str
    text: str
    names: list[str]
    titles: int
    refused: str | None


def files(seed: int) -> Iterator[File]:
    """Every encoding by every separator by every header, around real names."""
    drawn = random.Random(seed)
    for encoding, separator, header in itertools.product((*UNICODE, *OTHERS), ",;\t", HEADERS):
        pool = OTHERS[encoding] if encoding in OTHERS else [one for some in OTHERS.values() for one in some]
        plain = [one for one in WORLD if encoding not in OTHERS or one.isascii()]
        names = list(dict.fromkeys(drawn.sample(pool, min(len(pool), 4)) + drawn.sample(plain, 8)))
        drawn.shuffle(names)
        text, titles, refused = _written(names, separator, header)
        newline = drawn.choice(("\n", "\r\n", "\r"))
        data = text.replace("\n", newline).encode(encoding)
        yield File(data, encoding, text, names, titles, refused)


def _written(names: list[str], separator: str, header: str) -> tuple[str, int, str | None]:
    if header == "none":
        return "\n".join(names) + "\n", 0, None
    if header == "another header":
        return "\n".join(["Player", *names]), 0, "header_or_name"
    told = io.StringIO()
    writer = csv.writer(
        told,
        delimiter=separator,
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if header == "quoted" else csv.QUOTE_MINIMAL,
    )
    if header == "title":
        told.write("Names of the season\n\n")
    if header == "title, with separators":
        writer.writerow(["Names, of; the season", "", ""])
    if header == "sep=":
        told.write(f"sep={separator}\n")
    if header != "no header, but CSV":
        writer.writerow(["Name", "Label", "Home town"])
    for n, name in enumerate(names):
        writer.writerow([name, ("known", "unknown", "")[n % 3], f"Place; {n}, north"])
    return told.getvalue(), int(header.startswith("title")), "no_name_column" if header.startswith("no ") else None


@pytest.mark.parametrize("seed", range(3))
def test_a_file_of_any_encoding_is_read_right_or_refused(seed: int) -> None:
    asked_back = 0
    for file in files(seed):
        where = f"{file.encoding}, {file.text[:60]!r}"
        read = read_file(file.data)
        if read.text is None:
            asked_back += 1
            offered = {choice.encoding: choice.sample for choice in read.choices}
            assert file.encoding in offered and len(offered) == len(set(offered.values())) > 1, where
            assert offered[file.encoding] in file.text, "the sample of the right one is what the file says"
            read = read_file(file.data, file.encoding)
        assert read.text == file.text, f"{where} was read as {read.encoding}"
        try:
            names = read_names(NamesText(model="m", text=read.text))
        except Refused as refused:
            assert refused.refusal.code == file.refused and refused.refusal.line is not None, where
            continue
        assert file.refused is None, f"{where}: {names.names[:2]}"
        assert [one.name for one in names.names] == file.names and len(names.notes) == file.titles, where
    assert asked_back < 75, "of 576: nearly all are read without a question"


@pytest.mark.parametrize(
    "names",
    [["García"], ["José", "Tomás"], ["Zoë"], ["Jesús", "Inés", "Álvaro Mañana"], ["Søren Kierkegaard", "Motörhead"]],
)
def test_a_western_list_is_not_asked_about_for_the_sake_of_rarer_ones(names: list[str]) -> None:
    read = read_file("\n".join(["name", *names]).encode("cp1252"))
    assert (read.encoding, read.text) == ("cp1252", "\n".join(["name", *names]))


@pytest.mark.parametrize(
    ("data", "encoding", "code", "said"),
    [
        (b"", None, "empty_file", "empty"),
        (b"PK\x03\x04\x14\x00", None, "not_text", "workbook (.xlsx)"),
        (b"\xd0\xcf\x11\xe0\xa1", None, "not_text", "workbook (.xls)"),
        (b"\x00\x01\x02\x03\x00", None, "not_text", "NUL"),
        ("name\nA\nB".encode("utf-16")[:-1], None, "wrong_encoding", "UTF-16, and line 3"),
        (b"\xef\xbb\xbfname\nA\n\xff", None, "wrong_encoding", "UTF-8, and line 3"),
        (b"A\nB\n\x81\xff\xfe\x80\xff", "cp932", "wrong_encoding", "Shift-JIS, Japanese, and line 3"),
        ("A\nZoë".encode("cp1252"), "utf-8", "wrong_encoding", "UTF-8, and line 2"),
    ],
)
def test_what_can_not_be_read_is_refused_by_its_encoding_and_line(
    data: bytes, encoding: str | None, code: str, said: str
) -> None:
    with pytest.raises(Refused) as refused:
        read_file(data, encoding)
    assert refused.value.refusal.code == code and said in refused.value.refusal.asked
    assert refused.value.status == 422 and refused.value.refusal.change


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("name\nA\nM\ufffdller", "lost_letters", 3),
        ("name\nA\nMÃ¼ller", "misread_letters", 3),
        ("A\nM√ºller\n", "misread_letters", 2),
        ("Conan Oâ€™Brien\nB", "misread_letters", 1),
        ("Players\nA\nB", "header_or_name", 1),
        ("Nom\nA\nB", "header_or_name", 1),
        ("姓名\nA\nB", "header_or_name", 1),
        ("My players\n\nname\nA\nB", "header_or_name", 3),
        ("A,known\nname,label\nB,known", "above_header", 1),
        ("name,label\nA;known\nB;known", "two_separators", 2),
        ("sep=;\nA;known\nB;known", "no_name_column", 1),
    ],
)
def test_no_letter_is_lost_and_no_header_is_a_name(text: str, code: str, line: int) -> None:
    with pytest.raises(Refused) as refused:
        read_names(NamesText(model="m", text=text))
    assert (refused.value.refusal.code, refused.value.refusal.line) == (code, line)


def test_what_a_spreadsheet_adds_is_no_name() -> None:
    text = "sep=;\nOur players;;;\n;;;\nName;Label;;\nA;known;;\nB;unknown;;\n;;;\n"
    read = read_names(NamesText(model="m", text=text))
    assert [(one.name, one.label) for one in read.names] == [("A", "known"), ("B", "unknown")] and read.lines == (5, 6)
    assert read.notes == ("Line 2, “Our players”, stands above the header and was taken for a title.",)
    assert [one.name for one in read_names(NamesText(model="m", text="name\nWashington, D.C.\nA; B")).names] == [
        "Washington, D.C.",
        "A; B",
    ]
    song = read_names(NamesText(model="m", text="name\nIris\nName\nSlide"))
    assert [one.name for one in song.names] == ["Iris", "Name", "Slide"]


def test_the_app_reads_a_file_and_asks_back_where_it_can_not_tell(app: Client) -> None:
    with Asking(str(app.base_url)) as asking:
        read = asking.names_file("name\nZoë\nB".encode("cp1252"))
        assert (read.encoding, read.title, read.text) == ("cp1252", ENCODINGS["cp1252"], "name\nZoë\nB")
        unsure = asking.names_file("name\nGyőr\nB".encode("cp1250"))
        assert unsure.text is None and ("cp1250", "Győr") in [(one.encoding, one.sample) for one in unsure.choices]
        assert asking.names_file("name\nGyőr\nB".encode("cp1250"), "cp1250").text == "name\nGyőr\nB"
        with pytest.raises(Refused):
            asking.names_file(b"A\nB", "klingon")
        with pytest.raises(Refused, match="workbook"):
            asking.names_file(b"PK\x03\x04")
    titled = app.post("/api/names", json={"model": "scripted", "text": "Ours\nname,label\nA,known\nB,unknown"}).json()
    assert [one["name"] for one in titled["names"]] == ["A", "B"] and "Line 1" in titled["notes"][0]
