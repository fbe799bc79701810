"""Scripts, styles and vendored files: always asked about, sent only when they changed. Those of a page come joined.

Each is read whole, in one go to a thread; a file response goes there five times.
"""

import os
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path
from stat import S_ISREG

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from app.http.page_files import joined_scripts, joined_sheets


class Static(StaticFiles):
    """Files with an ETag and `no-cache`: after an update nobody sees half of the old page."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD") or (answer := await to_thread.run_sync(self._whole, path)) is None:
            return await super().get_response(path, scope)  # which refuses
        if self.is_not_modified(answer.headers, Headers(scope=scope)):
            return NotModifiedResponse(answer.headers)
        return answer

    def _whole(self, path: str) -> Response | None:
        """None where there is no such file. May block."""
        for joined, media_type in ((joined_sheets, "text/css"), (joined_scripts, "text/javascript")):
            if (text := joined(path)) is not None:
                return _answer(text.encode(), sha256(text.encode()).hexdigest(), media_type)
        try:
            full_path, found = self.lookup_path(path)
            if found is None or not S_ISREG(found.st_mode):
                return None
            content = Path(full_path).read_bytes()
        except (OSError, ValueError):  # no file could have this name
            return None
        return _answer(content, f"{found.st_mtime_ns:x}-{found.st_size:x}", guess_type(os.fspath(full_path))[0])


def _answer(content: bytes, tag: str, media_type: str | None) -> Response:
    headers = {"Cache-Control": "no-cache", "ETag": f'"{tag}"'}
    return Response(content, media_type=media_type or "text/plain", headers=headers)
