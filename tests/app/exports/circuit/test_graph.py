"""A circuit as a file for viewers of attribution graphs: their fields, ids that never collide, one list of groups."""

import json
import math
import random

import pytest

from app.exports.circuit.graph import MOST_PINNED, GraphOrigin, attribution_graph, cantor
from app.recordings.circuit import DrawnCircuit, read_circuit
from protocol.canonical import canonical_json
from protocol.circuit import GROUP_ROLES
from protocol.worker.circuit_frames import AlignedColumn, CircuitNode
from tests.app.circuit_frames import CIRCUIT, circuit_frames, circuit_recording

ORIGIN = GraphOrigin("Ab3", "Why it refuses Batkin", "https://x.example/f/Ab3", 1_700_000_000_000)
STRINGS = {"node_id", "layer", "feature_type", "jsNodeId", "clerp"}
WHOLE = {"feature", "ctx_idx"}


def drawn_of(**more: object) -> DrawnCircuit:
    frames = circuit_frames(CIRCUIT.model_copy(update=more))
    return read_circuit(b"\n".join(canonical_json(frame) for frame in frames))


def check_schema(graph: dict) -> None:
    """What Neuronpedia's schema requires, and what circuit-tracer's viewer takes for granted (init-cg.js, util-cg.js,
    init-cg-subgraph.js of its frontend)."""
    assert {"metadata", "qParams", "nodes", "links"} == set(graph)
    metadata = graph["metadata"]
    assert all(isinstance(metadata[name], str) for name in ("slug", "scan", "prompt"))
    assert all(isinstance(token, str) for token in metadata["prompt_tokens"])
    nodes = {node["node_id"]: node for node in graph["nodes"]}
    assert len(nodes) == len(graph["nodes"]), "an id twice"
    for node in nodes.values():
        assert all(isinstance(node[name], str) for name in STRINGS)
        assert all(isinstance(node[name], int) for name in WHOLE)
        assert 0 <= node["ctx_idx"] < len(metadata["prompt_tokens"])
        assert node["feature_type"] in {"cross layer transcoder", "mlp reconstruction error", "embedding", "logit"}
        if node["feature_type"] == "logit":
            assert float(node["clerp"].split("(p=")[1].split(")")[0]) == pytest.approx(node["token_prob"], abs=1e-3)
            assert node["clerp"].split('"')[1].strip(), "the tick over it has no text"
        assert node["layer"] == "E" or node["layer"].isdecimal()
    hovered = {(node["layer"], node["feature"], node["ctx_idx"]) for node in nodes.values() if node["feature"] >= 0}
    assert len(hovered) == sum(node["feature"] >= 0 for node in nodes.values()), "two nodes light up together"
    reads = {link["target"] for link in graph["links"] if link["weight"]}
    assert {link["target"] for link in graph["links"]} == reads, "a share of a sum of 0"
    assert [node["is_target_logit"] for node in nodes.values()].count(True) == 1
    threshold = metadata["node_threshold"]
    features = [node for node in nodes.values() if node["feature_type"] not in ("embedding", "logit")]
    assert all(0 < node["influence"] <= threshold for node in features), "the slider's end shows all"
    for link in graph["links"]:
        assert link["source"] in nodes and link["target"] in nodes
        assert isinstance(link["weight"], float)
    for label, *members in graph["qParams"]["supernodes"]:
        assert isinstance(label, str) and set(members) <= set(nodes)
    asked = graph["qParams"]
    assert set(asked["pinnedIds"]) <= set(nodes) and len(asked["pinnedIds"]) <= MOST_PINNED * len(GROUP_ROLES) + 1
    assert asked["clickedId"] in {"", *nodes} and asked["linkType"] in {"input", "output", "either", "both"}
    json.loads(json.dumps(graph, allow_nan=False))


