"""A run's answers as a table, token by token: log-probability, entropy, and the risk with what it rests on; or why a
token has none, in words. As CSV, for whoever reads without a page. Knows a recording.
"""

from app.recordings.arms import Recorded
from protocol.risk.words import RISK_REFUSES, RISK_STEERED, RISK_UNFITTED
from protocol.worker.frames import NewToken
from protocol.worker.study_frames import Cell, Column, Figure

TOKENS_TABLE = "tokens"


def token_table(recorded: Recorded) -> Figure:
    fit = recorded.start.risk
    value = fit.at("value") if fit else None
    rests_on: tuple[Cell, ...] = (None,) * 5
    if fit is not None:
        within = (value.n, value.within, value.ece) if value else (None,) * 3
        rests_on = (f"{fit.id}, {fit.decoding}", fit.n, *within)
    rows: list[tuple[Cell, ...]] = []
    for arm, answers in enumerate(recorded.answers):
        how = recorded.start.arms[arm]
        steered = how.sweep is not None or how.held
        for sample, answer in enumerate(answers):
            for place, token in enumerate(answer.tokens):
                numbers = (token.logprob, token.entropy_nats, token.risk)
                words = _why(token, fitted=fit is not None, steered=steered)
                rows.append((arm, how.strength, sample, place, token.id, token.text, *numbers, words, *rests_on))
    return Figure(
        seq=0,
        id=TOKENS_TABLE,
        title="Answers, token by token",
        columns=(
            *(Column(name=name) for name in ("arm", "strength", "answer", "place", "id", "token")),
            *(Column(name=name, unit="nats") for name in ("log-probability", "entropy")),
            Column(name="risk", unit="share"),
            Column(name="of the risk"),
            *(Column(name=name) for name in ("fit", "fitted on, answers", "tested on, answers")),
            *(Column(name=name) for name in ("AUROC within one attribute", "ECE")),
        ),
        rows=tuple(rows),
    )


def _why(token: NewToken, *, fitted: bool, steered: bool) -> str:
    if not fitted:
        return RISK_UNFITTED
    if token.risk is None:
        return RISK_REFUSES
    return RISK_STEERED if steered else ""
