"""A study's recording, as whoever reads it needs it: how it was opened, its newest figures and ranking, how it ended.

Knows frames of the present protocol, and nothing about pages. Trials and tallies are most of a recording: they are
counted, not read.
"""

from dataclasses import dataclass, field

from protocol.app.findings import StudyTold
from protocol.refusal import Refused
from protocol.worker.frames import FRAME, Done
from protocol.worker.study_frames import Figure, Ranking, Study

_READ = (b'"study"', b'"figure"', b'"ranking"', b'"done"')


@dataclass
class Studied:
    """figures: by id, each the newest, in the order in which they first came."""

    opening: Study
    figures: dict[str, Figure] = field(default_factory=dict)
    ranking: Ranking | None = None
    done: Done | None = None
    n_trials: int = 0

    @property
    def told(self) -> StudyTold:
        n_names = len(self.opening.names)
        claims = [figure.claim for figure in self.figures.values() if figure.claim]
        if self.ranking:
            n_ranked = len(self.ranking.known) + len(self.ranking.unknown)
            claims.append(f"{n_names:,} names, {n_ranked:,} latents ranked")
        return StudyTold(n_names=n_names, headline=[*claims, f"{n_names:,} names"][0])

    @property
    def n_by_group(self) -> dict[str, int]:
        """Names, by type and group: "player, known"."""
        counts: dict[str, int] = {}
        for one in self.opening.names:
            group = f"{one.type}, {one.group}"
            counts[group] = counts.get(group, 0) + 1
        return counts


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
        studied.n_trials += b'"trial"' in kind
        if not any(one in kind for one in _READ):
            continue
        match FRAME.validate_json(line):
            case Figure() as figure:
                studied.figures[figure.id] = figure
            case Ranking() as ranking:
                studied.ranking = ranking
            case Done() as done:
                studied.done = done
    return studied
