"""Weights fetched for whoever runs the app, by the worker's own command in a process of its own.

One at a time; what it says is kept until the next. Knows nothing about licences, packages or torch.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from protocol.app.weights import WeightsFetched
from protocol.refusal import Refused

_MOST_LINES = 200


class Fetching:
    """command: what fetches the model that is named behind it; environment: beside our own."""

    def __init__(self, command: Sequence[str], *, folder: Path, environment: dict[str, str]) -> None:
        self._command = tuple(command)
        self._folder = folder
        self._environment = os.environ | environment
        self._model: str | None = None
        self._said: list[str] = []
        self._why = ""
        self._task: asyncio.Task[None] | None = None
        self._child: asyncio.subprocess.Process | None = None

    async def told(self, model: str) -> WeightsFetched:
        """How far it is; where nothing was begun, what would be asked."""
        if self._model == model and (self._running or self._why):
            said = tuple(self._said)
            if self._running:
                return WeightsFetched(state="fetching", said=said)
            return WeightsFetched(state="failed", said=said, why=self._why, question=await self._question(model))
        question = await self._question(model)
        if question:
            return WeightsFetched(state="absent", question=question)
        said = tuple(self._said) if self._model == model else ()
        return WeightsFetched(state="here", said=said, serve=f"make run MODEL={model}")

    async def begin(self, model: str) -> WeightsFetched:
        """Somebody has said yes. Raises Refused (409) while another is fetched."""
        if self._running and self._model != model:
            raise Refused(
                409,
                "being_fetched",
                f"The weights of {model} asked.",
                f"Those of {self._model} are being fetched.",
                "Wait until they are here.",
            )
        if not self._running:
            self._model, self._said, self._why = model, [], ""
            self._task = asyncio.create_task(self._run(model), name="fetching weights")
        return WeightsFetched(state="fetching", said=tuple(self._said))

    async def stop(self) -> None:
        """What came whole is kept, so the next one goes on from there."""
        if self._child is not None and self._child.returncode is None:
            self._child.terminate()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def _running(self) -> bool:
        return self._task is not None and not self._task.done()

    async def _run(self, model: str) -> None:
        try:
            child = self._child = await self._started(model, "--yes")
        except OSError as error:
            self._why = f"The command that fetches can't be started: {error.strerror}."
            return
        assert child.stdout is not None and child.stderr is not None
        problem = asyncio.create_task(child.stderr.read())
        while line := await child.stdout.readline():
            self._said = [*self._said, line.decode("utf-8", "replace").strip()][-_MOST_LINES:]
        said = (await problem).decode("utf-8", "replace")
        if await child.wait() != 0:
            self._why = " ".join(said.split())[-1000:] or "It ended early and said nothing. Try again."

    async def _question(self, model: str) -> str:
        """Empty where the weights are here."""
        child = await self._started(model, "--question")
        out, problem = await child.communicate()
        if child.returncode != 0:
            said = " ".join(problem.decode("utf-8", "replace").split())
            raise Refused(503, "not_fetchable", f"The weights of {model} asked.", said[-600:], "See the app's log.")
        return out.decode("utf-8", "replace").strip()

    async def _started(self, model: str, option: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._command,
            option,
            "--",
            model,
            cwd=self._folder,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
