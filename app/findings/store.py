"""What is remembered of findings. Knows nothing about HTTP, nor about runs that are under way.

A finding is what somebody said about a recording; the recording is stored once for all findings that hold it, and is
removed with the last of them. Recordings go out as they came in.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, delete, exists, func, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import ids
from app.clock import timestamp
from app.database.connection import Database
from app.database.tables import FindingRow, FrameChunk, RecordingRow, Run, Tombstone, VerificationRow
from app.findings.rows import INDEX, finding_of, index, must_pair
from app.recordings.study import is_part
from app.refusals import deleted_finding, unknown_finding, unknown_run
from protocol.app.findings import Finding, FindingRequest, FindingsPage, Saved, View
from protocol.app.verify import Verification
from protocol.canonical import canonical_json
from protocol.refusal import Refused
from protocol.spelling import fold
from protocol.upgrade import upgraded
from protocol.version import PROTOCOL
from protocol.vocabulary import Outcome

KEPT_VERIFICATIONS = 20
STOPPED = ("paused", "cancelled", "error", "cut")
"""What of a study that stands so was found is a part of it, and can be saved as that."""

_ATTEMPTS = 5


@dataclass(frozen=True)
class Search:
    """words: all of them must occur. None and empty: any."""

    words: str = ""
    model: str | None = None
    outcome: Outcome | None = None
    kind: str | None = None
    before: str | None = None
    limit: int = 20


@dataclass(frozen=True)
class _Recorded:
    """A row that is not saved yet, with what it is made of."""

    row: FindingRow
    run: Run
    recording: bytes


class FindingStore:
    """Queries. Each method is one transaction, but for `save`, which reads first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, asked: FindingRequest) -> Saved:
        """Makes a finding of a run that is done, or of what there is of a study. Raises Refused (404, 409, 422)."""
        first = await self._recorded(asked.run_id, asked.view)
        second = await self._recorded(asked.second.run_id, asked.second.view) if asked.second else None
        if second:
            must_pair(first.row, second.row)
            second.row.title, second.row.note, second.row.listed = asked.title, "", False
            await asyncio.to_thread(index, second.row, second.recording)
        row = first.row
        row.title, row.note, row.parent, row.listed = asked.title, asked.note, asked.parent, asked.listed
        await asyncio.to_thread(index, row, first.recording, second.row if second else None)
        token = secrets.token_urlsafe(24)
        row.delete_sha256 = _hash(token)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return Saved(finding=await self._save(first, second), delete_token=token)
            except IntegrityError:  # the slug is taken, or someone else saved the same recording just now
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError

    async def _recorded(self, run_id: str, view: View) -> _Recorded:
        """A finding to be."""
        async with self._database.reading() as session:
            run = await session.get(Run, run_id)
            if run is None:
                raise unknown_run()
            recording = await frames_of(session, run)
            if run.state != "done" and not (run.state in STOPPED and is_part(recording)):
                raise _not_done(run.state)
        row = FindingRow(
            view=canonical_json(view).decode(),
            request=run.request,
            recording_sha256=hashlib.sha256(recording).hexdigest(),
            protocol=PROTOCOL,
        )
        return _Recorded(row, run, recording)

    async def _save(self, first: _Recorded, second: _Recorded | None) -> Finding:
        async with self._database.writing() as session:
            if first.row.parent is not None:
                await self._known(session, first.row.parent)
            beside = await self._keep(session, second) if second else None
            return await self._keep(session, first, beside)

    async def _keep(self, session: AsyncSession, recorded: _Recorded, second: Finding | None = None) -> Finding:
        row, run, recording = recorded.row, recorded.run, recorded.recording
        held = await session.get(Run, run.id, with_for_update=True)
        if held is None:
            raise unknown_run()
        if await session.get(RecordingRow, row.recording_sha256) is None:
            stored = RecordingRow(
                sha256=row.recording_sha256, n_frames=recording.count(b"\n"), size_bytes=len(recording), data=recording
            )
            session.add(stored)
            await session.flush()
        if run.state != "paused":  # which may go on
            held.recording_sha256 = row.recording_sha256
            await session.execute(delete(FrameChunk).where(FrameChunk.run_id == run.id))
        columns = {column.name: getattr(row, column.name) for column in FindingRow.__table__.columns}
        own = {"slug": ids.new_slug(), "created": timestamp(), "second": second and second.slug}
        session.add(made := FindingRow(**columns | own))
        return finding_of(made, recording.count(b"\n"), len(recording), second=second)

    async def finding(self, slug: str) -> Finding:
        """Raises Refused: 404, or 410 if it was deleted."""
        async with self._database.reading() as session:
            found = (await session.execute(_findings().where(FindingRow.slug == slug))).one_or_none()
            if found is None:
                await self._known(session, slug)
                raise unknown_finding()
            forks = select(FindingRow.slug).where(FindingRow.parent == slug, FindingRow.listed)
            listed = await session.scalars(forks.order_by(FindingRow.created).limit(50))
            seconds = await _seconds(session, [found[0]])
            return finding_of(*found, forks=tuple(listed), second=seconds.get(found[0].second))

    async def findings(self, search: Search) -> FindingsPage:
        """Those that are listed, newest first."""
        words = [FindingRow.words.contains(word, autoescape=True) for word in fold(search.words).split()]
        model = [] if search.model is None else [FindingRow.model == search.model]
        outcome = [] if search.outcome is None else [FindingRow.outcome == search.outcome]
        kind = [] if search.kind is None else [FindingRow.kind == search.kind]
        query = _findings().where(FindingRow.listed, *words, *model, *outcome, *kind)
        async with self._database.reading() as session:
            if search.before is not None:
                edge = select(FindingRow.created, FindingRow.slug).where(FindingRow.slug == search.before)
                if (last := (await session.execute(edge)).one_or_none()) is None:
                    raise unknown_finding()
                query = query.where(tuple_(FindingRow.created, FindingRow.slug) < tuple(last))
            newest = query.order_by(FindingRow.created.desc(), FindingRow.slug.desc()).limit(search.limit)
            rows = (await session.execute(newest)).all()
            seconds = await _seconds(session, [row[0] for row in rows])
            return FindingsPage(
                findings=tuple(finding_of(*row, second=seconds.get(row[0].second)) for row in rows),
                total=await _count(session, [*words, *model, *outcome, *kind]),
                models=await _counts(session, FindingRow.model, [*words, *outcome, *kind]),
                outcomes=cast(dict[Outcome, int], await _counts(session, FindingRow.outcome, [*words, *model, *kind])),
                kinds=await _counts(session, FindingRow.kind, [*words, *model, *outcome]),
            )

    async def recording(self, digest: str) -> bytes:
        """The bytes as they were recorded. Raises Refused (404) if it went with its last finding just now."""
        async with self._database.reading() as session:
            data = await session.scalar(select(RecordingRow.data).where(RecordingRow.sha256 == digest))
            if data is None:
                raise unknown_finding()
            return data

    async def frames(self, digest: str) -> bytes:
        """The recording in the spelling of the present protocol. Raises as `recording`."""
        return await asyncio.to_thread(upgraded, await self.recording(digest))

    async def delete(self, slug: str, token: str) -> None:
        """Raises Refused: 404, 410, or 403 where the token is another."""
        async with self._database.writing() as session:
            row = await self._held(session, slug)
            if row.delete_sha256 is None or not hmac.compare_digest(row.delete_sha256, _hash(token)):
                raise _not_yours()
            await _bury(session, row, "Whoever saved it took it back.")

    async def withdraw(self, slug: str, why: str) -> None:
        """The operator's deletion. Raises Refused (404, 410)."""
        async with self._database.writing() as session:
            await _bury(session, await self._held(session, slug), why)

    async def add_verification(self, digest: str, verification: Verification) -> None:
        """Kept with the recording, the newest few; does nothing where that is gone."""
        async with self._database.writing() as session:
            if await session.get(RecordingRow, digest) is None:
                return
            session.add(VerificationRow(recording_sha256=digest, body=canonical_json(verification).decode()))
            await session.flush()
            kept = (
                select(VerificationRow.id)
                .where(VerificationRow.recording_sha256 == digest)
                .order_by(VerificationRow.id.desc())
                .limit(KEPT_VERIFICATIONS)
            )
            older = VerificationRow.id.not_in(kept.scalar_subquery())
            await session.execute(delete(VerificationRow).where(VerificationRow.recording_sha256 == digest, older))

    async def index_old(self) -> int:
        """Makes the derived columns of rows that were saved before these were made this way; says how many."""
        n_indexed = 0
        while True:
            async with self._database.writing() as session:
                stale = select(FindingRow).where(FindingRow.indexed_by != INDEX).limit(1)
                row = (await session.scalars(stale.with_for_update(skip_locked=True))).one_or_none()
                if row is None:
                    return n_indexed
                data = select(RecordingRow.data).where(RecordingRow.sha256 == row.recording_sha256)
                second = await session.get(FindingRow, row.second) if row.second else None
                try:
                    index(row, (await session.execute(data)).scalar_one(), second)
                except Refused:  # an old view may show what was never recorded; its link opens all the same
                    row.indexed_by = INDEX
                n_indexed += 1

    async def _held(self, session: AsyncSession, slug: str) -> FindingRow:
        row = await session.get(FindingRow, slug, with_for_update=True)
        if row is None:
            await self._known(session, slug)
            raise unknown_finding()
        return row

    async def _known(self, session: AsyncSession, slug: str) -> None:
        """Raises Refused: 410 for a finding that was deleted, 404 for one that never was."""
        if (grave := await session.get(Tombstone, slug)) is not None:
            raise deleted_finding(grave.deleted, grave.why)
        if not await session.scalar(select(exists().where(FindingRow.slug == slug))):
            raise unknown_finding()


