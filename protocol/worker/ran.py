"""What ran: both kinds of stream say it, of an answer and of a study."""

from protocol.base import Message


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
