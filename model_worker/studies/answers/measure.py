"""What every arm's answer to a question comes to, and what was measured beside it. Knows nothing about controls."""

from collections.abc import Sequence

from model_worker.decoding.readout import Readout
from model_worker.model.loading import Loaded
from model_worker.rounding import all_rounded, rounded
from model_worker.studies.answers.surprise import surprises
from model_worker.studies.answers.value_risk import ValueRisk, ValueRisks
from model_worker.studies.shared.completions import Answered, Completion
from model_worker.studies.shared.counts import WATCHED
from model_worker.studies.shared.questions import Question, trial_answer, trial_of
from protocol.worker.study_frames import Trial, TrialAnswer


def completion_trial(
    loaded: Loaded, question: Question, readout: Readout, one: Answered, number: int, risks: ValueRisks | None
) -> Trial:
    """risks: None: they aren't asked for."""
    said = [one.said[arm, 0] for arm in range(len(one.kl_nats))]
    cost = _costs(loaded, one, said)
    last = question.prompt.entity.end - 1
    residuals = {layer: one.state.residuals[layer][last : last + 1] for layer in readout.layers}
    watched = readout.watched(residuals, 1)[0].tolist()
    at_value = [ValueRisk()] * len(said) if risks is None else risks.of(question, said)
    return trial_of(
        question,
        number,
        answers=tuple(
            _answer(loaded, question, arm, own, one, cost[own.ids], at_value[arm]) for arm, own in enumerate(said)
        ),
        numbers=({WATCHED: all_rounded(watched)} if watched else {}) | (risks.numbers(question) if risks else {}),
    )


def _answer(
    loaded: Loaded, question: Question, arm: int, said: Completion, one: Answered, cost: float, at_value: ValueRisk
) -> TrialAnswer:
    return trial_answer(
        loaded,
        question,
        said.text,
        finished=said.ended,
        arm=arm,
        refusal_logodds=rounded(one.refusal_logodds[arm]),
        kl_nats=rounded(one.kl_nats[arm]),
        surprise_nats=rounded(cost),
        n_tokens=len(said.ids),
        risk=at_value.risk,
        entropy_nats=at_value.entropy_nats,
    )


def _costs(loaded: Loaded, one: Answered, said: Sequence[Completion]) -> dict[tuple[int, ...], float]:
    """Many arms say the same: each answer once."""
    distinct = list(dict.fromkeys(own.ids for own in said))
    return dict(zip(distinct, surprises(loaded.gemma, one.state, distinct), strict=True))
