"""The link of every row of every study, asked as Explore asks it: the answer is the row's, word for word."""

import json
from collections import Counter
from typing import Any

import pytest

from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.model.registry import card_folders, read_row
from protocol.steering import Held, LatentTarget, VectorTarget
from protocol.worker.frames import Verdict
from protocol.worker.names import WorldNames
from protocol.worker.requests import GenerateRequest
from protocol.worker.studies import (
    AnswersRequest,
    ArmSpec,
    Asked,
    ControlSpec,
    LabelRequest,
    StudyRequest,
    TransferRequest,
    UncertaintyRequest,
)
from protocol.worker.study_frames import Study, Trial
from tests.model_worker.driving import answer as answered
from tests.model_worker.study_runs import studied
from tests.static.javascript import JavaScript

MODEL = "tiny-gemma2-chat"
KNOWN = LatentTarget(dictionary="resid_post/layer_3_known", latent=4)
UNKNOWN = LatentTarget(dictionary="resid_post/layer_2_unknown", latent=1)
FEW = Asked(names=WorldNames(types=("player",)), groups=("known", "unknown"), most=1)

PUSHED = ArmSpec(name="+known", role="known", hold=(Held(target=KNOWN, scope="entity", strength=1.25),))
RAW = ArmSpec(name="raw", role="unknown", hold=(Held(target=UNKNOWN, unit="raw", strength=9.5),))
TWO = ArmSpec(name="two", hold=(*PUSHED.hold, Held(target=UNKNOWN, mode="ablate", scope="entity_to_end", strength=1)))
SWAPPED = ArmSpec(
    name="swapped", hold=(Held(target=KNOWN, mode="swap", to=KNOWN.model_copy(update={"latent": 5}), strength=1),)
)
CLAMPED = ArmSpec(
    name="clamped", hold=(Held(target=UNKNOWN, mode="clamp", scope="entity", strength=30, generated=True),)
)
VECTOR = ArmSpec(name="vector", hold=(Held(target=VectorTarget(name="known-unknown-3"), scope="entity", strength=1),))

STUDIES: dict[str, StudyRequest] = {
    "answers": AnswersRequest(
        model=MODEL,
        asked=FEW,
        arms=(PUSHED, RAW, TWO, SWAPPED, CLAMPED, VECTOR),
        controls=(
            ControlSpec(of="+known", n=2),
            ControlSpec(of="raw", n=2),
            ControlSpec(of="two", n=1),
            ControlSpec(of="vector", n=1),
        ),
        seed=3,
        max_new_tokens=5,
    ),
    "label": LabelRequest(model=MODEL, asked=FEW.model_copy(update={"per_name": "all"}), n_samples=3, k=1, seed=5),
    "uncertainty": UncertaintyRequest(model=MODEL, asked=FEW, n_samples=2, k=1, seed=9),
    "transfer": TransferRequest(model=MODEL, asked=FEW, n_controls=1),
}


def said(engine: Engine, request: dict[str, Any], sample: int) -> tuple[str, str]:
    """By the arm with all that is pushed, which is the last."""
    verdicts = [
        one
        for one in answered(engine, GenerateRequest.model_validate_json(json.dumps(request)))
        if isinstance(one, Verdict)
    ]
    last = max(one.arm for one in verdicts)
    return next((one.text, one.outcome) for one in verdicts if (one.arm, one.sample) == (last, sample))


@pytest.mark.parametrize("kind", STUDIES)
def test_every_row_of_a_study_opens_the_run_that_it_was(kind: str, embedded: Loaded, javascript: JavaScript) -> None:
    engine = Engine(embedded, row=read_row(card_folders()[0]))  # which knows its base too
    opening, *frames = studied(engine, STUDIES[kind])
    assert isinstance(opening, Study)
    card = embedded.card.model_dump(mode="json")
    told = opening.model_dump(mode="json")
    kinds: Counter[str | None] = Counter()
    refused: set[str] = set()
    for trial in (one for one in frames if isinstance(one, Trial)):
        found = javascript.call("tests/static/study/explored.js", "explored", told, trial.model_dump(mode="json"), card)
        for answer, one in zip(trial.answers, found, strict=True):
            arm = opening.arms[answer.arm] if opening.arms else None
            if "why" in one:
                refused.add(one["why"])
                assert kind == "transfer" and answer.arm > 0, one
                continue
            kinds[arm.control_kind if arm else None] += 1
            row = (arm and arm.name, answer.sample, trial.prompt)
            assert said(engine, one["request"], one["sample"]) == (answer.text, answer.outcome), row
    assert kinds.total() > 0
    if kind == "answers":
        assert set(kinds) == {None, "silent", "matched", "random"}
    assert bool(refused) == (kind == "transfer")
