"""Turned groups: the ends of the scale are the model untouched and the group's swap."""

from dataclasses import replace

import pytest

from model_worker.circuits.groups.clamp import to_other
from model_worker.circuits.groups.gauges import RoleGauges
from model_worker.circuits.groups.group_runs import group_runs
from model_worker.circuits.groups.node_sets import by_role
from model_worker.circuits.groups.roles import RoleBook, Roles
from model_worker.circuits.groups.turn import controlled_places, turned
from model_worker.circuits.inquiry import Inquiry
from model_worker.circuits.random_band import random_band
from protocol.refusal import Refused
from protocol.worker.circuit_frames import Turned
from protocol.worker.circuits import NodeRef, TurnRequest
from tests.model_worker.circuits.groups.conftest import N_NAMES, drained, told_by


@pytest.fixture(scope="module")
def book() -> RoleBook:
    return RoleBook(N_NAMES)


def asked_to_turn(inquiry: Inquiry, book: RoleBook, **asked) -> Turned:
    request = TurnRequest(circuit=inquiry.request, **asked)
    return told_by(turned(inquiry.loaded, inquiry.gemma, book, request))[0]


def test_a_turn_goes_from_what_is_to_the_group_s_swap(inquiry: Inquiry, book: RoleBook) -> None:
    found = asked_to_turn(inquiry, book, group="recognised", strengths=(0.0, 0.5, 1.0))
    clamp = to_other(inquiry, 0, by_role(inquiry, drained(book.roles(inquiry)))["recognised"])
    assert abs(found.m[0] - inquiry.m[0]) < 1e-3
    assert abs(found.m[2] - drained(clamp.ran([1.0])).m[0].item()) < 1e-3
    assert found.predicted[0] == pytest.approx(inquiry.m[0], abs=1e-4)
    assert found.predicted[1] == pytest.approx((found.predicted[0] + found.predicted[2]) / 2, abs=1e-3)
    gauges = {one.group: one.moved for one in found.gauges}
    assert gauges["recognised"][0] == pytest.approx(0, abs=1e-4)
    assert gauges["recognised"][2] > 0.6  # of latents what one writes others read, so it isn't 1
    assert found.control[0].low == pytest.approx(inquiry.m[0], abs=1e-3)
    assert found.control[2].n == 4
    assert found.refuses[2] > found.refuses[0]


def test_a_factor_of_one_and_an_addition_of_nothing_change_nothing(inquiry: Inquiry, book: RoleBook) -> None:
    for mode, still in (("scale", 1.0), ("add", 0.0)):
        found = asked_to_turn(inquiry, book, group="recognised", mode=mode, side="b", strengths=(still,))
        assert abs(found.m[0] - inquiry.m[1]) < 1e-3
        assert found.predicted[0] == pytest.approx(inquiry.m[1], abs=1e-4)


def test_off_is_the_way_to_nothing_where_there_is_no_second_prompt(inquiry: Inquiry, book: RoleBook) -> None:
    alone = inquiry.request.model_copy(update={"beside": None})
    of_one = told_by(
        turned(inquiry.loaded, inquiry.gemma, book, TurnRequest(circuit=alone, group="recognised", strengths=(1.0,)))
    )[0]
    off = asked_to_turn(inquiry, book, group="recognised", mode="scale", strengths=(0.0,))
    if inquiry.dictionaries:  # neurons that differ in sign are the same ones either way
        assert of_one.m[0] == pytest.approx(off.m[0], abs=1e-3)
    assert of_one.gauges == ()


def test_what_can_t_be_turned_is_refused_with_what_can(inquiry: Inquiry, book: RoleBook) -> None:
    node = NodeRef(kind="head", layer=1, index=0, column=3)
    for asked, code in (
        ({"group": "nothing"}, "no_such_group"),
        ({"nodes": (node,)}, "no_such_node"),
        ({"nodes": (node.model_copy(update={"kind": "sae", "column": 999}),)}, "no_such_node"),
    ):
        with pytest.raises(Refused) as refused:
            asked_to_turn(inquiry, book, strengths=(1.0,), **asked)
        assert refused.value.refusal.code == code
    with pytest.raises(Refused) as refused:
        alone = inquiry.request.model_copy(update={"beside": None})
        request = TurnRequest(circuit=alone, group="recognised", side="b", strengths=(1.0,))
        told_by(turned(inquiry.loaded, inquiry.gemma, book, request))
    assert refused.value.refusal.code == "no_second_prompt"


def test_a_turn_stands_beside_the_same_random_pushes_as_the_circuit(
    inquiry: Inquiry, roles: Roles, book: RoleBook
) -> None:
    """Of one push one band, whoever measured it: as many, drawn alike."""
    more = replace(inquiry, request=inquiry.request.model_copy(update={"n_controls": 12}))
    run = drained(group_runs(more, "recognised", by_role(more, roles), RoleGauges(more, {}))).to_other[0]
    found = asked_to_turn(more, book, group="recognised", strengths=(1.0,)).control[0]
    assert found == random_band(run.random.m)


def test_few_controls_stand_at_the_ends_first() -> None:
    assert controlled_places((-1.0, 0.0, 2.0), 5) == [0, 1, 2]
    assert controlled_places((0.0, 1.0, 2.0, 3.0), 2) == [0, 3]
    assert controlled_places((0.0, 3.0, 1.0), 1) == [1]
