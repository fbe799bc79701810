"""A study as a picture for link previews: its title, what it is, and what its first figure claims."""

from app.exports.canvas import Canvas
from app.exports.card import FOOT, HEIGHT, LEFT, RIGHT, SMALL_TYPE, TOP, WIDTH, brand
from app.exports.lettering import Type, balanced, cut, drawable, limited
from protocol.app.findings import Finding
from protocol.vocabulary import RUNS

KIND, TITLE, CLAIM = Type("regular", 22), Type("semibold", 46), Type("regular", 29)
MOST_TITLE, MOST_CLAIM = 3, 5  # lines


def draw_study_card(finding: Finding) -> bytes:
    """PNG, 1200 x 630."""
    return compose_study(finding).png()


def compose_study(finding: Finding) -> Canvas:
    assert finding.study
    canvas, width = Canvas(WIDTH, HEIGHT), RIGHT - LEFT
    brand(canvas)
    kind = RUNS[finding.request.kind]
    y = TOP + 34
    canvas.text((LEFT, y), drawable(f"{kind} · {finding.study.n_names:,} names"), KIND, "ink-2")
    y += 52
    for said, how, colour, most in (
        (finding.title, TITLE, "ink", MOST_TITLE),
        (finding.study.headline, CLAIM, "ink-2", MOST_CLAIM),
    ):
        for line in limited(balanced(drawable(said), how, width), most, how, width):
            canvas.text((LEFT, y), line, how, colour)
            y += how.line
        y += 20
    model = cut(drawable(finding.request.model), SMALL_TYPE, 800)
    canvas.text((RIGHT, FOOT), f"{model} · f/{finding.slug}", SMALL_TYPE, "ink-3", "right")
    return canvas
