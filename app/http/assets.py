"""Scripts, styles and vendored files: always asked about, sent only when they changed. Styles of a page come joined."""

import os
from hashlib import sha256
from pathlib import Path

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from app.http.page_files import joined_sheets


class Static(StaticFiles):
    """Files with an ETag and `no-cache`: after an update nobody sees half of the old page."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD") or (style := await to_thread.run_sync(joined_sheets, path)) is None:
            return await super().get_response(path, scope)
        headers = {"Cache-Control": "no-cache", "ETag": f'"{sha256(style.encode()).hexdigest()}"'}
        answer = Response(style, media_type="text/css", headers=headers)
        if self.is_not_modified(answer.headers, Headers(scope=scope)):
            return NotModifiedResponse(answer.headers)
        return answer
