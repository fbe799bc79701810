"""A circuit's frames: their order, their numbers, and that what the model does is what the graph says of it."""

import numpy as np
import pytest

from model_worker.circuits.circuit import circuit
from model_worker.circuits.groups.roles import RoleBook
from model_worker.model.loading import Loaded
from protocol.worker.circuit_frames import Checked, Circuit, Edges, Nodes
from protocol.worker.circuits import CircuitRequest
from protocol.worker.frames import Frame
from tests.model_worker.circuits.test_target import ALL

BOOK = RoleBook(most=8)
"""Of few names, so that it is quick."""


def frames_of(loaded: Loaded, request: CircuitRequest) -> list[Frame]:
    return [frame for frame in circuit(loaded, loaded.gemma, BOOK, request) if frame is not None]


@pytest.fixture(scope="module")
def frames(embedded: Loaded) -> list[Frame]:
    return frames_of(embedded, ALL)


def test_frames_are_counted_and_the_last_says_that_it_is_whole(frames: list[Frame]) -> None:
    assert [frame.seq for frame in frames] == list(range(len(frames)))
    assert isinstance(frames[0], Circuit)
    assert frames[-1].kind == "done"
    assert [frame.layer for frame in frames if isinstance(frame, Nodes)] == [5, 4, 3, 2, 1, 0]


def test_what_the_model_does_is_near_what_the_graph_says(frames: list[Frame]) -> None:
    nodes = [node for frame in frames if isinstance(frame, Nodes) for node in frame.nodes]
    checked = [frame for frame in frames if isinstance(frame, Checked)]
    pairs = [
        (nodes[number].effect, (b - a) / 2)
        for frame in checked
        for number, a, b in zip(frame.nodes, frame.in_a, frame.in_b, strict=True)
        if nodes[number].kind != "error"
    ]
    assert 50 < len(pairs) <= sum(len(frame.nodes) for frame in checked) == ALL.n_checked
    assert np.corrcoef(np.array(pairs).T)[0, 1] == pytest.approx(checked[-1].fit, abs=1e-4)
    assert checked[-1].fit > 0.9


def test_the_unknown_latent_at_the_last_token_of_the_name_holds_most_of_the_gap(frames: list[Frame]) -> None:
    layer = next(frame for frame in frames if isinstance(frame, Nodes) and frame.layer == 2)
    first = layer.nodes[0]
    assert (first.index, frames[0].columns[first.column].place) == (1, "name_last")
    assert first.a == 0 < first.b
    assert first.effect / (frames[0].sides[0].m - frames[0].sides[1].m) > 0.3


def test_edges_go_from_a_layer_to_the_next_and_leave_nothing_over(frames: list[Frame]) -> None:
    layer_of = [frame.layer for frame in frames if isinstance(frame, Nodes) for _ in frame.nodes]
    edges = [frame for frame in frames if isinstance(frame, Edges)]
    assert len(edges) == 10
    assert 700 < sum(len(frame.weights) for frame in edges) <= ALL.n_edges
    for frame in edges:
        assert {layer_of[to] - layer_of[at] for at, to in zip(frame.senders, frame.receivers, strict=True)} == {1}
        assert frame.unexplained < 1e-4
