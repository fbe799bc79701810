"""Pasted names: understood however they are written, and refused with the line where they can't be."""

import pytest

from app.names.pasted import read_names, with_warnings
from client.client import Client as Asking
from protocol.refusal import Refused
from protocol.vocabulary import MAX_NAMES
from protocol.worker.names import GivenName, NamesRequest, NamesText, WorldNames
from protocol.worker.study_frames import LengthsOf, NamesChecked
from tests.app.conftest import Client
from tests.app.scripted_worker import Script, ScriptedWorker

TOO_MANY = "name," + ",".join(f"f{n}" for n in range(21))


def _read(text: str, **more: object) -> tuple[GivenName, ...]:
    return read_names(NamesText(model="scripted", text=text, **more)).names


def _refused(text: str) -> tuple[str, str]:
    """Its code, and what it says was asked."""
    with pytest.raises(Refused) as refused:
        _read(text)
    refusal = refused.value.refusal
    assert refused.value.status == 422 and refusal.allowed and refusal.change
    assert refusal.asked.startswith("Line ") == (refusal.line is not None) or refusal.code == "too_many_names"
    if refusal.line is not None:
        assert f"ine {refusal.line:,} " in refusal.asked
    return refusal.code, refusal.asked


def test_plain_names_stand_one_a_line_with_the_type_and_label_that_are_said_of_all() -> None:
    read = read_names(
        NamesText(model="m", text="\ufeffMichael Jordan\r\n\r\n  Wilson Brown \r\n", type="player", label="known")
    )
    assert read.names == (
        GivenName(name="Michael Jordan", type="player", label="known"),
        GivenName(name="Wilson Brown", type="player", label="known"),
    )
    assert read.lines == (1, 3)
    assert [one.name for one in _read("Washington, D.C.\nParis")] == ["Washington, D.C.", "Paris"]


