"""What ran, and what an answer can amount to: words that both kinds of stream use, of an answer and of a study."""

from typing import Literal

from protocol.base import Message

Outcome = Literal["refused", "right", "wrong", "invented", "answered", "broken"]


class ModelUsed(Message):
    """Exactly what ran. `sha256` covers the weight files."""

    id: str
    sha256: str
    dtype: str
    device: str


class DictionaryUsed(Message):
    """A dictionary that was read. `layer` is sae-lens', `paper_layer` the paper's (one more)."""

    id: str
    layer: int
    paper_layer: int
    d_sae: int
    sha256: str
