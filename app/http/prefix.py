"""Where the app stands on its host: at its root, or below a path that a proxy gives to it, such as /tools/hallu.

A proxy may strip that path or leave it; here every request gets it, so that the rest of the app need not ask. The
path of `public_url` is the only place that says it: templates are told as `root`, and scripts by <html data-root>.
Knows nothing about hosts.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def prefix_of(public_url: str | None) -> str:
    """ "/tools/hallu", or empty."""
    return urlsplit(public_url or "").path.rstrip("/")


def root_of(scope: Scope) -> str:
    """The prefix, also inside of a mount, which has a root of its own."""
    root: str = scope.get("app_root_path", scope.get("root_path", ""))
    return root


def path_of(scope: Scope) -> str:
    """What was asked of the app, wherever it stands: "/models"."""
    path: str = scope["path"]
    return path.removeprefix(root_of(scope))


class Prefixed:
    """prefix: empty where the app stands at its host's root."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path: str = scope["path"]
        if path != self._prefix and not path.startswith(f"{self._prefix}/"):
            path = self._prefix + path

        async def send_without_host(message: Message) -> None:
            """Where a request is sent on to. Its host is known to the proxy alone, so the path is told."""
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if (there := headers.get("location")) is not None:
                    headers["location"] = urlsplit(there)._replace(scheme="", netloc="").geturl()
            await send(message)

        await self._app({**scope, "path": path, "root_path": self._prefix}, receive, send_without_host)


def clash(prefix: str, paths: Iterable[str]) -> str | None:
    """The first part of a prefix that one of the app's own paths begins with too: where a proxy strips the prefix,
    nobody could tell which of the two was meant."""
    first = prefix.split("/")[1] if prefix else ""
    return f"/{first}" if first and any(path.split("/")[1] == first for path in paths) else None
