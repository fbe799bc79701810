"""What the page /experiments opens on: the studies that `make studies` made, without their answers.

A file for each experiment: its opening, with the names that were asked about, its figures as they last were, and its
end. Answers are most of a recording and are left out: who wants to read them runs it. Knows nothing about running one.
"""

from collections.abc import Iterator
from pathlib import Path

from client.recording import Recording
from protocol.app.experiments.catalogue import EXPERIMENTS
from protocol.worker.frames import Done, Frame
from protocol.worker.studies import StudyRequest

SHOWN_FOLDER = Path("static/first/studies")


def experiment_of(request: StudyRequest) -> str | None:
    """The id of the experiment that a request is of; None of one that is none."""
    plot = getattr(request, "plot", None)
    found = (one.about for one in EXPERIMENTS if one.about.study == request.kind and one.about.plot in (None, plot))
    return next((about.id for about in found), None)


def without_answers(recording: Recording) -> Iterator[Frame]:
    asked = {trial.name for trial in recording.trials}
    names = tuple(name for number, name in enumerate(recording.study.names) if number in asked)
    ends = (frame for frame in recording.frames if isinstance(frame, Done))
    kept: tuple[Frame, ...] = (recording.study.model_copy(update={"names": names}), *recording.figures.values(), *ends)
    return (frame.model_copy(update={"seq": seq}) for seq, frame in enumerate(kept))


def write(recording: Recording, folder: Path = SHOWN_FOLDER) -> None:
    """Does nothing for what is no experiment."""
    name = experiment_of(recording.study.request)
    if name is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(frame.model_dump_json() + "\n" for frame in without_answers(recording))
    (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
