"""What is remembered, as tables. Knows nothing about how it is asked for.

Times are UTC in ISO 8601 with a fixed width, so that text order is time order.
Requests and views are canonical JSON: this database never looks inside them.
"""

from typing import Literal

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

RunState = Literal["running", "done", "error", "cancelled", "cut"]


class Table(DeclarativeBase):
    """Base of all tables; its metadata is the schema."""


class Recording(Table):
    """The bytes of a whole stream behind a finding. Never changes: its key is its own SHA-256."""

    __tablename__ = "recordings"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    n_frames: Mapped[int]
    size_bytes: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class Run(Table):
    """A request and how its stream went. Saved once it has a recording; then its frames are there."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    created: Mapped[str] = mapped_column(String(27), index=True)
    request: Mapped[str] = mapped_column(Text)
    request_sha256: Mapped[str] = mapped_column(String(64))
    n_frames: Mapped[int] = mapped_column(default=0)
    size_bytes: Mapped[int] = mapped_column(default=0)
    recording_sha256: Mapped[str | None] = mapped_column(ForeignKey("recordings.sha256"), default=None)


class FrameChunk(Table):
    """Some consecutive lines of an unsaved run, exactly as the worker sent them."""

    __tablename__ = "frames"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """How many lines came before."""
    data: Mapped[bytes] = mapped_column(LargeBinary)


class FindingRow(Table):
    """What a person said about a recording. Complete without its run, which may be gone."""

    __tablename__ = "findings"

    slug: Mapped[str] = mapped_column(String(22), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    view: Mapped[str] = mapped_column(Text)
    created: Mapped[str] = mapped_column(String(27))
    request: Mapped[str] = mapped_column(Text)
    recording_sha256: Mapped[str] = mapped_column(ForeignKey("recordings.sha256"), index=True)

    __table_args__ = (Index("findings_newest_first", "created", "slug"),)
