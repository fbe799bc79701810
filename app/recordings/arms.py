"""A recording as its exports read it: the frames put in order, by arm and sample.

Knows frames, and nothing about pictures, pages or notebooks. What the browser knows in static/run/run.js.
"""

from dataclasses import dataclass, field

from app.recordings.view import arm_shown
from protocol.app.findings import View
from protocol.worker.frames import FRAME, Control, Done, NewToken, Prompt, Reading, Start, Step, Verdict


@dataclass
class SampleAnswer:
    """One sample's answer. readings[i] are of tokens[i]; a recording that was cut may lack the last."""

    tokens: list[NewToken] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    verdict: Verdict | None = None

    @property
    def text(self) -> str:
        return self.verdict.text if self.verdict else "".join(token.text for token in self.tokens)


@dataclass
class Recorded:
    """`answers`: by arm, then by sample; `controls`: log-odds by sweep and strength."""

    start: Start
    prompt: Prompt | None = None
    answers: list[list[SampleAnswer]] = field(default_factory=list)
    controls: dict[tuple[int, float], tuple[float, ...]] = field(default_factory=dict)
    done: Done | None = None

    def arm_of(self, view: View) -> int:
        """The arm that the view shows; the baseline's, 0, where it shows none that was run."""
        return arm_shown(self.start, view) or 0

    def sweep_of(self, view: View) -> int | None:
        """The sweep whose dose and response belong to the view; None where nothing was swept."""
        n_sweeps = len(self.start.sweeps)
        wanted = view.sweep if view.sweep is not None else 0
        return wanted if wanted < n_sweeps else 0 if n_sweeps else None

    def first(self, arm: int) -> SampleAnswer:
        """What the pages show of an arm: sample 0."""
        return self.answers[arm][0]

    def n_alike(self, arm: int) -> int:
        """How many of an arm's samples came to the same outcome as the first, itself included."""
        said = self.first(arm).verdict
        return sum(bool(said and told.verdict and told.verdict.outcome == said.outcome) for told in self.answers[arm])


def read_recording(recording: bytes) -> Recorded:
    """Raises ValueError where the first frame is no `start`, pydantic's ValidationError (one too) for other lines."""
    lines = iter(recording.splitlines())
    start = FRAME.validate_json(next(lines, b""))
    if not isinstance(start, Start):
        raise ValueError("a recording begins with its `start` frame")
    n_samples = start.request.sampling.n_samples
    recorded = Recorded(start, answers=[[SampleAnswer() for _ in range(n_samples)] for _ in start.arms])
    for line in lines:
        match FRAME.validate_json(line):
            case Prompt() as prompt:
                recorded.prompt = prompt
            case Step(tokens=tokens, readings=readings):
                for token in tokens:
                    recorded.answers[token.arm][token.sample].tokens.append(token)
                for reading in readings:
                    recorded.answers[reading.arm][reading.sample].readings.append(reading)
            case Verdict() as verdict:
                recorded.answers[verdict.arm][verdict.sample].verdict = verdict
            case Control() as control:
                recorded.controls[control.sweep, control.strength] = control.refusal_logodds
            case Done() as done:
                recorded.done = done
            case _:
                pass  # queued, latents: nothing that an export shows
    return recorded
