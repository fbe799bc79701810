"""A study or a circuit as a picture for link previews: its title, what it is, and what it claims."""

from app.exports.canvas import Canvas
from app.exports.card import FOOT, HEIGHT, LEFT, RIGHT, SMALL_TYPE, TOP, WIDTH, brand
from app.exports.lettering import Type, balanced, cut, drawable, limited
from protocol.app.findings import Finding
from protocol.vocabulary import RUNS
from protocol.worker.circuits import CircuitRequest

KIND, TITLE, CLAIM = Type("regular", 22), Type("semibold", 46), Type("regular", 29)
MOST_KIND, MOST_TITLE, MOST_CLAIM = 1, 3, 5  # lines


def draw_told_card(finding: Finding) -> bytes:
    """PNG, 1200 x 630."""
    return compose_told(finding).png()


def compose_told(finding: Finding) -> Canvas:
    told = finding.study or finding.circuit
    assert told
    canvas, width = Canvas(WIDTH, HEIGHT), RIGHT - LEFT
    brand(canvas)
    y = TOP + 34
    for line in limited([drawable(_kind(finding))], MOST_KIND, KIND, width):
        canvas.text((LEFT, y), line, KIND, "ink-2")
    y += 52
    for said, how, colour, most in (
        (finding.title, TITLE, "ink", MOST_TITLE),
        (told.headline, CLAIM, "ink-2", MOST_CLAIM),
    ):
        for line in limited(balanced(drawable(said), how, width), most, how, width):
            canvas.text((LEFT, y), line, how, colour)
            y += how.line
        y += 20
    model = cut(drawable(finding.request.model), SMALL_TYPE, 800)
    canvas.text((RIGHT, FOOT), f"{model} · f/{finding.slug}", SMALL_TYPE, "ink-3", "right")
    return canvas


def _kind(finding: Finding) -> str:
    request = finding.request
    if finding.study:
        return f"{RUNS[request.kind]} · {finding.study.n_names:,} names"
    assert isinstance(request, CircuitRequest)
    return " · ".join(("Circuit", request.prompt, *((request.beside.prompt,) if request.beside else ())))
