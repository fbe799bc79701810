"""A finding's own page as one HTML file that opens offline years from now: everything is in it, nothing is fetched.

It is the page as the app draws it, with its styles, its scripts and its recordings in their places: it reads without
JavaScript as the page does, and with it has the same figures and sliders. What only the app can do is left out. Its
policy lets no script run but those whose hashes it names. Knows nothing about how the file is sent.
"""

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path

from markupsafe import Markup

from app.http.page_files import files_of, joined_sheets
from app.http.script_bundle import bundle_of
from app.settings import ROOT

MAX_INLINE_BYTES = 20_000_000
LOGO = "/static/img/logo.svg"
PLOTLY = "/static/vendor/plotly-cartesian.min.js"
IN_HEAD = ("/static/core/theme.js", "/static/core/remembered.js")
EXPLANATION = "parts/explanation.js"
_LEFT_OUT = "[data-needs-app] { display: none !important; }"


def kept_page(page: str, script: str, site: str, root: str, answers: dict[str, str]) -> str:
    """page: as it was drawn, by `script`, below `root` of its host; site: where readers find the app. answers: what the
    page asks for, by path. Beyond MAX_INLINE_BYTES they are not put in, and the page says that they did not come."""
    files = files_of(script)
    whole = sum(map(len, answers.values())) <= MAX_INLINE_BYTES
    sheets = joined_sheets(files.style.removeprefix("/static/")) or ""
    scripts = [page_file(name) for name in IN_HEAD]
    last = [page_file(PLOTLY)] if files.plots else []
    last.append(Markup(bundle_of(script, EXPLANATION)))
    page = re.sub(r'\s*<script src="[^"]*"[^>]*></script>', "", page)
    page = re.sub(r'\s*<link rel="stylesheet"[^>]*>', "", page)
    page = page.replace(f'"{root}{LOGO}"', f'"{_data_address(LOGO)}"')
    page = page.replace(f'data-root="{root}"', f'data-root="{site}"', 1)
    page = re.sub(rf'\b(href|action)="{re.escape(root)}/', rf'\1="{site}/', page)
    head = [
        f'<meta http-equiv="Content-Security-Policy" content="{page_policy([*scripts, *last])}">',
        '<meta name="referrer" content="no-referrer">',
        f"<style>{sheets}\n{_LEFT_OUT}</style>",
        f'<style id="plotly.js-style-global" class="no-inline-styles">{page_file("/static/vendor/plotly.css")}</style>',
        *(f"<script>{one}</script>" for one in scripts),
    ]
    kept = page_data(answers if whole else {})
    foot = [
        f'<script type="application/json" id="kept">{kept}</script>',
        *(f"<script>{one}</script>" for one in last),
    ]
    # The policy comes before what it is about; nothing that a user wrote stands before either place.
    before, after = page.split("<head>", 1)
    body, end = after.rsplit("</body>", 1)
    begun, rest = body.split("</title>", 1)
    return f"{before}<head>{begun}</title>\n" + "\n".join(head) + rest + "\n".join(foot) + f"</body>{end}"


def page_policy(scripts: list[Markup]) -> str:
    """Nothing may be fetched, and of scripts only these run. Plotly sets style attributes, pictures are saved."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def page_data(value: object) -> Markup:
    """JSON that is inert inside a script element, whatever text is in it: pure ASCII without <, > and &."""
    text = json.dumps(value, separators=(",", ":"))
    return Markup(text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026"))


@cache
def page_file(address: str) -> Markup:
    """One of our own files, as it is: it goes into the page unescaped. A script between its tags has its hash."""
    return Markup((ROOT / Path(address.removeprefix("/"))).read_text(encoding="utf-8"))


def _data_address(address: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(page_file(address).encode()).decode()
