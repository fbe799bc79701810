"""What a reader is told of the risk strip, in words that pages, reports and exports share. Knows no number.

Words in braces are filled as those of protocol/vocabulary.py are.
"""

from protocol.risk.fit import RiskFeatureName, RiskPlace

RISK_THRESHOLD = 0.5
"""From which an answer would be held back, unless a reader moves it."""

RISK_PLACES: dict[RiskPlace, str] = {
    "first": "first token, all answers",
    "before": "under way, before the value",
    "value": "first token of the value",
    "behind": "the token behind it",
    "under_way": "all tokens under way",
}

RISK_FEATURES: dict[RiskFeatureName, str] = {
    "refusal_logodds": "log-odds of a refusal",
    "entropy": "entropy",
    "known": "known latent on the name",
    "unknown": "unknown latent on the name",
    "peak": "−log p of the likeliest",
    "surprise": "surprise",
    "entropy_max": "largest entropy so far",
    "surprise_max": "largest surprise so far",
}

RISK_READOUT = "risk {risk} (usual here {usual}) · entropy {entropy} nats · surprise {surprise}"

RISK_UP_TO_HERE = "uses tokens up to here"
"""Behind what moved it: the readout's end, which a narrow place cuts off."""

RISK_MOVED = "moved by {features}, in log-odds"
"""features: the two that count most, each with its sign."""

RISK_LEGEND = (
    "risk: the share of answers like this so far that end wrong or invented. Fitted on {n} answers of this model, held "
    "against {tested} about other names: at the first token of the fact AUROC {auroc}, {within} within one attribute "
    "(entropy alone {entropy}, {entropy_within}), ECE {ece}."
)

RISK_MISSES = (
    "It cannot see errors made with confidence: of {n} about {kind} names it would hold back a share of {recall}."
)
"""Of the kind that it sees least."""

RISK_CURVE = "{risk} → {wrong} ({n})"
"""One part of the reliability curve: mean risk, share that ended wrong, number of tokens."""

RISK_REFUSES = "n/a: it refuses"

RISK_STEERED = "not fitted for steered answers"

RISK_UNFITTED = "entropy in nats, uncalibrated: this run has no fit of the risk"

RISK_NEAREST = "Fitted at temperature {fitted}; these were sampled at {asked}."

RISK_THIS = (
    "This answer's largest risk is {risk}. Of {n} answers about names that are in no fit that had about as much, at "
    "the first token of the fact, a share of {wrong} ended wrong."
)

RISK_THIS_REFUSES = "This answer refuses: it states no fact, so there is nothing to be wrong. Its bars are hatched."

RISK_LARGEST = "largest risk {risk}"

RISK_HELD = (
    "From {threshold} on {held} of {n} answers here would have been held back: {outcomes}. Let through: {others}."
)

RISK_HELD_TESTED = (
    "Of {n} answers about names that are in no fit, at the first token of the fact, it would have held back {errors} "
    "of {n_errors} errors and {right} of {n_right} right ones; as many drawn blindly, {by_chance} and "
    "{right_by_chance}."
)
"""What a threshold does on the test half. by_chance: of each kind, were as many drawn blindly."""

RISK_PUSHED = "What it is worth under a push"
"""Of the link to the experiment that measures it."""

RISK_NONE_HELD = "none"
