"""The risk of an arm's answer at the first token of the value that it states, as the strip reads it, and the entropy
there. The fit is the one of untouched greedy answers, whatever pushes them. Knows nothing about figures.
"""

from collections.abc import Sequence
from typing import NamedTuple

from model_worker.answering.risk import AnswerRisk, FirstRead
from model_worker.answering.risk_halves import risk_half, risk_unit
from model_worker.model.loading import Loaded
from model_worker.rounding import rounded
from model_worker.studies.shared.completions import Completion
from model_worker.studies.shared.own_answer import value_span
from model_worker.studies.shared.questions import Question
from protocol.refusal import Refused
from protocol.risk.fit import RiskFit

HELD_OUT = "held_out"
"""Of a trial's numbers: 1 where the name is of the half that the risk wasn't fitted on."""


class ValueRisk(NamedTuple):
    risk: float | None = None
    entropy_nats: float | None = None


class ValueRisks:
    """Raises Refused (422) for a model without a fit."""

    def __init__(self, loaded: Loaded) -> None:
        if loaded.risk is None:
            raise Refused(
                422,
                "no_risk",
                f"The risk of {loaded.card.id}'s answers asked.",
                "Its card has no fit of it.",
                "Choose a model that has one, or look at the entropy in Explore.",
            )
        self._loaded, self._fit = loaded, loaded.risk.file.nearest(0.0)

    def of(self, question: Question, said: Sequence[Completion]) -> list[ValueRisk]:
        """Many arms say the same: where its value stands is looked for once."""
        spans = {one.ids: self._first_of_value(question, one) for one in said}
        return [self._read(one, spans[one.ids]) for one in said]

    def numbers(self, question: Question) -> dict[str, tuple[float, ...]]:
        entity = question.taken.entity
        unit = risk_unit(entity.type, entity.name, invented=not entity.facts)
        return {HELD_OUT: (float(risk_half(unit) == "test"),)}

    def _first_of_value(self, question: Question, one: Completion) -> int | None:
        if bool(self._loaded.opens_refusal[one.ids[0]]):
            return None
        span = value_span(self._loaded, question, one.ids)
        # the first token's head reads latents of the steered prompt; answers of a word alone aren't read
        return span[0] if span is not None and span[0] > 0 else None

    def _read(self, one: Completion, first: int | None) -> ValueRisk:
        return ValueRisk() if first is None else value_risk(self._fit, one, first)


def value_risk(fit: RiskFit, one: Completion, first: int) -> ValueRisk:
    """At token number `first` of the answer, 1 or more."""
    answer = AnswerRisk(fit, FirstRead(0.0, {}))  # of the answer's first token nothing is kept
    told = [answer.next(odds, opens_refusal=False) for odds in one.odds[: first + 1]][-1]
    assert told is not None
    return ValueRisk(rounded(told.risk), rounded(one.odds[first].entropy))
