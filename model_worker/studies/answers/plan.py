"""The study `answers`: what the model answers under every arm, and under what stands in for it.

1. the questions; the arms, and the latents and directions that are their controls
2. every arm's greedy answer to every question, with how far the first answer token's distribution moved (KL) and
   what the answer costs the untouched model; for `risk` also the strip's risk where it states its value -> trial
3. counts, live                                                          -> figure

Steering as in Explore: an arm's answers are those that Explore gives to the same push. (Ferrando et al., section 5; we
differ: outcomes are counted apart, intervals stand beside them, and controls are of three kinds.)
"""

from collections.abc import Callable, Generator, Mapping, Sequence

from model_worker.decoding.readout import Readout
from model_worker.steering.targets import read_of
from model_worker.studies.answers.controls import control_arms, doubts
from model_worker.studies.answers.doses import coherence_figure, logodds_figure, outcomes_by_dose, scopes_figure
from model_worker.studies.answers.measure import completion_trial
from model_worker.studies.answers.misfires import ablation_figure, auroc_figure, misfires_figure
from model_worker.studies.answers.outcomes import flips_figure, is_pooled, outcomes_figure, pooled_figure
from model_worker.studies.answers.pushed_risk import pushed_calibration, pushed_recall, pushed_risk
from model_worker.studies.answers.value_risk import ValueRisks
from model_worker.studies.shared.arms import PlannedArm, Resolved, in_words
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.completions import Answered, Wanted, require_room
from model_worker.studies.shared.questions import Question, questions_of
from model_worker.studies.shared.replies import Replies, RepliesScript
from model_worker.studies.shared.script import Script
from protocol.steering import LatentTarget
from protocol.worker.studies import AnswersRequest
from protocol.worker.study_frames import Figure, Study, StudyArm, Trial

BASELINE = StudyArm(name="baseline", role="baseline", what="the untouched model", hold=())

FIGURES: Mapping[str, Sequence[Callable[[Study, Sequence[Trial]], Figure | Generator[None, None, Figure]]]] = {
    "arms": (outcomes_figure, flips_figure),
    "dose": (outcomes_by_dose, logodds_figure, coherence_figure, outcomes_figure, flips_figure),
    "scopes": (scopes_figure, coherence_figure, outcomes_figure, flips_figure),
    "risk": (pushed_risk, pushed_calibration, pushed_recall, outcomes_figure, flips_figure),
    "misfires": (misfires_figure, auroc_figure, ablation_figure, outcomes_figure, flips_figure),
}


def answers(bench: Bench, request: AnswersRequest) -> Generator[None, None, Script]:
    """Raises Refused for arms that this model can't be steered by, and for a set without a question."""
    loaded = bench.loaded
    request = _resolved(request)
    readout = Readout(loaded, request.watch)
    risks = ValueRisks(loaded) if request.plot == "risk" else None
    asked = yield from questions_of(loaded, request.asked)
    example = asked.questions[0].prompt
    planned = [PlannedArm(BASELINE)]
    for arm in request.arms:
        Resolved(loaded, arm.hold, example)  # refused before its controls are drawn
        told = StudyArm(name=arm.name, role=arm.role, what=in_words(loaded, arm.hold), hold=arm.hold)
        planned.append(PlannedArm(told, arm.hold))
    planned += yield from control_arms(loaded, request, asked.questions)
    arms = [Resolved(loaded, arm.hold, example) for arm in planned]

    def wanted(question: Question) -> Wanted:
        return Wanted(question.prompt.ids, tuple(arm.at(question.prompt) for arm in arms))

    longest = max(asked.questions, key=lambda question: len(question.prompt.ids))
    require_room(loaded, bench.decoding, wanted(longest), request.max_new_tokens)
    opening = bench.opening(
        request,
        dictionaries=_dictionaries(bench, request, planned),
        names=asked.names.taken,
        arms=tuple(arm.told for arm in planned),
        n_steps=len(asked.questions),
        warnings=(*asked.names.warnings, *doubts(request.arms, request.controls)),
    )

    replies = Replies(bench, lambda first: map(wanted, asked.questions[first:]), request.max_new_tokens)

    def trial(one: Answered, number: int) -> Trial:
        return completion_trial(loaded, asked.questions[number], readout, one, number, risks)

    drawn = [*([pooled_figure] if request.plot == "arms" and is_pooled(opening) else []), *FIGURES[request.plot]]
    figures = [lambda trials, draw=draw: draw(opening, trials) for draw in drawn]
    return RepliesScript(opening, replies, trial, figures, doing="answers")


def _resolved(request: AnswersRequest) -> AnswersRequest:
    """With the units that are meant."""
    arms = tuple(
        arm.model_copy(update={"hold": tuple(held.model_copy(update={"unit": held.measured_in}) for held in arm.hold)})
        for arm in request.arms
    )
    return request.model_copy(update={"arms": arms})


def _dictionaries(bench: Bench, request: AnswersRequest, planned: Sequence[PlannedArm]) -> list[str]:
    """That are read or pushed along, in the card's order."""
    held = [one for arm in planned for one in arm.hold]
    targets = [*request.watch, *(read_of(one.target) for one in held), *(one.to for one in held)]
    used = {target.dictionary for target in targets if isinstance(target, LatentTarget)}
    return [name for name in bench.loaded.dictionaries if name in used]
