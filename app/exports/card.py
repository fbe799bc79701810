"""A finding as a picture for link previews: what was asked, what is said untouched and steered, and the effect.

Left the words, of a pair those of both prompts; right the plot (plot.py), of a pair the first prompt's. The numbers are
the page's; what doesn't fit is cut, and says so.
"""

from dataclasses import dataclass

from app.exports.canvas import Canvas
from app.exports.lettering import Type, balanced, cut, drawable, limited
from app.exports.palette import mixed, palette
from app.exports.plot import draw_plot
from app.recordings.arms import Recorded, read_recording
from app.recordings.dose import untouched
from app.wording.words import clause, target_name
from protocol.amounts import plain
from protocol.app.findings import Finding
from protocol.vocabulary import OUTCOMES, UNITS, Outcome

WIDTH, HEIGHT = 1200, 630
LEFT, COLUMN = 60.0, 440.0  # of the words
TOP, BOTTOM = 112.0, 566.0
RIGHT = 1140.0
FOOT = 595.0

SIZES = ((34.0, 38.0), (30.0, 33.0), (26.0, 28.0), (22.0, 24.0), (19.0, 20.0))  # of the baseline's, the steered answer
BETWEEN = 20.0  # the two prompts of a pair

SMALL_TYPE = Type("regular", 16)


def draw_card(finding: Finding, recording: bytes, second: bytes | None = None) -> bytes:
    """PNG, 1200 x 630. second: of a pair. Raises ValueError for a recording without a `start` frame."""
    return compose(finding, read_recording(recording), None if second is None else read_recording(second)).png()


def compose(finding: Finding, recorded: Recorded, second: Recorded | None = None) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT)
    arm = recorded.arm_of(finding.view)
    brand(canvas)
    if finding.second and second:
        middle = (TOP + BOTTOM) / 2
        _words(canvas, recorded, arm, _CardSpace(TOP, middle - BETWEEN / 2, question=18, gap=10))
        beside = _CardSpace(middle + BETWEEN / 2, BOTTOM, question=18, gap=10)
        _words(canvas, second, second.arm_of(finding.second.view), beside)
    else:
        _words(canvas, recorded, arm, _CardSpace(TOP + 14, BOTTOM))
    draw_plot(canvas, recorded, finding.view, "first prompt" if second else "")
    _foot(canvas, finding, recorded, arm)
    return canvas


def brand(canvas: Canvas) -> None:
    """static/img/logo.svg."""
    middle = (77.0, 69.0)
    canvas.arc(middle, 13.5, (270, 90), "known-fill", 4)
    for dash in range(5):
        begin = 93 + 36.0 * dash
        canvas.arc(middle, 13.5, (begin, begin + 20), "unknown-fill", 4)
    canvas.disc(middle, 5.2, "refusal-fill")
    canvas.text((106, 69), "Hallucinoscope", Type("semibold", 22), "ink")


@dataclass(frozen=True)
class _CardSpace:
    """Where the words of one prompt stand. question: its size where it is short; gap: between two answers."""

    top: float
    bottom: float
    question: float = 22
    gap: float = 26


@dataclass(frozen=True)
class _Said:
    """An answer as it is drawn: its badge, and its lines."""

    badge: str
    outcome: Outcome | None
    kind: Type
    lines: list[str]

    @property
    def height(self) -> float:
        return BADGE + 10 + len(self.lines) * self.kind.line


BADGE = 34.0


def _words(canvas: Canvas, recorded: Recorded, arm: int, space: _CardSpace) -> None:
    asked = drawable(recorded.start.request.prompt)
    question = Type("regular", space.question if len(asked) < 120 else 18)
    lines = limited(balanced(asked, question, COLUMN), 3 if question.size > 20 else 4, question, COLUMN)
    y = space.top
    for line in lines:
        canvas.text((LEFT, y + question.line / 2), line, question, "ink-2")
        y += question.line + 2
    y += space.gap
    for said in _fitted(recorded, arm, space.bottom - y, space.gap):
        _badge(canvas, said, y)
        y += BADGE + 10
        for line in said.lines:
            canvas.text((LEFT, y + said.kind.line / 2), line, said.kind, "ink")
            y += said.kind.line
        y += space.gap


