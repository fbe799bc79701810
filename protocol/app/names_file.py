"""A file of names as text, or what it may be."""

from protocol.base import Message, Text


class EncodingChoice(Message):
    """`sample`: a line that other choices read differently."""

    encoding: str
    title: str
    sample: Text


class NamesFile(Message):
    """What `POST /api/names/file` answers: the text of the file, read in `encoding`; none where several of the
    `choices` read it equally well, one of which is to be asked again with."""

    encoding: str | None = None
    title: str | None = None
    text: Text | None = None
    choices: tuple[EncodingChoice, ...] = ()