@pytest.mark.parametrize("more", [{}, {"beside": None}])
def test_a_circuit_is_what_the_viewers_read(more: dict[str, object]) -> None:
    drawn = drawn_of(**more)
    for which in drawn.sides:
        graph = attribution_graph(drawn, which, ORIGIN)
        check_schema(graph)
        assert [node["clerp"] for node in graph["nodes"] if node["feature_type"] == "embedding"][1] == "Michael"
        first = next(node for node in graph["nodes"] if node["feature_type"] == "cross layer transcoder")
        assert (first["node_id"], first["feature"]) == ("1_7_2", cantor(1, 7))
        assert first["activation"] == (18.9 if which == "a" else 0.0)
        assert first["clerp"] == "L1 #7 · Not recognised"


def test_a_contrast_is_two_graphs_with_one_list_of_groups() -> None:
    drawn = drawn_of()
    a, b = (attribution_graph(drawn, which, ORIGIN) for which in drawn.sides)
    assert a["qParams"]["supernodes"] == b["qParams"]["supernodes"]
    assert [label for label, *_ in a["qParams"]["supernodes"]] == [
        GROUP_ROLES["not_recognised"].name,
        GROUP_ROLES["recognised"].name,
    ]
    assert a["metadata"]["slug"] != b["metadata"]["slug"]
    into = [[link["weight"] for link in graph["links"] if link["target"].startswith("2_")] for graph in (a, b)]
    assert into[0] == [4.1, -0.2] and into[1] == [-4.1, 0.2]
    assert len(a["links"]) == len(b["links"]) + 1, "the one edge is of the first prompt"


def test_errors_features_tokens_and_outputs_never_share_an_id() -> None:
    """Of layer 0 a feature `n` and of layer `n` an error stood in one place upstream: 0_{layer}_{pos}."""
    drawn, chance = drawn_of(), random.Random(0)
    opening = drawn.opening
    drawn.nodes.clear()
    drawn.layer_of.clear()
    for layer in range(6):
        for column in range(len(opening.columns)):
            for index in [*chance.sample(range(16), 6), *range(3)]:
                node = CircuitNode(kind="sae", index=index, column=column, a=1.0, b=0.0, effect=0.1, relp=0.1)
                if (node.index, column) not in {
                    (one.index, one.column) for one, at in zip(drawn.nodes, drawn.layer_of, strict=True) if at == layer
                }:
                    drawn.nodes.append(node)
                    drawn.layer_of.append(layer)
            drawn.nodes.append(CircuitNode(kind="error", index=0, column=column, a=1.0, b=0.5, effect=-0.1, relp=0.1))
            drawn.layer_of.append(layer)
    drawn.edges.clear()
    for which in drawn.sides:
        check_schema(attribution_graph(drawn, which, ORIGIN))


def test_features_of_different_layers_have_different_numbers() -> None:
    numbers = {cantor(layer, index) for layer in range(30) for index in range(300)}
    assert len(numbers) == 30 * 300


def test_influence_is_the_share_of_a_node_and_all_stronger_ones() -> None:
    graph = attribution_graph(drawn_of(), "a", ORIGIN)
    shares = [node["influence"] for node in graph["nodes"] if node["feature_type"] == "cross layer transcoder"]
    assert shares == [pytest.approx(4.1 / 4.3, abs=1e-6), 1.0]


def test_a_node_without_a_token_on_a_side_stays_out_of_its_graph() -> None:
    drawn = drawn_of()
    columns = list(drawn.opening.columns)
    columns[2] = AlignedColumn(a=2, b=None, place="name")
    drawn.opening = drawn.opening.model_copy(update={"columns": tuple(columns)})
    a, b = (attribution_graph(drawn, which, ORIGIN) for which in drawn.sides)
    check_schema(b)
    features = [
        [node for node in graph["nodes"] if node["feature_type"] == "cross layer transcoder"] for graph in (a, b)
    ]
    assert [len(one) for one in features] == [2, 0]
    assert b["links"] == []


