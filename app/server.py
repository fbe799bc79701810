"""Uvicorn, taught to end runs before it waits for their readers. Knows nothing else about the app."""

import socket

import uvicorn
from fastapi import FastAPI

from app.settings import Settings

_GRACE_S = 3


class Server(uvicorn.Server):
    """On shutdown each stream gets its closing frame, instead of a broken connection after a wait."""

    def __init__(self, app: FastAPI, settings: Settings, log_level: str = "info") -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                log_level=log_level,
                log_config=None,  # app.telemetry.logs decides
                access_log=False,  # app.operate.access_log tells more, and less
                proxy_headers=False,  # they are believed of whom the settings name
                server_header=False,
                reset_contextvars=True,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self._runs = app.state.runs

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._runs.close()
        await super().shutdown(sockets)
