"""The study of circuits: what its trials hold, what its figures make of them, and that it goes on from anywhere."""

import pytest

from model_worker.circuits.circuit import circuit
from model_worker.circuits.groups.roles import RoleBook
from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.studies.circuits.figures import default_outcomes, group_effects, unnamed_pulls
from protocol.refusal import Refused
from protocol.worker.circuit_frames import NodeGroups
from protocol.worker.circuits import Beside, CircuitRequest, OpeningTarget
from protocol.worker.frames import Frame
from protocol.worker.names import WorldNames
from protocol.worker.studies import Asked, CircuitsRequest
from protocol.worker.study_frames import Trial
from tests.model_worker.study_runs import TEN_NAMES, check_resumes_anywhere, rows_of, studied, trials_of

REQUEST = CircuitsRequest(
    model="tiny-gemma2-chat",
    asked=Asked(names=WorldNames(types=("player",), most=12), split="all", attributes=("sport",)),
    n_pairs=2,
    n_role_names=8,
    n_tier=1,
    n_controls=2,
    rest=False,
    target=OpeningTarget(weighs="all"),
)


@pytest.fixture(scope="module")
def frames(embedded_engine: Engine) -> list[Frame]:
    return studied(embedded_engine, REQUEST)


def test_a_pair_holds_what_its_circuit_tells(embedded: Loaded, frames: list[Frame]) -> None:
    """Of what no role has a say in: a circuit's own roles are read off other names."""
    trial = next(one for one in trials_of(frames) if "group/which_name/other" in one.numbers)
    a, b = trial.prompt.split(" | ")
    asked = CircuitRequest(
        model=REQUEST.model, prompt=a, beside=Beside(prompt=b), n_nodes=8, n_edges=0, n_checked=0, n_controls=2
    )
    told = list(circuit(embedded, embedded.gemma, RoleBook(2), asked))
    assert trial.numbers["m"] == tuple(side.m for side in told[0].sides)
    groups = next(one for one in reversed(told) if isinstance(one, NodeGroups)).groups
    assert {f"group/{one.role}/other" in trial.numbers for one in groups if one.role != "rest"} == {True}
    assert not any(key.startswith("group/rest") for key in trial.numbers)
    assert len(trial.numbers["group/which_name/off_b"]) == 2
    assert set(trial.numbers["arrow/which_name/recognised"]) - {0.0}


def test_a_default_test_counts_who_refuses(frames: list[Frame]) -> None:
    trials = [one for one in trials_of(frames) if "default/untouched" in one.numbers]
    clear = [one for one in trials if one.numbers["m"][0] < -1 and one.numbers["m"][1] > 1]
    rows = {(row["test"], row["in"]): row for row in rows_of(frames, "defaults")}
    hidden = rows["the end may not look at the name", "known name"]
    assert hidden["pairs"] == len(clear) > 0
    refused = sum(one.numbers["default/name_hidden"][0] > 0 for one in clear)
    assert hidden["refuses"] == pytest.approx(refused / len(clear), abs=1e-5)
    assert rows["as it is", "unknown name"]["refuses"] == 1.0


def test_every_effect_stands_beside_its_control(frames: list[Frame]) -> None:
    assert all(row["random directions"] is not None for row in rows_of(frames, "groups"))
    assert all(row["random, low"] is not None for row in rows_of(frames, "arrows"))
    tiers = {row["tier"]: row["names"] for row in rows_of(frames, "misfires")}
    assert tiers["known"] == tiers["withheld"] == 1


def test_it_goes_on_from_anywhere(embedded_engine: Engine, frames: list[Frame]) -> None:
    check_resumes_anywhere(embedded_engine, REQUEST, frames, (2, len(frames) - 3))


def test_names_that_no_world_knows_make_no_pair(embedded_engine: Engine) -> None:
    asked = Asked(names=TEN_NAMES.model_copy(update={"match_lengths": False}), split="all")
    with pytest.raises(Refused):
        studied(embedded_engine, REQUEST.model_copy(update={"asked": asked}))


def test_a_figure_draws_its_control_and_its_claim_counts_them() -> None:
    numbers = {"m": (-5.0, 5.0), "default/name_hidden": (2.0, 2.0), "default/name_hidden/b": ()}
    one = Trial(seq=1, trial=0, name=0, prompt="a | b", numbers=numbers | {"default/name_hidden/a": (-4.0,)})
    told = default_outcomes([one, one])
    assert told.plot and told.plot.control is not None and told.columns[told.plot.control].name == "controls refuse"
    assert told.claim.endswith("2 of 2 known names are refused, with as many other tokens hidden 0 of 2.")
    shown = group_effects([]).plot
    assert shown and shown.control is not None


@pytest.mark.parametrize(("moved", "told"), [(12.0, 1), (-12.0, 1), (4.0, 0)])
def test_what_moves_m_farther_than_all_that_has_a_name_is_remarked(moved: float, told: int) -> None:
    def row(change: str, group: str, m: float) -> dict[str, str | float | int | None]:
        return {"change": change, "group": group, "in": "known name", "moves m by": m, "random directions": 0.5}

    rows = [
        row("taken away", "Recognised", 5.0),
        row("taken away", "Question and template", moved),
        row("set to the other's values", "Question and template", 0.05),
    ]
    sentences = unnamed_pulls(rows)
    assert len(sentences) == told
    assert all("random directions +0.5" in one and "moves m +0.05" in one for one in sentences)
