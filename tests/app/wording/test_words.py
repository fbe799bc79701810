"""Sentences that are made from settings and requests, held against a table of cases."""

import pytest

from app.findings.side_by_side import ComparedFinding, scale_words
from app.wording.provenance import provenance
from app.wording.words import lasting
from protocol.app.findings import Finding, View
from protocol.steering import LatentTarget, Sweep
from protocol.vocabulary import Unit
from protocol.worker.requests import Controls, GenerateRequest

pytestmark = pytest.mark.core


@pytest.mark.parametrize(
    ("hours", "words"),
    [(24, "24 hours"), (1, "1 hour"), (0.5, "30 minutes"), (168, "7 days"), (1 / 60, "1 minute"), (36, "36 hours")],
)
def test_how_long_a_run_is_kept_is_what_was_set(hours: float, words: str) -> None:
    assert lasting(hours) == words


def found(*units: Unit, shown: int | None = 0, n_directions: int = 32) -> Finding:
    """One that swept in these units."""
    target = LatentTarget(dictionary="d", latent=1)
    request = GenerateRequest(
        model="m",
        prompt="p",
        sweeps=tuple(Sweep(target=target, unit=unit, strengths=(1.0,)) for unit in units),
        controls=Controls(n_directions=n_directions),
    )
    return Finding.model_construct(request=request, view=View(sweep=shown, strength=1.0))


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        (found("raw"), found("raw"), "on one scale"),
        (found("residual_norm"), found("raw"), "one scale of log-odds; strengths in × r\u0304 and in raw"),
        (found("residual_norm"), found("raw", "residual_norm", shown=1), "on one scale"),
        (found("residual_norm"), found(shown=None), "on one scale"),
        (found("raw", shown=None), found("residual_norm"), "one scale of log-odds; strengths in raw and in × r\u0304"),
    ],
)
def test_curves_are_on_one_scale_only_where_their_strengths_are(left: Finding, right: Finding, words: str) -> None:
    assert scale_words(ComparedFinding("a", left), ComparedFinding("b", right)) == words


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (found("raw"), "32 random directions, seed 0"),
        (found("raw", n_directions=0), "none was asked for"),
        (found(shown=None), "none: nothing was swept"),
    ],
)
def test_controls_are_named_only_where_there_were_some(finding: Finding, words: str) -> None:
    assert provenance(finding)["controls"].value == words