def test_white_space_and_hostile_text_are_shown_as_text() -> None:
    drawn = drawn_of()
    side = drawn.opening.sides[0]
    hostile = side.tokens[1].model_copy(update={"text": "\n</script>(p="})
    sides = (side.model_copy(update={"tokens": (side.tokens[0], hostile, *side.tokens[2:])}), *drawn.opening.sides[1:])
    drawn.opening = drawn.opening.model_copy(update={"sides": sides})
    graph = attribution_graph(drawn, "a", ORIGIN)
    check_schema(graph)
    assert graph["metadata"]["prompt_tokens"][1] == "⏎</script>(p="


def test_a_token_that_looks_like_a_label_is_read_back_with_its_probability() -> None:
    drawn = drawn_of()
    odd = drawn.opening.target.up.model_copy(update={"text": '"(p=9)'})
    drawn.opening = drawn.opening.model_copy(update={"target": drawn.opening.target.model_copy(update={"up": odd})})
    graph = attribution_graph(drawn, "a", ORIGIN)
    check_schema(graph)
    assert 'Output "″(p =9)" (p=0.900)' in [node["clerp"] for node in graph["nodes"]]


def test_what_is_pinned_is_the_output_and_each_groups_strongest() -> None:
    """149 pinned nodes, one by one, were more than that viewer's layout bears: nothing was drawn behind them."""
    drawn = drawn_of()
    node, layer, group = drawn.nodes[0], drawn.layer_of[0], drawn.groups[0]
    for index in range(100, 200):
        drawn.nodes.append(node.model_copy(update={"index": index, "effect": index / 10}))
        drawn.layer_of.append(layer)
    members = (*group.members, *range(2, len(drawn.nodes)))
    drawn.groups = (group.model_copy(update={"members": members}), *drawn.groups[1:])
    graph = attribution_graph(drawn, "a", ORIGIN)
    check_schema(graph)
    output = next(node["node_id"] for node in graph["nodes"] if node["is_target_logit"])
    strongest = [f"1_{index}_2" for index in range(199, 199 - MOST_PINNED, -1)]
    assert graph["qParams"]["pinnedIds"] == [*strongest, "1_4_2", output]
    assert graph["qParams"]["clickedId"] == strongest[0]
    assert len(graph["qParams"]["supernodes"][0]) == 1 + len(members), "the group itself is whole"


def test_transcoder_latents_have_their_own_ids_and_lead_to_the_output_directly() -> None:
    """From every layer, each side by its own effect."""
    drawn = drawn_of(basis="transcoder")
    drawn.nodes = [
        node.model_copy(update={"direct_a": 0.5 + number, "direct_b": -0.25 * number})
        for number, node in enumerate(drawn.nodes)
    ]
    for which in drawn.sides:
        graph = attribution_graph(drawn, which, ORIGIN)
        check_schema(graph)
        assert graph["metadata"]["transcoder_list"] == [one.id for one in drawn.opening.dictionaries]
        outputs = {node["node_id"] for node in graph["nodes"] if node["is_target_logit"]}
        led = {link["source"]: link["weight"] for link in graph["links"] if link["target"] in outputs}
        for number, node in enumerate(drawn.nodes):
            column = drawn.opening.columns[node.column]
            pos, direct = (column.a, node.direct_a) if which == "a" else (column.b, node.direct_b)
            one = f"{drawn.layer_of[number]}_{-1 if node.kind == 'error' else node.index}_{pos}"
            assert pos is None or led.get(one, 0.0) == direct


def test_log_odds_lead_to_all_that_refuses_with_its_probability() -> None:
    drawn = read_circuit(b"".join(circuit_recording()))
    target = drawn.opening.target.model_copy(update={"openings": (5, 9)})
    drawn.opening = drawn.opening.model_copy(update={"target": target})
    graph = attribution_graph(drawn, "b", ORIGIN)
    outputs = [node for node in graph["nodes"] if node["feature_type"] == "logit"]
    m = drawn.opening.sides[1].m
    assert outputs[0]["token_prob"] == pytest.approx(1 / (1 + math.exp(-m)))
    assert sum(one["token_prob"] for one in outputs) == pytest.approx(1)
    assert [one["is_target_logit"] for one in outputs] == [True, False]