async def frames_of(session: AsyncSession, run: Run) -> bytes:
    """The lines of a run so far, wherever they are."""
    if run.recording_sha256 is not None:
        query = select(RecordingRow.data).where(RecordingRow.sha256 == run.recording_sha256)
        return (await session.execute(query)).scalar_one()
    chunks = select(FrameChunk.data).where(FrameChunk.run_id == run.id).order_by(FrameChunk.first)
    return b"".join(await session.scalars(chunks))


async def _bury(session: AsyncSession, row: FindingRow, why: str) -> None:
    if row.second and (second := await session.get(FindingRow, row.second, with_for_update=True)):
        await _bury(session, second, why)
    digest = row.recording_sha256
    session.add(Tombstone(slug=row.slug, deleted=timestamp(), why=why))
    await session.delete(row)
    await session.flush()
    if not await session.scalar(select(exists().where(FindingRow.recording_sha256 == digest))):
        # what was taken back must not live on under the id of its run
        await session.execute(delete(Run).where(Run.recording_sha256 == digest))
        await session.execute(delete(RecordingRow).where(RecordingRow.sha256 == digest))


def _findings() -> Select[FindingRow, int, int, str | None]:
    """With what is known of their recordings: sizes, and the newest check."""
    checked = (
        select(VerificationRow.body)
        .where(VerificationRow.recording_sha256 == FindingRow.recording_sha256)
        .order_by(VerificationRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(FindingRow, RecordingRow.n_frames, RecordingRow.size_bytes, checked).join(
        RecordingRow, RecordingRow.sha256 == FindingRow.recording_sha256
    )


async def _seconds(session: AsyncSession, rows: Sequence[FindingRow]) -> dict[str | None, Finding]:
    """The prompts beside these, by their slugs."""
    slugs = [row.second for row in rows if row.second]
    found = await session.execute(_findings().where(FindingRow.slug.in_(slugs))) if slugs else ()
    return {row[0].slug: finding_of(*row) for row in found}


async def _count(session: AsyncSession, which: Sequence[ColumnElement[bool]]) -> int:
    return await session.scalar(select(func.count()).select_from(FindingRow).where(FindingRow.listed, *which)) or 0


async def _counts(session: AsyncSession, column: Any, which: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    query = select(column, func.count()).where(FindingRow.listed, column != "", *which).group_by(column)
    return {value: n for value, n in await session.execute(query.order_by(func.count().desc(), column))}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _not_done(state: str) -> Refused:
    return Refused(
        409,
        "run_not_done",
        f"This run can't be saved: its state is {state}.",
        "A run can be saved once it is done; a study also where it was paused or ended early, if something was found.",
        "Wait until it is done, or run the request again.",
    )


def _not_yours() -> Refused:
    return Refused(
        403,
        "wrong_delete_token",
        "This finding can't be deleted with this token.",
        "Only the token that was shown when it was saved deletes it.",
        "Find that token, or ask whoever runs this app.",
    )
