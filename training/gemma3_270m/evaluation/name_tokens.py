"""Could a name's tokens alone tell a known name from an invented one? A bag of tokens, ten folds by name.

A logistic regression on which tokens a name has, and how many: what a model could go by that recognises nobody.
Knows nothing about the model.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

N_FOLDS = 10


@dataclass(frozen=True)
class TokenCue:
    """`auroc` with its 95 % interval (Hanley and McNeil): .5 tells nothing."""

    auroc: float
    low: float
    high: float
    n_known: int
    n_invented: int


def token_cue(known: Sequence[Sequence[int]], invented: Sequence[Sequence[int]]) -> TokenCue:
    """Both: token ids, a name each. Of as many known as invented names if there are more of one: balanced weights."""
    texts = [" ".join(map(str, name)) for name in (*known, *invented)]
    is_known = np.array([1] * len(known) + [0] * len(invented))
    tokens = CountVectorizer(token_pattern=r"\d+", binary=True).fit_transform(texts)
    counts = np.array([[len(name)] for name in (*known, *invented)], dtype=float)
    folds = StratifiedKFold(min(N_FOLDS, len(known), len(invented)), shuffle=True, random_state=1)
    model = LogisticRegression(max_iter=1000, class_weight="balanced")
    scores = cross_val_predict(model, hstack([tokens, counts]).tocsr(), is_known, cv=folds, method="decision_function")
    auroc = float(roc_auc_score(is_known, scores))
    half = 1.96 * _error(auroc, len(known), len(invented))
    return TokenCue(auroc, max(0.0, auroc - half), min(1.0, auroc + half), len(known), len(invented))


def _error(a: float, n_known: int, n_invented: int) -> float:
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    return math.sqrt(
        (a * (1 - a) + (n_known - 1) * (q1 - a * a) + (n_invented - 1) * (q2 - a * a)) / n_known / n_invented
    )
