"""Roles, groups, arrows and default tests of Jordan beside Batkin: what must hold of any, and what this pair shows."""

from collections.abc import Sequence

import pytest
import torch

from model_worker.circuits.groups.default_tests import default_tests, defaults
from model_worker.circuits.groups.grouped import grouped
from model_worker.circuits.groups.node_sets import by_role, n_nodes
from model_worker.circuits.groups.role_names import drawn_names, role_name
from model_worker.circuits.groups.roles import NO_ROLES, RoleBook, Roles, read_roles
from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.circuits.nodes import Told
from model_worker.decoding.states import read
from model_worker.model.loading import Loaded
from protocol.spelling import fold
from protocol.worker.circuit_frames import Arrows, NodeGroup, NodeGroups
from tests.model_worker.circuits.groups.conftest import N_NAMES, drained, told_by


@pytest.fixture(scope="module")
def told(inquiry: Inquiry, roles: Roles) -> Sequence:
    return told_by(grouped(inquiry, roles, Told(())))


def group(told: Sequence, role: str) -> NodeGroup:
    whole = next(one for one in reversed(told) if isinstance(one, NodeGroups))
    return next(one for one in whole.groups if one.role == role)


def test_groups_are_told_one_by_one_each_time_with_those_before(told: Sequence) -> None:
    frames = [one for one in told if isinstance(one, NodeGroups)]
    whole = frames[-1].groups
    assert len(whole) > 2 and [one.groups for one in frames] == [whole[: n + 1] for n in range(len(whole))]
    assert [one.n_to_come for one in frames] == list(range(len(whole)))[::-1]


def test_every_active_node_has_one_role(inquiry: Inquiry, roles: Roles) -> None:
    sets = by_role(inquiry, roles)
    n_active = sum(
        int(torch.stack([own[layer] != 0 for own in inquiry.activations]).any(0)[1:].sum())
        for layer in inquiry.activations[0]
    )
    assert sum(map(n_nodes, sets.values())) == n_active


def test_without_a_contrast_position_alone_makes_the_groups(inquiry: Inquiry) -> None:
    assert list(by_role(inquiry, NO_ROLES)) == ["which_name", "end_neither", "rest"]
    frame = told_by(grouped(inquiry, NO_ROLES, Told(())))[-2]
    assert frame.named_by == (0, 0)
    assert not any(one.evidence for one in frame.groups)


def test_a_correlation_is_numpys(embedded: Loaded, inquiry: Inquiry) -> None:
    names = [role_name(embedded, *one, "chat") for one in drawn_names(embedded, 8, ())]
    found = drained(read_roles(embedded, embedded.gemma, "chat", inquiry.dictionaries, 6, 8, ()))
    assert (found.n_known, found.n_unknown) == (8, 8)
    values = []
    for one in names:
        residuals = read(embedded.gemma, one.ids).residuals
        if inquiry.dictionaries:
            values.append(inquiry.dictionaries[3].encode(residuals[3][one.last]))
    if values:
        table = torch.stack(values)
        known = torch.tensor([one.label == "known" for one in names]).float()
        index = int(found.r["name_last", 3].abs().argmax())
        expected = torch.corrcoef(torch.stack([table[:, index], known]))[0, 1]
        assert abs(found.r["name_last", 3][index] - expected) < 1e-4


def test_the_asked_names_are_not_among_those_that_name_the_groups(inquiry: Inquiry) -> None:
    first = drawn_names(inquiry.loaded, N_NAMES, ())[0][0].name
    asked = inquiry.request.model_copy(update={"prompt": f"What sport does {first} play?", "beside": None})
    read = read_inquiry(inquiry.loaded, inquiry.gemma, asked)
    book = RoleBook(2)
    roles = drained(book.roles(read))
    assert roles.n_known == roles.n_unknown == 2
    (key,) = book._kept
    assert frozenset([fold(first)]) in key


def test_a_role_sits_where_the_published_ones_do(inquiry: Inquiry, told: Sequence) -> None:
    known, unknown = group(told, "recognised"), group(told, "not_recognised")
    for one in (known, unknown):
        assert one.to_other_a.measured > 0 > one.to_other_b.measured
    if inquiry.dictionaries:
        assert unknown.to_other_a.measured > unknown.to_other_a.control.high
        assert known.off_a.measured > known.off_a.control.high
        assert unknown.evidence
        assert all(one.unknown > 0.8 > 0.3 > one.known for one in unknown.evidence)
        assert abs(known.off_a.predicted - known.off_a.measured) < 0.5 * abs(known.off_a.measured)


def test_what_is_the_same_in_both_prompts_moves_nothing(told: Sequence) -> None:
    rest = group(told, "rest")
    for one in (rest.to_other_a, rest.to_other_b):
        assert abs(one.measured) < 0.5
        assert one.control.low - 0.1 <= 0 <= one.control.high + 0.1


def test_arrows_point_forward_alone(told: Sequence) -> None:
    assert isinstance(told[-1], Arrows)
    arrows = {(one.source, one.target): one for one in told[-1].arrows}
    assert all("rest" not in pair for pair in arrows)
    for source in ("cant_answer", "say_answer", "end_neither"):
        assert arrows[source, "recognised"].in_a == 0
    assert arrows["which_name", "not_recognised"].in_a > 0.5


def test_an_arrow_to_m_is_the_groups_effect(inquiry: Inquiry, told: Sequence) -> None:
    gap = inquiry.m[1] - inquiry.m[0]
    for one in told[-1].arrows:
        if one.target is None:
            assert abs(one.in_a - group(told, one.source).to_other_a.measured / gap) < 1e-4


def test_a_name_that_can_t_be_seen_makes_no_difference(inquiry: Inquiry, roles: Roles) -> None:
    tried = drained(default_tests(inquiry, roles))
    assert [one.m for one in tried["untouched"]] == list(inquiry.m)
    a, b = tried["name_hidden"]
    assert abs(a.m - b.m) < 0.2 * (inquiry.m[1] - inquiry.m[0])
    assert (a.controls < 0).all()
    assert (b.controls > 0).all()
    a, b = tried["name_neutral"]
    assert abs(a.m - b.m) < abs(inquiry.m[1] - inquiry.m[0])
    (frame,) = told_by(defaults(inquiry, roles))
    assert [one.test for one in frame.results] == list(tried)
    assert len(told_by(defaults(inquiry, NO_ROLES))[0].results) == 2
