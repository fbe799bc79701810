"""A circuit as the file that viewers of attribution graphs read: Neuronpedia's schema, and what the viewer that comes
with circuit-tracer takes for granted. A contrast is two files, one a prompt, with one list of groups.

    node_id       {layer}_{index}_{pos}; an error {layer}_-1_{pos}, for 0_{layer}_{pos} would be a latent of layer 0;
                  a token E_{token}_{pos}; an output {layers}_{token}_{pos}
    feature       Cantor pair of layer and index, one number for both
    influence     share of all |effect| that this node and all stronger ones have: what their pruning slider compares
    links         edges of that prompt by RelP; of the last layer's nodes into the output their effect on m, in the
                  second file with its sign turned: there m is the second's, beside the first. By transcoders direct
                  effects throughout, on that side's m those of every layer

A node without a token on that side stays out; one that does not fire there stands with activation 0. Labels are on the
nodes (clerp): the two viewers read `qParams.clerps` differently. Pinned are the output and of each group its
strongest members: circuit-tracer's viewer lays pinned nodes out one by one, and with a hundred of them it stops.
Knows a recording, and no page.
"""

import json
from dataclasses import dataclass

from app.recordings.circuit import DrawnCircuit, SideName
from app.recordings.circuit_effects import odds_as_probability
from app.version import VERSION
from protocol.circuit import GROUP_ROLES
from protocol.steering import latent_name
from protocol.worker.circuit_frames import CircuitNode, NodeGroup
from protocol.worker.tokens import NextToken

GraphJson = dict[str, object]
MOST_PINNED = 6  # of a group
_SHOWN_WHITESPACE = {"\n": "⏎", "\t": "→", "\r": "↵"}


@dataclass(frozen=True)
class GraphOrigin:
    """Where the file comes from: its name, its finding's address and title, when that was saved, in ms."""

    slug: str
    title: str
    url: str
    created_ms: int


def graph_file(drawn: DrawnCircuit, which: SideName, origin: GraphOrigin) -> bytes:
    return json.dumps(attribution_graph(drawn, which, origin), ensure_ascii=False, indent=1).encode()


def attribution_graph(drawn: DrawnCircuit, which: SideName, origin: GraphOrigin) -> GraphJson:
    side, opening = drawn.side(which), drawn.opening
    ids = _node_ids(drawn, which)
    influence, roles = _influence(drawn), _roles(drawn)
    pinned = _pinned(drawn, ids)
    supernodes = [
        [_label(group), *(ids[number] for number in group.members if number in ids)] for group in _named(drawn)
    ]
    asked = opening.request
    prompt = asked.prompt if which == "a" or asked.beside is None else asked.beside.prompt
    return {
        "metadata": {
            "slug": f"{origin.slug}-{which}",
            "scan": opening.model.id,
            "transcoder_list": [one.id for one in opening.dictionaries],
            "prompt_tokens": [_shown(token.text) for token in side.tokens],
            "prompt": prompt,
            "node_threshold": 1.0,
            "info": {
                "description": _description(drawn, which, origin),
                "generator": {"name": "Hallucinoscope", "version": VERSION, "url": origin.url},
                "create_time_ms": origin.created_ms,
            },
            "generation_settings": {
                "basis": asked.basis,
                "max_feature_nodes": asked.n_nodes,
                "max_edges": asked.n_edges,
                "midpoints": asked.midpoints,
                "attribution": _attribution(drawn),
            },
            "pruning_settings": {"node_threshold": 1.0},
        },
        "qParams": {
            "pinnedIds": [*(ids[number] for number in pinned), _output_id(drawn, which)],
            "supernodes": supernodes,
            "linkType": "both",
            "clickedId": ids[pinned[0]] if pinned else "",
            "sg_pos": "",
        },
        "nodes": [
            *_tokens(drawn, which),
            *(_node(drawn, which, number, ids[number], influence[number], roles.get(number, "")) for number in ids),
            *_outputs(drawn, which),
        ],
        "links": _links(drawn, which, ids),
    }


