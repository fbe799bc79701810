"""Templates and what all of them are told. Knows no route."""

from pathlib import Path

from fastapi import Request
from fastapi.templating import Jinja2Templates
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import Response

from app.clock import day, moment
from app.http.page_files import files_of
from app.http.prefix import path_of, root_of
from app.version import VERSION
from app.wording import cells, citation, numbers, words
from app.wording.doors import door, label_door, with_doors
from app.wording.excerpt import circuit_excerpt
from app.wording.provenance import sweep_shown, target_id
from protocol.amounts import amount
from protocol.refusal import Refusal
from protocol.vocabulary import FORMATS, MAX_SEARCH_CHARACTERS, MAX_TEMPLATE_CHARACTERS, OUTCOMES, RUNS


@pass_context
def _door(context: Context, key: str, words: str = "") -> Markup:
    return door(key, words, context["root"])


@pass_context
def _with_doors(context: Context, text: str) -> Markup:
    return with_doors(text, context["root"])


@pass_context
def _label_door(context: Context, label: str) -> Markup:
    return label_door(label, context["root"])


class Drawing:
    """Draws templates. Jinja escapes all that is put into them.

    public_url: where readers find the app; None: where they asked. kept_hours: how long a run stays that nobody saved.
    """

    def __init__(self, folder: Path, public_url: str | None = None, kept_hours: float = 24) -> None:
        self._templates = Jinja2Templates(folder)
        self._public_url = public_url
        self._kept = words.lasting(kept_hours)
        self._templates.env.filters |= {
            "amount": amount,
            "bibtex": citation.bibtex,
            "citation": citation.citation,
            "cell_text": cells.cell_text,
            "day": day,
            "decoding": words.decoding,
            "head_of": cells.head_of,
            "label_door": _label_door,
            "is_numeric": cells.is_numeric,
            "moment": moment,
            "sig3": numbers.sig3,
            "sweep_shown": sweep_shown,
            "circuit_excerpt": circuit_excerpt,
            "target_id": target_id,
            "why": words.why,
            "with_doors": _with_doors,
        }
        self._templates.env.globals |= {
            "door": _door,
            "FORMATS": FORMATS,
            "OUTCOMES": OUTCOMES,
            "VERDICTS": words.VERDICTS,
            "RUNS": RUNS,
            "MAX_SEARCH_CHARACTERS": MAX_SEARCH_CHARACTERS,
            "MAX_TEMPLATE_CHARACTERS": MAX_TEMPLATE_CHARACTERS,
            "files_of": files_of,
        }

    def draw(self, request: Request, name: str, active: str, status: int = 200, **context: object) -> Response:
        """Each is told as `root` where the app stands on its host, and as `site` where readers find it."""
        root, site = root_of(request.scope), self.site(request)
        context |= {
            "active": active,
            "version": VERSION,
            "status": status,
            "root": root,
            "site": site,
            "kept": self._kept,
        }
        return self._templates.TemplateResponse(request, name, context, status)

    def site(self, request: Request) -> str:
        """Where readers find the app, without a slash at its end."""
        return (self._public_url or str(request.base_url)).rstrip("/")

    def error(self, request: Request, status: int, refusal: Refusal) -> Response:
        return self.draw(request, "error.html", "", status, refusal=refusal, path=path_of(request.scope))
