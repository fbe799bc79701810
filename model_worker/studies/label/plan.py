"""The study `label`: which names the model knows, by asking it about every attribute of every name.

1. every question once greedy, and `n_samples` times at temperature 1       -> trial
2. an attribute is known where at least k of its samples are right; a name where at least tau of its attributes are,
   unknown where none is, between otherwise                                 -> figure

The greedy answer decides nothing and a refusal is not right, as in the paper (section 3; the 3 of 10 stands in its code
only). Every name has draws of its own: the draw depends on the study's seed, the name and the attribute.
"""

from collections import Counter, defaultdict
from collections.abc import Generator

from model_worker.studies.label.figures import attributes_figure, labels_figure, thresholds_figure
from model_worker.studies.label.measure import recall_trial, whole_names
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.completions import Answered, Wanted, require_room
from model_worker.studies.shared.questions import Question, QuestionSet, own_seed, questions_of, samplings_of
from model_worker.studies.shared.replies import Replies, RepliesScript
from model_worker.studies.shared.script import Script
from protocol.worker.studies import LabelRequest
from protocol.worker.study_frames import StudyArm, Trial


def label(bench: Bench, request: LabelRequest) -> Generator[None, None, Script]:
    """Raises Refused for a set without a question."""
    loaded = bench.loaded
    asked = yield from questions_of(loaded, request.asked)
    n_questions = Counter(question.name for question in asked.questions)

    def wanted(question: Question) -> Wanted:
        return Wanted(question.prompt.ids, samplings=samplings_of(question, request.seed, request.n_samples))

    longest = max(asked.questions, key=lambda question: len(question.prompt.ids))
    require_room(loaded, bench.decoding, wanted(longest), request.max_new_tokens)
    opening = bench.opening(
        request,
        names=asked.names.taken,
        arms=(StudyArm(name="baseline", role="baseline", what="the untouched model", hold=()),),
        n_steps=len(asked.questions),
        warnings=(*asked.names.warnings, *_warnings(asked, request)),
    )

    replies = Replies(bench, lambda first: map(wanted, asked.questions[first:]), request.max_new_tokens)

    def trial(one: Answered, number: int) -> Trial:
        question = asked.questions[number]
        return recall_trial(loaded, question, one, number, own_seed(question, request.seed))

    figures = (
        lambda trials: labels_figure(request, whole_names(opening, trials, n_questions)),
        lambda trials: thresholds_figure(request, whole_names(opening, trials, n_questions)),
        lambda trials: attributes_figure(opening, trials),
    )
    return RepliesScript(opening, replies, trial, figures, doing="asking")


def _warnings(asked: QuestionSet, request: LabelRequest) -> Generator[str, None, None]:
    kinds: dict[str, set[str]] = defaultdict(set)
    for question in asked.questions:
        kinds[question.taken.entity.type].add(question.attribute.name)
    for kind, attributes in sorted(kinds.items()):
        if len(attributes) < request.tau:
            yield (
                f"No name of the type {kind} can be known: it is asked about {len(attributes)} of its attributes, and "
                f"{request.tau} must be right."
            )
