"""Everything the app asks of its memory. Knows nothing about HTTP or about workers.

Frames go in and come out as the bytes that arrived.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Result, Select, delete, select, text, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import ids
from app.database import Database
from app.tables import FindingRow, FrameChunk, Recording, Run, RunState
from protocol.canonical import canonical_json, sha256
from protocol.findings import Finding, FindingRequest, View
from protocol.refusal import Refused
from protocol.requests import GenerateRequest

_ATTEMPTS = 5


class Store:
    """Queries. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answers(self) -> bool:
        """Whether the database can be read right now."""
        async with self._database.reading() as session:
            return bool(await session.scalar(text("select 1")))

    async def add_run(self, run_id: str, request: GenerateRequest) -> None:
        async with self._database.writing() as session:
            session.add(
                Run(
                    id=run_id,
                    state="running",
                    created=_timestamp(),
                    request=canonical_json(request).decode(),
                    request_sha256=sha256(request),
                )
            )

    async def append(self, run_id: str, lines: list[bytes], *, first: int, state: RunState = "running") -> None:
        """Adds `lines` after the `first` that are there already, and says how the run stands now."""
        data = b"".join(lines)
        async with self._database.writing() as session:
            if lines:
                session.add(FrameChunk(run_id=run_id, first=first, data=data))
            await session.execute(
                update(Run)
                .where(Run.id == run_id)
                .values(state=state, n_frames=first + len(lines), size_bytes=Run.size_bytes + len(data))
            )

    async def run(self, run_id: str) -> Run | None:
        async with self._database.reading() as session:
            return await session.get(Run, run_id)

    async def run_frames(self, run_id: str) -> bytes | None:
        """The lines so far, or None for a run that is unknown."""
        async with self._database.reading() as session:
            run = await session.get(Run, run_id)
            return None if run is None else await _frames_of(session, run)

    async def cut_running(self) -> int:
        """Marks runs that an app left running when it was killed. For one app per database."""
        async with self._database.writing() as session:
            result = await session.execute(update(Run).where(Run.state == "running").values(state="cut"))
            return _n_rows(result)

    async def delete_unsaved(self, older_than: timedelta) -> int:
        """Forgets runs that ended, that nobody saved and that are older than that."""
        async with self._database.writing() as session:
            result = await session.execute(
                delete(Run).where(
                    Run.recording_sha256.is_(None), Run.state != "running", Run.created < _timestamp(older_than)
                )
            )
            return _n_rows(result)

    async def save(self, asked: FindingRequest) -> Finding:
        """Makes a finding of a run that is done. Raises Refused (404, 409)."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._save(asked, ids.new_slug())
            except IntegrityError:  # the slug is taken, or someone else saved the same recording just now
                continue
        return await self._save(asked, ids.new_slug())

    async def _save(self, asked: FindingRequest, slug: str) -> Finding:
        async with self._database.writing() as session:
            run = await session.get(Run, asked.run_id, with_for_update=True)
            if run is None:
                raise unknown_run()
            if run.state != "done":
                raise _not_done(run.state)
            if run.recording_sha256 is None:
                run.recording_sha256 = await _move_to_recording(session, run)
            row = FindingRow(
                slug=slug,
                title=asked.title,
                note=asked.note,
                view=canonical_json(asked.view).decode(),
                created=_timestamp(),
                request=run.request,
                recording_sha256=run.recording_sha256,
            )
            session.add(row)
            return _finding(row, run.n_frames, run.size_bytes)

    async def finding(self, slug: str) -> Finding | None:
        async with self._database.reading() as session:
            row = (await session.execute(_findings().where(FindingRow.slug == slug))).one_or_none()
            return None if row is None else _finding(*row)

    async def findings(self, limit: int, before: str | None = None) -> list[Finding]:
        """Newest first, at most `limit`, and only those older than the finding `before`."""
        query = _findings().order_by(FindingRow.created.desc(), FindingRow.slug.desc()).limit(limit)
        if before is not None:
            edge = select(FindingRow.created, FindingRow.slug).where(FindingRow.slug == before).scalar_subquery()
            query = query.where(tuple_(FindingRow.created, FindingRow.slug) < edge)
        async with self._database.reading() as session:
            return [_finding(*row) for row in await session.execute(query)]

    async def recording(self, digest: str) -> bytes:
        async with self._database.reading() as session:
            return (await session.execute(select(Recording.data).where(Recording.sha256 == digest))).scalar_one()


def unknown_run() -> Refused:
    return Refused(
        404,
        "unknown_run",
        "No run has this id.",
        "Runs that nobody saved are deleted after a day.",
        "Run the request again.",
    )


def unknown_finding() -> Refused:
    return Refused(
        404,
        "unknown_finding",
        "No finding has this link.",
        "A link ends in the ten letters and digits that saving gave it.",
        "Check the link, or ask whoever sent it.",
    )


def _not_done(state: str) -> Refused:
    return Refused(
        409,
        "run_not_done",
        f"This run can't be saved: its state is {state}.",
        "Only a run that is done can be saved, because its recording is whole.",
        "Wait until it is done, or run the request again.",
    )


async def _frames_of(session: AsyncSession, run: Run) -> bytes:
    if run.recording_sha256 is not None:
        query = select(Recording.data).where(Recording.sha256 == run.recording_sha256)
        return (await session.execute(query)).scalar_one()
    query = select(FrameChunk.data).where(FrameChunk.run_id == run.id).order_by(FrameChunk.first)
    return b"".join(await session.scalars(query))


async def _move_to_recording(session: AsyncSession, run: Run) -> str:
    data = await _frames_of(session, run)
    digest = hashlib.sha256(data).hexdigest()
    if await session.get(Recording, digest) is None:
        session.add(Recording(sha256=digest, n_frames=run.n_frames, size_bytes=len(data), data=data))
        await session.flush()
    await session.execute(delete(FrameChunk).where(FrameChunk.run_id == run.id))
    return digest


def _findings() -> Select[tuple[FindingRow, int, int]]:
    return select(FindingRow, Recording.n_frames, Recording.size_bytes).join(
        Recording, Recording.sha256 == FindingRow.recording_sha256
    )


def _finding(row: FindingRow, n_frames: int, size_bytes: int) -> Finding:
    return Finding(
        slug=row.slug,
        title=row.title,
        note=row.note,
        view=View.model_validate_json(row.view),
        created=row.created,
        request=GenerateRequest.model_validate_json(row.request),
        recording_sha256=row.recording_sha256,
        n_frames=n_frames,
        size_bytes=size_bytes,
    )


def _timestamp(ago: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) - ago).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _n_rows(result: Result[Any]) -> int:
    return cast(CursorResult[Any], result).rowcount
