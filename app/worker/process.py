"""The local worker as a child process: started, watched, restarted, ended. Knows nothing about requests.

The child's stdin is a pipe that we hold open and never write to. When we are gone,
however we went, it closes, and a worker started with --exit-with-parent leaves too.
"""

import asyncio
import contextlib
import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

log = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 30.0
_STEADY_S = 30.0
_GRACE_S = 5.0


class WorkerProcess:
    """Keeps one worker alive. `url` is where it listens, None while nothing does."""

    def __init__(
        self, command: Sequence[str], *, folder: Path, restart_s: float, environment: Mapping[str, str] | None = None
    ) -> None:
        """environment: beside our own."""
        self.url: str | None = None
        self.detail = "The worker has not been started."
        self.n_starts = 0
        self._command = tuple(command)
        self._folder = folder
        self._restart_s = restart_s
        self._environment = os.environ | (environment or {})
        self._crashed = False
        self._watch: asyncio.Task[None] | None = None
        self._child: asyncio.subprocess.Process | None = None

    @property
    def down(self) -> bool:
        """True from a crash until the next worker listens."""
        return self._crashed and self.url is None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    def start(self) -> None:
        """Returns at once; the worker comes up in the background."""
        self.detail = "The worker is starting."
        self._watch = asyncio.create_task(self._keep_alive(), name="worker watch")

    async def stop(self) -> None:
        """Asks by closing stdin, then by SIGTERM, then kills."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        self.url, self.detail = None, "The worker was stopped."
        child = self._child
        if child is None or child.returncode is not None:
            return
        if child.stdin is not None:
            child.stdin.close()
        for ask_again in (child.terminate, child.kill):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), _GRACE_S)
                return
            with contextlib.suppress(ProcessLookupError):
                ask_again()
        await child.wait()

    async def _keep_alive(self) -> None:
        pause_s = self._restart_s
        while True:
            started = time.monotonic()
            ended = await self._run_once()
            self.url, self._crashed = None, True
            if time.monotonic() - started > _STEADY_S:
                pause_s = self._restart_s
            self.detail = f"{ended} It is started again after {pause_s:.1f} s."
            log.error("worker: %s", self.detail)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            self.detail = f"{ended} It is starting again."

    async def _run_once(self) -> str:
        """Runs one worker to its end and says in a sentence what that end was."""
        self.n_starts += 1
        try:
            self._child = child = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C in the terminal is for us; we tell the worker
            )
        except OSError as error:
            return f"The worker can't be started: {error.strerror}."
        log.info("worker: started, process %d", child.pid)
        assert child.stdout is not None
        while self.url is None and (line := await child.stdout.readline()):
            self.url = _listening(line)
        if self.url is not None:
            self.detail = "The worker listens."
            log.info("worker: listens on %s", self.url)
        while await child.stdout.read(2**16):
            pass  # a full pipe would stop it
        return f"The worker ended with status {await child.wait()}."


def _listening(line: bytes) -> str | None:
    with contextlib.suppress(ValueError):
        said = json.loads(line)
        if isinstance(said, dict) and isinstance(url := said.get("listening"), str):
            return url
    return None
