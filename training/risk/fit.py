"""The two heads of each way of decoding, fitted on the fit half's tokens: logistic regression, nothing chosen.

A head's rows are all first tokens, and all tokens from the second on of answers that don't begin a refusal; its target
is whether the answer ends wrong or invented. No row is weighed: weights would make the attributes alike, and the risk
no share any more. Knows nothing about tests.
"""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from model_worker.answering.risk import FirstRead, RiskFeatures, RiskValues
from model_worker.decoding.odds import Odds
from model_worker.rounding import rounded
from protocol.risk.fit import RiskDecoding, RiskFeature, RiskFeatureName, RiskFit, RiskHead
from training.risk.trials import RiskTrial

FIRST_FEATURES: tuple[RiskFeatureName, ...] = ("refusal_logodds", "entropy", "known", "unknown")
UNDER_WAY: tuple[RiskFeatureName, ...] = ("entropy", "peak", "entropy_max", "surprise", "surprise_max")
TEMPERATURES: dict[RiskDecoding, float] = {"greedy": 0.0, "sampled": 1.0}
C = 1.0  # of standardised features


def fitted_heads(trials: Sequence[RiskTrial], decoding: RiskDecoding) -> RiskFit:
    """Of the fit half alone; tested elsewhere."""
    own = [one for one in trials if one.half == "fit" and one.decoding == decoding]
    read = [(one.is_error, token_values(one)) for one in own]
    under_way = [(is_error, values) for is_error, tokens in read for values in tokens[1:]]
    return RiskFit(
        decoding=decoding,
        temperature=TEMPERATURES[decoding],
        n=len(own),
        n_wrong=sum(one.is_error for one in own),
        n_units=len({one.unit for one in own}),
        first=_head([tokens[0] for _, tokens in read], [is_error for is_error, _ in read], FIRST_FEATURES),
        under_way=_head([values for _, values in under_way], [is_error for is_error, _ in under_way], UNDER_WAY),
        tested=(),
        recalls=(),
    )


def token_values(trial: RiskTrial) -> list[RiskValues]:
    """By token what its head reads, as the worker reads it; ends where a refusal has begun."""
    features = RiskFeatures(
        FirstRead(refusal_logodds=trial.refusal_logodds, latents={"known": trial.known, "unknown": trial.unknown})
    )
    found = []
    for entropy, peak, surprise in zip(trial.entropy, trial.peak, trial.surprise, strict=True):
        values = features.next(Odds(logprob=-surprise, entropy=entropy, margin=0.0, peak=-peak), trial.refuses)
        if values is not None:
            found.append(values)
    return found


def _head(rows: Sequence[RiskValues], is_error: Sequence[bool], names: Sequence[RiskFeatureName]) -> RiskHead:
    table = np.array([[row[name] for name in names] for row in rows])
    mean, spread = table.mean(0), table.std(0)
    spread = np.where(spread > 0, spread, 1.0)
    model = LogisticRegression(C=C, max_iter=2000, tol=1e-8).fit((table - mean) / spread, is_error)
    weights = model.coef_[0] / spread
    return RiskHead(
        bias=rounded(model.intercept_[0] - float(weights @ mean)),
        features=tuple(
            RiskFeature(name=name, weight=rounded(weight), mean=rounded(centre))
            for name, weight, centre in zip(names, weights.tolist(), mean.tolist(), strict=True)
        ),
    )
