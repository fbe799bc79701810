"""A study as one HTML file, as app/exports/page.py makes one of any other finding: its figures as tables and plots."""

import json

from app.exports.page import MAX_INLINE_BYTES, page_data, page_file, page_policy, page_template
from app.exports.study.figure import plots_of
from app.recordings.study import read_study
from app.version import VERSION
from app.wording.provenance import study_provenance
from protocol.app.findings import Finding
from protocol.vocabulary import RUNS


def study_page_of(finding: Finding, recording: bytes) -> str:
    """The whole document. Raises Refused (422) for what is no study's recording."""
    studied = read_study(recording)
    drawn = {scheme: {id: plots_of(one, scheme) for id, one in studied.figures.items()} for scheme in ("light", "dark")}
    panels = {id: [panel for panel, _ in plots] for id, plots in drawn["light"].items()}
    plots = [
        {"light": json.loads(light.to_json()), "dark": json.loads(dark.to_json())}
        for id in studied.figures
        for (_, light), (_, dark) in zip(drawn["light"][id], drawn["dark"][id], strict=True)
    ]
    scripts = [page_file("static/vendor/plotly-cartesian.min.js")] if plots else []
    scripts.append(page_file("templates/export/export.js"))
    whole = len(recording) <= MAX_INLINE_BYTES
    record = {"finding": finding.model_dump(mode="json"), "recording": recording.decode()}
    facts = [(name, fact.more or fact.value) for name, fact in study_provenance(studied).items()]
    return page_template("export/study.html").render(
        finding=finding,
        studied=studied,
        name=RUNS[finding.request.kind],
        panels=panels,
        provenance=[*facts, ("recording SHA-256", finding.recording_sha256)],
        figures=page_data(plots),
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
    )
