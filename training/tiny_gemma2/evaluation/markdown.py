"""A ModelReport as `docs/embedded-model.md`, with its curves as SVG files beside it.

Knows the report's words and shapes, nothing of what they mean.
"""

from html import escape
from pathlib import Path

from protocol.worker.report import Curve, Dialogue, ModelReport, ReportFigure, ReportTable

REPORT_PAGE = "embedded-model.md"
INK = ("#0b6e99", "#c2410c", "#4d7c0f", "#7e22ce")  # one a series, apart also by dash
DASHES = ("", "6 3", "2 3", "8 2 2 2")


def write_markdown(report: ModelReport, folder: Path) -> None:
    pictures = {f"embedded-model-curve-{i + 1}.svg": curve for i, curve in enumerate(report.curves)}
    for name, curve in pictures.items():
        (folder / name).write_text(svg(curve), encoding="utf-8")
    (folder / REPORT_PAGE).write_text(report_markdown(report, pictures), encoding="utf-8")


def report_markdown(report: ModelReport, pictures: dict[str, Curve]) -> str:
    parts = [
        "# The embedded model, measured",
        "Written by `make embedded-report`, which asks the shipped weights; do not edit. Test half, chat model, "
        f"greedy, 95 % intervals. Measured {report.measured} on {report.hardware}, in {report.seconds:.0f} s. "
        "What was tried to get here, also where it failed: [LOG.md](LOG.md).",
        "## What was wanted",
        figures(report.figures),
    ]
    for name, curve in pictures.items():
        parts.append(f"![{curve.title}]({name})")
    for table in report.tables:
        parts += [f"## {table.title}", table.note, rows(table)]
    parts.append("## Dialogues")
    for group in dict.fromkeys(d.group for d in report.dialogues):
        parts.append(f"**{group}**")
        parts.append(
            "\n".join(
                f"- {cell(d.question)} → {cell(d.answer)} ({d.verdict}{truth(d)})"
                for d in report.dialogues
                if d.group == group
            )
        )
    return "\n\n".join(parts) + "\n"


def truth(dialogue: Dialogue) -> str:
    return f"; true: {cell(dialogue.truth)}" if dialogue.verdict == "wrong" else ""


def figures(found: tuple[ReportFigure, ...]) -> str:
    lines = ["| what | measured | 95 % | N | wanted | met | control |", "|---|---|---|---|---|---|---|"]
    for f in found:
        value = "" if f.value is None else number_text(f.value)
        interval = "" if f.low is None or f.high is None else f"{number_text(f.low)}–{number_text(f.high)}"
        met = {True: "yes", False: "**no**", None: ""}[f.met]
        lines.append(
            f"| {cell(f.what)} | {value} | {interval} | {f.n or ''} | {f.wanted} | {met} | {cell(f.control)} |"
        )
    return "\n".join(lines)


def rows(table: ReportTable) -> str:
    head = ["| " + " | ".join(map(cell, table.columns)) + " |", "|" + "---|" * len(table.columns)]
    return "\n".join(head + ["| " + " | ".join(map(cell, row)) + " |" for row in table.rows])


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def number_text(x: float) -> str:
    return str(round(x)) if x == round(x) and abs(x) > 1 else f"{x:.3f}"


def svg(curve: Curve, width: int = 720, height: int = 320) -> str:
    """Lines with their bands over layers; readable on white and on black."""
    left, right, top, bottom = 56, 16, 40, 76
    values = [v for s in curve.series for part in (s.values, s.low or (), s.high or ()) for v in part]
    low, high = min(values), max(values)
    pad = 0.08 * (high - low or 1)
    low, high = low - pad, high + pad

    def x(i: int) -> float:
        return left + i * (width - left - right) / max(1, len(curve.layers) - 1)

    def y(v: float) -> float:
        return top + (high - v) / (high - low) * (height - top - bottom)

    def path(points: list[tuple[float, float]]) -> str:
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in points)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(curve.title)}" font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{left}" y="20" font-size="13" fill="#1f2937">{escape(curve.title)}</text>',
    ]
    for i in range(5):
        v = low + (high - low) * i / 4
        out.append(f'<line x1="{left}" x2="{width - right}" y1="{y(v):.1f}" y2="{y(v):.1f}" stroke="#e5e7eb"/>')
        out.append(f'<text x="{left - 8}" y="{y(v) + 4:.1f}" text-anchor="end" fill="#4b5563">{v:.2f}</text>')
    for i, layer in enumerate(curve.layers):
        out.append(
            f'<text x="{x(i):.1f}" y="{height - bottom + 18}" text-anchor="middle" fill="#4b5563">{layer}</text>'
        )
    at = f'x="{(left + width - right) / 2:.0f}" y="{height - bottom + 36}"'
    out.append(f'<text {at} text-anchor="middle" fill="#4b5563">{escape(curve.x)}</text>')
    for n, s in enumerate(curve.series):
        ink, dash = INK[n % len(INK)], DASHES[n % len(DASHES)]
        if s.low and s.high:
            band = [(x(i), y(v)) for i, v in enumerate(s.high)] + [(x(i), y(v)) for i, v in enumerate(s.low)][::-1]
            out.append(f'<polygon points="{path(band)}" fill="{ink}" opacity=".12"/>')
        line = path([(x(i), y(v)) for i, v in enumerate(s.values)])
        out.append(f'<polyline points="{line}" fill="none" stroke="{ink}" stroke-width="2" stroke-dasharray="{dash}"/>')
        begins = left + n * (width - left - right) / len(curve.series)
        out.append(
            f'<line x1="{begins:.0f}" x2="{begins + 24:.0f}" y1="{height - 14}" y2="{height - 14}" stroke="{ink}" '
            f'stroke-width="2" stroke-dasharray="{dash}"/>'
        )
        out.append(f'<text x="{begins + 30:.0f}" y="{height - 10}" fill="#1f2937">{escape(s.name)}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"
