"""What is remembered of runs. Knows nothing about HTTP, workers or findings.

Frames go in and come out as the bytes that arrived.
"""

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Result, delete, text, update

from app.clock import timestamp
from app.database import Database
from app.finding_store import frames_of
from app.tables import FrameChunk, Run
from protocol.canonical import canonical_json, sha256
from protocol.requests import GenerateRequest
from protocol.runs import RunState


class RunStore:
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
                    created=timestamp(),
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
            return None if run is None else await frames_of(session, run)

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
                    Run.recording_sha256.is_(None), Run.state != "running", Run.created < timestamp(older_than)
                )
            )
            return _n_rows(result)


def _n_rows(result: Result[Any]) -> int:
    return cast(CursorResult[Any], result).rowcount
