"""A study or a circuit as a picture for link previews: its title, what it is, what it claims; of a circuit its groups
too, as groups_picture.py draws them."""

from app.exports.canvas import Canvas
from app.exports.card import BOTTOM, FOOT, HEIGHT, LEFT, RIGHT, SMALL_TYPE, TOP, WIDTH, brand
from app.exports.circuit.groups_picture import draw_group_rows, group_rows_height, telling
from app.exports.lettering import Type, balanced, cut, drawable, limited
from app.recordings.circuit import DrawnCircuit
from protocol.app.findings import Finding
from protocol.vocabulary import RUNS
from protocol.worker.circuits import CircuitRequest

KIND, TITLE, CLAIM = Type("regular", 22), Type("semibold", 46), Type("regular", 29)
BRIEF_TITLE, BRIEF_CLAIM = Type("semibold", 34), Type("regular", 22)  # above a drawing
MOST_KIND, MOST_TITLE, MOST_CLAIM = 1, 3, 5  # lines


def draw_told_card(finding: Finding, drawn: DrawnCircuit | None = None) -> bytes:
    """PNG, 1200 x 630. drawn: of a circuit."""
    return compose_told(finding, drawn).png()


def compose_told(finding: Finding, drawn: DrawnCircuit | None = None) -> Canvas:
    told = finding.study or finding.circuit
    assert told
    canvas, width = Canvas(WIDTH, HEIGHT), RIGHT - LEFT
    brand(canvas)
    groups = telling(drawn) if drawn else []
    title, claim = said_once(finding.title, told.headline)
    kinds = (BRIEF_TITLE, BRIEF_CLAIM) if groups else (TITLE, CLAIM)
    y = TOP + (14 if groups else 34)
    for line in limited([drawable(_kind(finding))], MOST_KIND, KIND, width):
        canvas.text((LEFT, y), line, KIND, "ink-2")
    y += 40 if groups else 52
    for said, how, colour, most in ((title, kinds[0], "ink", MOST_TITLE), (claim, kinds[1], "ink-2", MOST_CLAIM)):
        for line in limited(balanced(drawable(said), how, width), most, how, width):
            canvas.text((LEFT, y), line, how, colour)
            y += how.line
        y += 20 if not groups else 8
    if drawn and groups:
        n = len(groups)
        while n and group_rows_height(n) > BOTTOM - y:
            n -= 1
        if n:
            draw_group_rows(canvas, drawn, groups[:n], (LEFT, RIGHT), y)
    model = cut(drawable(finding.request.model), SMALL_TYPE, 800)
    canvas.text((RIGHT, FOOT), f"{model} · f/{finding.slug}", SMALL_TYPE, "ink-3", "right")
    return canvas


def said_once(title: str, headline: str) -> tuple[str, str]:
    """Title and claim. A title that is where the claim begins, or was cut out of that, becomes its first sentence, and
    the claim goes on from there."""
    begun = title.rstrip("… .")
    if not begun or not headline.startswith(begun):
        return title, headline
    end = headline.find(". ", len(begun))
    return (headline, "") if end < 0 else (headline[:end], headline[end + 2 :])


def _kind(finding: Finding) -> str:
    request = finding.request
    if finding.study:
        return f"{RUNS[request.kind]} · {finding.study.n_names:,} names"
    assert isinstance(request, CircuitRequest)
    return " · ".join(("Circuit", request.prompt, *((request.beside.prompt,) if request.beside else ())))
