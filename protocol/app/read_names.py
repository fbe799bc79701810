"""The answer to pasted names: what was read of them, and what the set amounts to."""

from protocol.base import Message
from protocol.worker.names import GivenName
from protocol.worker.study_frames import NamesChecked


class ReadNames(Message):
    """`names` can stand in a study's request as they are; none where the world's own were checked. `notes`: what of
    the text was taken for no name."""

    names: tuple[GivenName, ...]
    checked: NamesChecked
    notes: tuple[str, ...] = ()
