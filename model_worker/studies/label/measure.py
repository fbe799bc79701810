"""What a question about an attribute comes to, and what a name's attributes come to together.

Knows nothing about figures.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model_worker.model.loading import Loaded
from model_worker.rounding import rounded
from model_worker.studies.shared.completions import Answered
from model_worker.studies.shared.questions import Question, trial_answer, trial_of
from protocol.worker.study_frames import Study, Trial


@dataclass(frozen=True)
class NameRecall:
    """A name whose attributes were all asked about: how many samples of each are right."""

    type: str
    group: str
    n_right: tuple[int, ...]

    def label(self, k: int, tau: int) -> str:
        n_known = sum(right >= k for right in self.n_right)
        return "known" if n_known >= tau else "between" if n_known else "unknown"


def whole_names(opening: Study, trials: Sequence[Trial], n_questions: Mapping[int, int]) -> list[NameRecall]:
    n_right: dict[int, list[int]] = defaultdict(list)
    for trial in trials:
        n_right[trial.name].append(sum(one.outcome == "right" for one in trial.answers if one.sample > 0))
    return [
        NameRecall(opening.names[name].type, opening.names[name].group, tuple(found))
        for name, found in n_right.items()
        if len(found) == n_questions[name]
    ]


def recall_trial(loaded: Loaded, question: Question, one: Answered, number: int, seed: int) -> Trial:
    return trial_of(
        question,
        number,
        seed=seed,
        answers=tuple(
            trial_answer(
                loaded,
                question,
                completion.text,
                finished=completion.ended,
                arm=arm,
                sample=sample,
                refusal_logodds=rounded(one.refusal_logodds[arm]),
                n_tokens=len(completion.ids),
            )
            for (arm, sample), completion in one.said.items()
        ),
    )