def cantor(layer: int, index: int) -> int:
    return (layer + index) * (layer + index + 1) // 2 + index


def _node_ids(drawn: DrawnCircuit, which: SideName) -> dict[int, str]:
    """By number, of those that have a token on that side."""
    found = {}
    for number, node in enumerate(drawn.nodes):
        pos = _pos(drawn, which, node)
        if pos is not None:
            index = -1 if node.kind == "error" else node.index
            found[number] = f"{drawn.layer_of[number]}_{index}_{pos}"
    return found


def _pinned(drawn: DrawnCircuit, ids: dict[int, str]) -> list[int]:
    """Of each group those that do most; the strongest of all first."""

    def effect(number: int) -> float:
        return abs(drawn.nodes[number].effect)

    own = ([one for one in group.members if one in ids] for group in drawn.groups)
    first = [number for members in own for number in sorted(members, key=effect, reverse=True)[:MOST_PINNED]]
    return sorted(first, key=effect, reverse=True)


def _pos(drawn: DrawnCircuit, which: SideName, node: CircuitNode) -> int | None:
    column = drawn.opening.columns[node.column]
    return column.a if which == "a" else column.b


def _influence(drawn: DrawnCircuit) -> list[float]:
    sizes = [abs(node.effect) for node in drawn.nodes]
    total, so_far, found = sum(sizes) or 1.0, 0.0, [1.0] * len(sizes)
    for number in sorted(range(len(sizes)), key=lambda number: -sizes[number]):
        so_far += sizes[number]
        found[number] = min(1.0, round(so_far / total, 6))
    return found


def _roles(drawn: DrawnCircuit) -> dict[int, str]:
    """By number, the name of the group that it is in."""
    return {number: _label(group) for group in drawn.groups for number in group.members}


def _node(drawn: DrawnCircuit, which: SideName, number: int, node_id: str, influence: float, role: str) -> GraphJson:
    node, layer = drawn.nodes[number], drawn.layer_of[number]
    is_error = node.kind == "error"
    name = f"L{layer}, what no dictionary reads" if is_error else latent_name(layer, node.index)
    return {
        "node_id": node_id,
        "feature": -1 if is_error else cantor(layer, node.index),
        "layer": str(layer),
        "ctx_idx": _pos(drawn, which, node),
        "feature_type": "mlp reconstruction error" if is_error else "cross layer transcoder",
        "jsNodeId": f"{layer}_{-1 if is_error else node.index}-0",
        "clerp": f"{name} · {role}" if role else name,
        "token_prob": 0.0,
        "is_target_logit": False,
        "run_idx": 0,
        "reverse_ctx_idx": 0,
        "influence": influence,
        "activation": node.a if which == "a" else node.b,
    }


def _tokens(drawn: DrawnCircuit, which: SideName) -> list[GraphJson]:
    return [
        {
            "node_id": f"E_{token.id}_{pos}",
            "feature": pos,
            "layer": "E",
            "ctx_idx": pos,
            "feature_type": "embedding",
            "jsNodeId": f"E_{token.id}-{pos}",
            "clerp": _shown(token.text),
            "token_prob": 0.0,
            "is_target_logit": False,
            "run_idx": 0,
            "reverse_ctx_idx": 0,
            "influence": None,
            "activation": None,
        }
        for pos, token in enumerate(drawn.side(which).tokens)
    ]