def _fitted(recorded: Recorded, arm: int, height: float, gap: float) -> list[_Said]:
    """Both answers, as large as they fit into the height together."""
    for sizes in SIZES:
        said = [_said(recorded, 0, Type("regular", sizes[0]))]
        if arm:
            said.append(_said(recorded, arm, Type("semibold", sizes[1])))
        if sum(one.height for one in said) + gap * (len(said) - 1) <= height:
            return said
    # The smallest size, and still too long: what one answer doesn't need is the other's.
    room = height - gap * (len(said) - 1) - sum(BADGE + 10 for _ in said)
    n_lines = max(len(said), int(room / said[-1].kind.line))
    shares = [min(len(one.lines), n_lines // len(said)) for one in said]
    for place, one in enumerate(said):
        shares[place] = min(len(one.lines), n_lines - sum(shares) + shares[place])
    return [
        _Said(one.badge, one.outcome, one.kind, limited(one.lines, share, one.kind, COLUMN))
        for one, share in zip(said, shares, strict=True)
    ]


def _said(recorded: Recorded, arm: int, kind: Type) -> _Said:
    told = recorded.first(arm)
    outcome = told.verdict.outcome if told.verdict else None
    name = "Steered" if arm else "Baseline"
    if told.verdict:
        name += f"{', it' if arm else ''} {clause(told.verdict)}"
    n_samples = len(recorded.answers[arm])
    if outcome and n_samples > 1:
        name += f" · {recorded.n_alike(arm)} of {n_samples}"
    text = drawable(told.text) or "(nothing)"
    return _Said(name, outcome, kind, balanced(text, kind, COLUMN))


def _badge(canvas: Canvas, said: _Said, y: float) -> None:
    kind = Type("regular", 17)
    hue = OUTCOMES[said.outcome].hue if said.outcome else "control"
    icon = 22 if said.outcome else 0
    width = 13 + icon + kind.width(said.badge) + 15
    colours = palette()
    box = (LEFT, y, LEFT + width, y + BADGE)
    canvas.box(box, BADGE / 2, mixed(colours[hue], 0.10, colours["bg"]), hue, 1.2)
    if said.outcome:
        canvas.icon(said.outcome, (LEFT + 20, y + BADGE / 2), 16, hue)
    canvas.text((LEFT + 13 + icon, y + BADGE / 2), said.badge, kind, hue)


def _foot(canvas: Canvas, finding: Finding, recorded: Recorded, arm: int) -> None:
    """Left the title, right what a measured effect never goes without."""
    start = recorded.start
    sampling, controls = start.request.sampling, start.request.controls
    facts = []
    shown = start.arms[arm]
    if shown.sweep is not None:
        steering = start.request.sweeps[shown.sweep]
        facts.append(target_name(recorded, steering.target))
        if steering.measured_in == "residual_norm":
            facts.append(f"{plain(float(f'{shown.alpha:.3g}'))} {UNITS['raw'].name}")
    if untouched(recorded):
        facts.append(f"{len(start.held)} held")
    facts.append("N = 1" if sampling.n_samples == 1 else f"{sampling.n_samples} samples, seed {sampling.seed}")
    if start.sweeps and controls.n_directions:
        facts.append(f"control seed {controls.seed}")
    facts = [cut(drawable(fact), SMALL_TYPE, 190) for fact in facts] + [f"f/{finding.slug}"]
    rest = " · ".join(facts)
    model = cut(start.model.id, SMALL_TYPE, 650 - SMALL_TYPE.width(" · " + rest))
    left, *_ = canvas.text((RIGHT, FOOT), f"{model} · {rest}", SMALL_TYPE, "ink-3", "right")
    title = cut(drawable(finding.title), SMALL_TYPE, left - 32 - LEFT)
    canvas.text((LEFT, FOOT), title, SMALL_TYPE, "ink-3")
