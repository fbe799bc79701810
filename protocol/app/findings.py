"""A finding: a run somebody gave a name to. The client sends no frames, so a recording can't be forged."""

from typing import Annotated, Literal

from pydantic import Field

from protocol.app.verify import Verification
from protocol.base import Message, Name, Text, Title
from protocol.vocabulary import MAX_NOTE_CHARACTERS, MAX_STRENGTH, MAX_TITLE_CHARACTERS, Outcome
from protocol.worker.studies import RunRequest

Slug = Annotated[str, Field(pattern=r"^[1-9A-HJ-NP-Za-km-z]{10,22}$")]
"""What a link ends in: base58, so no 0, O, I or l."""


class View(Message):
    """What the page showed: which sweep and strength, and which watched latent coloured the tokens; of a study or a
    circuit, what was chosen on its page, by name."""

    sweep: int | None = Field(default=None, ge=0, le=15)
    strength: float = Field(default=0.0, ge=-MAX_STRENGTH, le=MAX_STRENGTH)
    colour: int = Field(default=0, ge=0, le=15)
    options: dict[Name, Annotated[Text, Field(max_length=200)]] = Field(default={}, max_length=20)


class SecondRun(Message):
    """A run of another prompt that was looked at beside the first, with the same pushes, and what was shown of it."""

    run_id: str = Field(min_length=1, max_length=64)
    view: View = View()


class FindingRequest(Message):
    """Save a run that is done."""

    run_id: str = Field(min_length=1, max_length=64)
    title: Title = Field(min_length=1, max_length=MAX_TITLE_CHARACTERS)
    note: Text = Field(default="", max_length=MAX_NOTE_CHARACTERS)
    view: View = View()
    second: SecondRun | None = Field(default=None, description="kept, checked and taken back with the first")
    parent: Slug | None = Field(default=None, description="the finding that this one was made from")
    listed: bool = Field(default=True, description="shown in the gallery; else only who has the link finds it")


class Answer(Message):
    """One arm's whole answer and what it amounts to. `strength` is in the unit of its sweep."""

    text: Text
    outcome: Outcome
    rule: Text
    phrase: Text | None
    sweep: int | None
    strength: float


class Answers(Message):
    """What the view shows. `steered` is None where it shows the baseline; either is None where the recording has no
    verdict. `control`: what is said of the steered one's random pushes, or that nothing was pushed; "" without one."""

    baseline: Answer | None = None
    steered: Answer | None = None
    control: Text = ""


class StudyTold(Message):
    """What a study amounts to, for lists and previews. headline: the claim of its first figure, else how many names
    and latents. n_done, n_steps: of a part of a study, which was paused or ended early; None: it is whole."""

    n_names: int
    headline: Text
    n_done: int | None = None
    n_steps: int | None = None


class CircuitTold(Message):
    """What a circuit amounts to, for lists and previews. headline: what was measured of it, with its control; "" where
    nothing was. m: of each prompt."""

    headline: Text
    m: tuple[float, ...]


class SketchPoint(Message):
    """Shares of the picture's width, from the left, and of its height, from below. low, high: what controls did, or an
    interval."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    hue: Name = "refusal"


class SketchArrow(Message):
    """From one point to another, by their numbers; inhibits: it ends in a bar."""

    source: int
    target: int
    inhibits: bool = False


class Sketch(Message):
    """A finding as a very small picture: dose and response, a study's first figure, or a circuit's groups where they
    are in prompt and model. at: number of the point that the view shows."""

    form: Literal["curve", "bars", "groups"]
    points: tuple[SketchPoint, ...]
    at: int | None = None
    arrows: tuple[SketchArrow, ...] = ()


class Finding(Message):
    """What `/api/findings/{slug}` answers. Times are UTC, ISO 8601. `forks`: listed findings made from this one.
    `parent` stays when that one is deleted. `answers` are empty but of a question, `study` and `circuit` None but of
    one. `second`: another prompt beside this one, with a slug of its own; what is said of a pair stands with the
    first."""

    slug: Slug
    title: Text
    note: Text
    view: View
    created: str
    request: RunRequest
    answers: Answers
    study: StudyTold | None = None
    circuit: CircuitTold | None = None
    recording_sha256: str
    n_frames: int
    size_bytes: int
    listed: bool = True
    parent: Slug | None = None
    forks: tuple[Slug, ...] = ()
    sketch: Sketch | None = None
    second: "Finding | None" = None
    verified: Verification | None = Field(
        default=None, description="the newest check, if there was one; of both prompts, where there are two"
    )


class Saved(Message):
    """The answer to saving: the one time that the delete token is told. Only its hash is kept."""

    finding: Finding
    delete_token: str


class FindingsPage(Message):
    """Newest first. `total`: how many match; `kinds`, `models` and `outcomes` count them as if none were chosen."""

    findings: tuple[Finding, ...]
    total: int
    models: dict[str, int]
    outcomes: dict[Outcome, int]
    kinds: dict[Name, int]
