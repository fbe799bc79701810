"""What is remembered, as tables. Knows nothing about how it is asked for.

Times are UTC in ISO 8601 with a fixed width, so that text order is time order. Requests and views are canonical JSON
of the protocol that their row names: this database never looks inside them. A change here needs a migration.
"""

from sqlalchemy import Float, ForeignKey, Index, LargeBinary, String, Text, false, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from protocol.app.runs import RunState
from protocol.vocabulary import AWAITED
from protocol.worker.requests import Lane


class TableBase(DeclarativeBase):
    """Base of all tables; its metadata is the schema."""


class RecordingRow(TableBase):
    """The bytes of a whole stream behind a finding. Never changes: its key is its own SHA-256."""

    __tablename__ = "recordings"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    n_frames: Mapped[int]
    size_bytes: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class AppRow(TableBase):
    """A process that runs the app on this database. `heartbeat`: when it last said that it lives, in seconds of the
    database's own clock."""

    __tablename__ = "apps"

    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    heartbeat: Mapped[float] = mapped_column(Float(53))


class Run(TableBase):
    """A request and how its stream went. Saved once it has a recording; then its frames are there."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    state: Mapped[RunState] = mapped_column(String(10))
    created: Mapped[str] = mapped_column(String(27), index=True)
    request: Mapped[str] = mapped_column(Text)
    request_sha256: Mapped[str] = mapped_column(String(64))
    n_frames: Mapped[int] = mapped_column(default=0)
    size_bytes: Mapped[int] = mapped_column(default=0)
    recording_sha256: Mapped[str | None] = mapped_column(ForeignKey("recordings.sha256"), default=None)
    lane: Mapped[Lane] = mapped_column(String(11), default="interactive", server_default="interactive")
    attempt: Mapped[int] = mapped_column(default=1, server_default="1")
    """Counts how often a background run was begun. Whoever writes names it, so that a process that was thought dead
    can't write into its successor's run."""
    owner: Mapped[str | None] = mapped_column(String(22), default=None)
    """The app whose worker runs it; None while it is queued and once it has ended."""
    cancel: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Somebody asked its owner to end it."""
    n_whole: Mapped[int] = mapped_column(default=0, server_default="0")
    """Answers and controls that are whole, or steps of a study, of `n_expected`."""
    n_expected: Mapped[int] = mapped_column(default=0, server_default="0")
    kind: Mapped[str] = mapped_column(String(20), default="generate", server_default="generate")
    model: Mapped[str] = mapped_column(String(120), default="", server_default="")
    pause: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Somebody asked its owner to let it rest."""
    n_fruitless: Mapped[int] = mapped_column(default=0, server_default="0")
    """Attempts in a row, the present one among them, that brought no frame."""
    stood: Mapped[str | None] = mapped_column(String(27), default=None)
    """Since when it has ended or rests; None before, and where nobody wrote it down."""

    __table_args__ = (Index("runs_by_state", "state", "lane", "created"),)

    @property
    def is_study(self) -> bool:
        return self.kind not in AWAITED

    @property
    def telling(self) -> int:
        """Which telling of its frames this is: a run that somebody waits for, made again, is told from its beginning,
        as its next attempt; a study is told once."""
        return 1 if self.is_study else self.attempt


class FrameChunk(TableBase):
    """Some consecutive lines of an unsaved run, exactly as the worker sent them."""

    __tablename__ = "frames"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """How many lines came before."""
    data: Mapped[bytes] = mapped_column(LargeBinary)


class FindingRow(TableBase):
    """What a person said about a recording. Complete without its run, which may be gone.

    From `model` on the columns are an index: made from the others and the recording, and made again when
    `indexed_by` is not the present way of making them.
    """

    __tablename__ = "findings"

    slug: Mapped[str] = mapped_column(String(22), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    view: Mapped[str] = mapped_column(Text)
    created: Mapped[str] = mapped_column(String(27))
    request: Mapped[str] = mapped_column(Text)
    recording_sha256: Mapped[str] = mapped_column(ForeignKey("recordings.sha256"), index=True)
    protocol: Mapped[int] = mapped_column(default=1, server_default="1")
    """Of `request` and `view`."""
    parent: Mapped[str | None] = mapped_column(String(22), default=None, index=True)
    """No foreign key: the parent may be deleted, and this row still says where it came from."""
    second: Mapped[str | None] = mapped_column(String(22), default=None, unique=True)
    """Slug of the prompt beside it: a row that is not listed, and goes with this one."""
    listed: Mapped[bool] = mapped_column(default=True, server_default=true())
    delete_sha256: Mapped[str | None] = mapped_column(String(64), default=None)
    """Hash of the delete token; None for findings that were saved before there was one."""
    model: Mapped[str] = mapped_column(String(120), default="", server_default="")
    outcome: Mapped[str] = mapped_column(String(10), default="", server_default="")
    """Of the answer that the view shows."""
    answers: Mapped[str] = mapped_column(Text, default="{}", server_default="{}")
    kind: Mapped[str] = mapped_column(String(20), default="generate", server_default="generate")
    """Of its request."""
    study: Mapped[str] = mapped_column(Text, default="", server_default="")
    """What a study amounts to; empty for any other run."""
    circuit: Mapped[str] = mapped_column(Text, default="", server_default="")
    """What a circuit amounts to; empty for any other run."""
    sketch: Mapped[str] = mapped_column(Text, default="", server_default="")
    """A very small picture; empty where there is nothing to draw."""
    words: Mapped[str] = mapped_column(Text, default="", server_default="")
    """What the gallery searches, folded."""
    indexed_by: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (Index("findings_newest_first", "created", "slug"),)


class Tombstone(TableBase):
    """A finding that is deleted: its link says so, and says nothing else."""

    __tablename__ = "tombstones"

    slug: Mapped[str] = mapped_column(String(22), primary_key=True)
    deleted: Mapped[str] = mapped_column(String(27))
    why: Mapped[str] = mapped_column(Text)


class VerificationRow(TableBase):
    """A check of a recording, as canonical JSON. Newer checks have greater ids."""

    __tablename__ = "verifications"

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_sha256: Mapped[str] = mapped_column(ForeignKey("recordings.sha256", ondelete="CASCADE"), index=True)
    body: Mapped[str] = mapped_column(Text)