def test_a_name_in_two_spellings_is_asked_in_both_and_said_to_be_one() -> None:
    """To a model they are two texts; who pasted them may not know."""
    read = read_names(NamesText(model="m", text="Björn Borg\nPelé\nBjorn Borg\nN’Djamena\nN'Djamena"))
    assert len(read.names) == 5
    assert read.notes == (
        "Line 3, “Bjorn Borg”, is line 1, “Björn Borg”, in another spelling; both are asked.",
        "Line 5, “N'Djamena”, is line 4, “N’Djamena”, in another spelling; both are asked.",
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_says_type_label_and_facts_by_its_first_line(delimiter: str) -> None:
    lines = ("Name,Type,LABEL,Birth Year", "Michael Jordan,player,Known,1963", "Brown,,,", '"O""Hara",city,unknown,')
    text = "\n".join(line.replace(",", delimiter) for line in lines)
    assert _read(text) == (
        GivenName(name="Michael Jordan", type="player", label="known", facts={"birth_year": "1963"}),
        GivenName(name="Brown"),
        GivenName(name='O"Hara', type="city", label="unknown"),
    )
    assert _read('name,sport\n"Jordan, Michael","chess, go"\nB,\n')[0].facts == {"sport": "chess, go"}


@pytest.mark.parametrize(
    ("text", "code", "asked"),
    [
        ("name\nA B\nC\na  b", "duplicate_name", "Line 4 repeats line 2."),
        ("name,label\nA,known\n,known\nB,perhaps", "empty_name", "Line 3 has no name. 1 more line can't be used."),
        ("name,label\nA,known\nB,x\nC,\nD,y", "wrong_label", "Line 3 has another label. 1 more line can't be used."),
        ("person,sport\nA,chess", "no_name_column", "Line 1 has no column called name."),
        ("name,,x\nA,b,c", "wrong_column", "Column 2 has no name."),
        ("name,x,X\nA,b,c", "wrong_column", "Column 3 has the name of column 2."),
        ("name,näme\nA,b", "wrong_column", "Column 2 has a name that can't be used."),
        (TOO_MANY + "\nA,b", "wrong_column", "Column 22 is one fact more than the 20 that a name may have."),
        ("name,x\nA,b\nB,c,d", "wrong_columns", "Line 3 has 3 fields."),
        ('name,x\nA,b\nB,"c\nC,d', "broken_csv", "Line 3 can't be read as CSV."),
        ('name,x\nA,b\nB,"c\nd"\nC,e', "control_character", "Line 3 holds a control character where its x should be."),
        ("A\nB\x07\nC", "control_character", "Line 2 holds a control character where its name should be."),
        ("A\n\u200b\nC", "empty_name", "Line 2 has no name."),
        ("A\n" + "B" * 121, "long_name", "Line 2 has a name of 121 characters."),
        ("name,type\nA,{x}\nB,y", "wrong_type", "Line 2 has a type that can't be used."),
        ("", "too_few_names", "No name is here."),
        ("name\nA", "too_few_names", "One name is here."),
    ],
)  # fmt: skip
def test_what_can_not_be_used_is_told_with_its_line(text: str, code: str, asked: str) -> None:
    assert _refused(text) == (code, asked)


def test_more_names_than_a_set_may_have_are_told_without_asking_the_worker(app: Client, worker: ScriptedWorker) -> None:
    names = "\n".join(f"Somebody {n}" for n in range(50_000))
    assert _refused(names) == ("too_many_names", "50,000 names are here; line 10,001 is the first too many.")
    assert len(_read("\n".join(names.split("\n")[:MAX_NAMES]))) == MAX_NAMES
    refused = app.post("/api/names", json={"model": "scripted", "text": names})
    assert refused.status_code == 422 and worker.asked == []
    assert app.post("/api/names", json={"model": "scripted", "text": "x" * 4_300_000}).status_code == 413


@pytest.mark.parametrize(
    ("known", "unknown", "told"),
    [
        (0, 0, "No name has a label"),
        (3, 0, "All labels say known, and 4 have no label"),
        (0, 3, "All labels say unknown, and 4 have no label"),
        (3, 2, "Matching lengths left out the names that have a label, 3 known and 2 unknown"),
    ],
)
def test_what_is_missing_is_told_of_the_names_as_they_came_not_of_what_matching_left(
    known: int, unknown: int, told: str
) -> None:
    lengths = [
        LengthsOf(type="player", label=label, n_tokens=n_tokens, n=n, n_kept=0 if label else n)
        for label, n_tokens, n in (("known", 2, known), ("unknown", 5, unknown), (None, 3, 4))
    ]
    checked = NamesChecked(
        seq=0,
        n=known + unknown + 4,
        n_known=0,
        n_unknown=0,
        n_left_out=known + unknown,
        types=("player",),
        lengths=tuple(lengths),
        length_auroc=None,
        length_auroc_unmatched=None,
    )
    assert told in with_warnings(checked).warnings[-1]


def test_the_worker_is_asked_what_the_set_amounts_to_and_one_class_alone_is_warned_of(
    app: Client, worker: ScriptedWorker
) -> None:
    with Asking(str(app.base_url)) as asking:
        read = asking.names(NamesText(model="scripted", text="name,label\nA,known\nB,known", template="Say {name}"))
        assert [one.name for one in read.names] == ["A", "B"] and read.checked.n_known == 2
        assert "All labels say known" in read.checked.warnings[-1]
        assert asking.names(NamesText(model="scripted")).names == ()
    first, world = worker.asked
    assert isinstance(first, NamesRequest) and isinstance(world, NamesRequest)
    assert first.template == "Say {name}" and first.names.kind == "given" and world.names == WorldNames()


def test_a_name_that_the_worker_can_not_read_is_told_with_its_line(app: Client, worker: ScriptedWorker) -> None:
    why = Refused(422, "empty_entity", "A name of the set has no token.", "One at least.", "Mark it.", name_number=2)
    worker.script = Script(refused=why)
    refused = app.post("/api/names", json={"model": "scripted", "text": "\n\nA\n\nB"})
    assert refused.status_code == 422
    told = refused.json()["refusal"]
    assert (told["line"], told["asked"]) == (5, "Line 5 can't be used. A name of the set has no token.")
    assert "name_number" not in told
