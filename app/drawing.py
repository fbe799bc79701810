"""Templates and what all of them are told. Knows no route."""

from pathlib import Path

from fastapi import Request
from fastapi.templating import Jinja2Templates
from starlette.responses import Response

from app.version import VERSION
from protocol.refusal import Refusal


class Drawing:
    """Draws templates. Jinja escapes all that is put into them."""

    def __init__(self, folder: Path) -> None:
        self._templates = Jinja2Templates(folder)

    def draw(self, request: Request, name: str, active: str, status: int = 200, **context: object) -> Response:
        context |= {"active": active, "version": VERSION, "status": status}
        return self._templates.TemplateResponse(request, name, context, status)

    def error(self, request: Request, status: int, refusal: Refusal) -> Response:
        return self.draw(request, "error.html", "", status, refusal=refusal)