def _outputs(drawn: DrawnCircuit, which: SideName) -> list[GraphJson]:
    """What m is made of, the token up first, with all that go with it; of a reading one node, which is no token."""
    target, side = drawn.opening.target, drawn.side(which)
    layer, pos = _output_layer(drawn), len(side.tokens) - 1
    probs = {token.id: token.prob for token in side.top}
    outputs: list[tuple[int, str, float]] = [
        (token.id, token.text, probs.get(token.id, 0.0)) for token in _targets(drawn)
    ] or [(0, target.reads or "m", 1.0)]
    if target.openings:
        p = odds_as_probability(side.m)
        (up, text, _), (against, other, _) = outputs
        own = next((token.text for token in side.top if not token.opens_refusal), other)
        outputs = [(up, f"{text} …: refuses", p), (against, f"{own} …: all others", 1 - p)]
    return [
        {
            "node_id": _output_id(drawn, which, token),
            "feature": token,
            "layer": str(layer),
            "ctx_idx": pos,
            "feature_type": "logit",
            "jsNodeId": f"L_{token}-{pos}",
            "clerp": f'Output "{_quotable(text)}" (p={prob:.3f})',
            "token_prob": prob,
            "is_target_logit": n == 0,
            "run_idx": 0,
            "reverse_ctx_idx": 0,
            "influence": None,
            "activation": None,
        }
        for n, (token, text, prob) in enumerate(outputs)
    ]


def _targets(drawn: DrawnCircuit) -> list[NextToken]:
    target = drawn.opening.target
    return [token for token in (target.up, target.against) if token is not None]


def _output_layer(drawn: DrawnCircuit) -> int:
    return max(drawn.layer_of, default=0) + 1


def _output_id(drawn: DrawnCircuit, which: SideName, token: int | None = None) -> str:
    """token None: the one up, which what leads to m leads to."""
    if token is None:
        token = next((one.id for one in _targets(drawn)), 0)
    return f"{_output_layer(drawn)}_{token}_{len(drawn.side(which).tokens) - 1}"


def _links(drawn: DrawnCircuit, which: SideName, ids: dict[int, str]) -> list[GraphJson]:
    links: list[GraphJson] = [
        {"source": ids[sender], "target": ids[receiver], "weight": weight}
        for edges in drawn.edges
        if edges.side == which
        for sender, receiver, weight in zip(edges.senders, edges.receivers, edges.weights, strict=True)
        if sender in ids and receiver in ids
    ]
    output, last = _output_id(drawn, which), max(drawn.layer_of, default=0)
    if _transcodes(drawn):
        direct = {number: _direct(drawn, which, number) for number in ids}
        return links + [
            {"source": ids[one], "target": output, "weight": effect} for one, effect in direct.items() if effect
        ]
    sign = 1.0 if which == "a" else -1.0
    links += [
        {"source": ids[number], "target": output, "weight": sign * drawn.nodes[number].effect}
        for number in ids
        if drawn.layer_of[number] == last and drawn.nodes[number].effect
    ]
    return links


def _transcodes(drawn: DrawnCircuit) -> bool:
    return drawn.opening.request.basis == "transcoder"


def _direct(drawn: DrawnCircuit, which: SideName, number: int) -> float | None:
    node = drawn.nodes[number]
    return node.direct_a if which == "a" else node.direct_b


def _attribution(drawn: DrawnCircuit) -> str:
    if _transcodes(drawn):
        return "direct effects, where heads look, norms and MLPs as they were; tokens' own are left out"
    return "RelP edges between neighbouring layers"


def _named(drawn: DrawnCircuit) -> list[NodeGroup]:
    return [group for group in drawn.groups if group.members]


def _label(group: NodeGroup) -> str:
    return GROUP_ROLES[group.role].name


def _description(drawn: DrawnCircuit, which: SideName, origin: GraphOrigin) -> str:
    """What a viewer of graphs can't know."""
    contrast = len(drawn.sides) > 1
    other = " It is the other file of the same finding." if contrast else ""
    beside = f" Effects are on m beside the other prompt's.{other}" if contrast else ""
    m = drawn.side(which).m
    return (
        f"{origin.title}. m = {m:.3g}: the first output's logit less the second's; links into the first output are "
        f"effects on m.{beside} Nodes are {drawn.opening.request.basis}; what a node really does, with its controls, "
        f"stands at {origin.url}"
    )


def _shown(text: str) -> str:
    """White space that a viewer would swallow, drawn."""
    return "".join(_SHOWN_WHITESPACE.get(one, one) for one in text)


def _quotable(text: str) -> str:
    """In an output's label, whose token is read back between quotes and its probability behind `(p=`."""
    return _shown(text).replace('"', "″").replace("(p=", "(p =")
