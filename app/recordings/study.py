"""A study's recording, as whoever reads it needs it: how it was opened, its newest figures and ranking, how it ended.

Knows frames of the present protocol, and nothing about pages. Trials and tallies are most of a recording: they are
counted, not read.
"""

import re
from dataclasses import dataclass, field

from protocol.app.findings import StudyTold
from protocol.refusal import Refused
from protocol.worker.frames import FRAME, Done
from protocol.worker.study_frames import Figure, Progress, Ranking, Study

_READ = (b'"study"', b'"figure"', b'"ranking"', b'"progress"', b'"done"')
_NAME = re.compile(rb'"name":(\d+)')  # of a trial, by its number; stands before its prompt


@dataclass
class Studied:
    """figures: by id, each the newest, in the order in which they first came. n_done: of its steps; n_counted: of its
    trials, when the newest figure was drawn. asked: numbers of the names that some trial is about."""

    opening: Study
    figures: dict[str, Figure] = field(default_factory=dict)
    ranking: Ranking | None = None
    done: Done | None = None
    n_trials: int = 0
    n_done: int = 0
    n_counted: int = 0
    asked: set[int] = field(default_factory=set)

    @property
    def n_names(self) -> int:
        """Of a study that asks, those that it asked about; of one that reads, all that it was given."""
        return len(self.asked) or len(self.opening.names)

    @property
    def told(self) -> StudyTold:
        n_names = self.n_names
        claims = [figure.claim for figure in self.figures.values() if figure.claim]
        if self.ranking:
            n_ranked = len(self.ranking.known) + len(self.ranking.unknown)
            claims.append(f"{n_names:,} names, {n_ranked:,} latents ranked")
        headline = [*claims, f"{n_names:,} names"][0]
        if self.done is not None:
            return StudyTold(n_names=n_names, headline=headline)
        n_steps = self.opening.n_steps
        part = f"Part of a study, {self.n_done:,} of {n_steps:,} steps. {headline}"
        return StudyTold(n_names=n_names, headline=part, n_done=self.n_done, n_steps=n_steps)

    @property
    def part(self) -> str:
        """How much of the study this is, in words; empty of one that is whole."""
        if self.done is not None:
            return ""
        of = (
            f"{self.n_counted:,} of the {self.n_trials:,}"
            if self.n_counted < self.n_trials
            else f"the {self.n_trials:,}"
        )
        counted = f" The figures count {of} prompts that arrived." if self.figures and self.n_trials else ""
        return f"Part of a study: {self.n_done:,} of {self.opening.n_steps:,} steps.{counted}"

    @property
    def n_by_group(self) -> dict[str, int]:
        """Those names, by type and group: "player, known"."""
        counts: dict[str, int] = {}
        for one in [one for i, one in enumerate(self.opening.names) if not self.asked or i in self.asked]:
            group = f"{one.type}, {one.group}"
            counts[group] = counts.get(group, 0) + 1
        return counts


def is_part(recording: bytes) -> bool:
    """Whether something was found by a study that is not done."""
    return recording.startswith(b'{"kind":"study"') and any(
        one in recording for one in (b'{"kind":"trial"', b'{"kind":"tally"')
    )


def read_study(recording: bytes) -> Studied:
    """Raises Refused (422) for a recording that does not begin as a study does."""
    first, *lines = recording.splitlines()
    opening = FRAME.validate_json(first)
    if not isinstance(opening, Study):
        raise Refused(
            422,
            "not_a_study",
            "A study's recording was asked.",
            "Its first line says what was studied; this one's does not.",
            "Run the request again.",
        )
    studied = Studied(opening)
    for line in lines:
        kind = line[:24]  # a frame's kind comes first
        if b'"trial"' in kind and (name := _NAME.search(line)):
            studied.n_trials += 1
            studied.asked.add(int(name[1]))
        if not any(one in kind for one in _READ):
            continue
        match FRAME.validate_json(line):
            case Figure() as figure:
                studied.figures[figure.id] = figure
                studied.n_counted = studied.n_trials
            case Progress(n_done=n_done):
                studied.n_done = n_done
            case Ranking() as ranking:
                studied.ranking = ranking
            case Done() as done:
                studied.done = done
    return studied
