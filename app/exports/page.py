"""A finding as one HTML file that opens offline years from now: everything is in it, nothing is fetched.

It reads without JavaScript; the plots are what a script adds. All text is escaped, and besides the page's own policy
lets no script run but the two whose hashes it names. Knows nothing about how the file is sent.
"""

import base64
import hashlib
import json
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from app.exports.dose_figure import dose_figure
from app.exports.tables import answer_rows, dose_table, first_tokens, token_table
from app.recordings.arms import Recorded, read_recording
from app.recordings.dose import control
from app.settings import ROOT
from app.version import VERSION
from app.wording.cells import cell_text, head_of, is_numeric
from app.wording.readout import readout_facts
from app.wording.words import amount_in, control_sentence, intervention_label, nothing_pushed, why
from protocol.app.findings import Finding
from protocol.enough import band_name
from protocol.vocabulary import OUTCOMES

MAX_INLINE_BYTES = 2_000_000


def page_of(finding: Finding, recording: bytes) -> str:
    """The whole document. Raises ValueError for a recording without a `start` frame."""
    recorded = read_recording(recording)
    arm, sweep = recorded.arm_of(finding.view), recorded.sweep_of(finding.view)
    first = [] if sweep is None or recorded.prompt is None else [sweep]
    sweeps = first + [other for other in range(len(recorded.start.sweeps)) if first and other != sweep]
    scripts = [page_file("static/vendor/plotly-cartesian.min.js")] if sweeps else []
    scripts.append(page_file("templates/export/export.js"))
    whole = len(recording) <= MAX_INLINE_BYTES
    record = {"finding": finding.model_dump(mode="json"), "recording": recording.decode()}
    return page_template("export/finding.html").render(
        finding=finding,
        start=recorded.start,
        answers=answer_rows(recorded, arm),
        control=_control(recorded, arm),
        band_name=band_name(recorded.start.request.controls.n_directions),
        sweeps=[_sweep(recorded, index, arm) for index in sweeps],
        held=[
            f"{intervention_label(recorded, used, steering)}, {amount_in(recorded, steering, steering.strength)}"
            for used, steering in zip(recorded.start.held, recorded.start.request.hold, strict=True)
        ],
        tokens=token_table(recorded, arm),
        first_tokens=first_tokens(recorded, arm),
        provenance=readout_facts(finding, recorded, arm),
        figures=page_data([_figures(recorded, index, arm) for index in sweeps]),
        record=page_data(record) if whole else None,
        max_inline_mb=MAX_INLINE_BYTES / 1e6,
        styles=[
            page_file(name)
            for name in ("static/look/palette.css", "templates/export/export.css", "static/vendor/plotly.css")
        ],
        logo=page_file("static/img/logo.svg"),
        scripts=scripts,
        policy=page_policy(scripts),
        version=VERSION,
        outcomes=OUTCOMES,
        why=why,
    )


def _sweep(recorded: Recorded, sweep: int, arm: int) -> dict[str, object]:
    steering, used = recorded.start.request.sweeps[sweep], recorded.start.sweeps[sweep]
    return {
        "name": intervention_label(recorded, used, steering),
        "role": used.role,
        "table": dose_table(recorded, sweep, arm),
    }


def _control(recorded: Recorded, arm: int) -> str:
    """The sentence that stands beside a measured effect; empty where nothing was steered or judged."""
    own, said = recorded.start.arms[arm], recorded.first(0).verdict
    if own.sweep is None or said is None:
        return ""
    return nothing_pushed(recorded, arm) or control_sentence(control(recorded, own.sweep, own.strength), said.outcome)


def _figures(recorded: Recorded, sweep: int, arm: int) -> dict[str, object]:
    return {scheme: json.loads(dose_figure(recorded, sweep, arm, scheme).to_json()) for scheme in ("light", "dark")}


def page_policy(scripts: list[Markup]) -> str:
    """Nothing may be fetched, and of scripts only these run. Plotly sets style attributes and saves pictures."""
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
def page_file(name: str) -> Markup:
    """One of our own files, as it is: it goes into the page unescaped. A script between its tags has its hash."""
    return Markup((ROOT / name).read_text(encoding="utf-8"))


@cache
def page_template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"cell_text": cell_text, "head_of": head_of, "is_numeric": is_numeric, "label_door": str}
    return environment.get_template(name)
