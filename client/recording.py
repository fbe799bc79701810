"""A run's frames, gathered and read. Knows nothing about where they come from."""

from dataclasses import dataclass, field

from protocol.worker.circuit_frames import Circuit, NodeGroup, NodeGroups
from protocol.worker.frames import Frame, Prompt, Start, Step, Verdict
from protocol.worker.study_frames import Figure, Ranking, Study, Trial


@dataclass
class Recording:
    """A run's frames so far. A second `start` or `circuit` begins it anew: a background run that was interrupted is
    made again. A study never has a second first frame."""

    run_id: str
    frames: list[Frame] = field(default_factory=list)

    def add(self, frame: Frame) -> None:
        if isinstance(frame, Start | Circuit):
            self.frames.clear()
        self.frames.append(frame)

    @property
    def whole(self) -> bool:
        return bool(self.frames) and self.frames[-1].kind == "done"

    @property
    def start(self) -> Start:
        return next(frame for frame in self.frames if isinstance(frame, Start))

    @property
    def circuit(self) -> Circuit:
        return next(frame for frame in self.frames if isinstance(frame, Circuit))

    @property
    def groups(self) -> tuple[NodeGroup, ...]:
        """Of a circuit; none where they did not come."""
        return next((frame.groups for frame in reversed(self.frames) if isinstance(frame, NodeGroups)), ())

    @property
    def prompt(self) -> Prompt:
        return next(frame for frame in self.frames if isinstance(frame, Prompt))

    @property
    def study(self) -> Study:
        return next(frame for frame in self.frames if isinstance(frame, Study))

    @property
    def figures(self) -> dict[str, Figure]:
        """The newest of each id."""
        return {frame.id: frame for frame in self.frames if isinstance(frame, Figure)}

    @property
    def trials(self) -> list[Trial]:
        return [frame for frame in self.frames if isinstance(frame, Trial)]

    @property
    def ranking(self) -> Ranking | None:
        """The newest."""
        return next((frame for frame in reversed(self.frames) if isinstance(frame, Ranking)), None)

    def verdict(self, arm: int = 0, sample: int = 0) -> Verdict | None:
        said = (frame for frame in self.frames if isinstance(frame, Verdict))
        return next((one for one in said if (one.arm, one.sample) == (arm, sample)), None)

    def text(self, arm: int = 0, sample: int = 0) -> str:
        """The answer so far."""
        steps = (frame for frame in self.frames if isinstance(frame, Step))
        tokens = (token for step in steps for token in step.tokens)
        return "".join(token.text for token in tokens if (token.arm, token.sample) == (arm, sample))

    def risks(self, arm: int = 0, sample: int = 0) -> list[float | None]:
        """Of each token of an answer so far (NewToken.risk); where `start.risk` is None, None. Not fitted for steered
        arms."""
        steps = (frame for frame in self.frames if isinstance(frame, Step))
        tokens = (token for step in steps for token in step.tokens)
        return [token.risk for token in tokens if (token.arm, token.sample) == (arm, sample)]
