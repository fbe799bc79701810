"""A circuit as tables: its groups, arrows, default tests, nodes, edges and heads, each with the control that was run.

For whoever reads without a picture, and as CSV. Knows a recording, and nothing about pages.
"""

from collections.abc import Iterator

from app.recordings.circuit import DrawnCircuit, SideName
from app.recordings.circuit_effects import change_of, gap_missing
from app.wording.circuit import default_claim, group_claim, who_is
from protocol.circuit import DEFAULT_TESTS, GROUP_ROLES
from protocol.worker.circuit_frames import NodeGroup, RandomBand
from protocol.worker.study_frames import Cell, Column, Figure

NODE_KINDS = {"sae": "latent", "mlp": "neuron", "tc": "transcoder latent", "head": "head", "error": "error"}
_LOGITS = "logits"


def circuit_tables(drawn: DrawnCircuit) -> dict[str, Figure]:
    """By id, those that have a row."""
    made = (_groups(drawn), _arrows(drawn), _defaults(drawn), _nodes(drawn), _edges(drawn), _heads(drawn))
    return {table.id: table for table in made if table.rows}


def _groups(drawn: DrawnCircuit) -> Figure:
    pair = len(drawn.sides) > 1
    names = {group.id: _name(group) for group in drawn.groups}
    rows = [
        (
            names[group.id],
            GROUP_ROLES[group.role].where,
            group.n_members,
            None if gap_missing(drawn) else group.share,
            *(cell for side in drawn.sides for cell in _effect(drawn, group, side)),
            *(change.measured if (change := getattr(group, f"off_{side}")) else None for side in drawn.sides if pair),
        )
        for group in drawn.groups
    ]
    told = "swapped" if pair else "off"
    return _table(
        "groups",
        "Groups, and what the model does without them",
        (
            Column(name="group"),
            Column(name="where"),
            Column(name="nodes"),
            Column(name="of the gap", unit="share"),
            *(
                Column(name=f"{name}, {who_is(drawn, side)}", unit=_LOGITS)
                for side in drawn.sides
                for name in (f"{told}: m by", "graph predicts", "random low", "random high")
            ),
            *(Column(name=f"off: m by, {who_is(drawn, side)}", unit=_LOGITS) for side in drawn.sides if pair),
        ),
        rows,
        notes=(
            f"Roles were read off {drawn.named_by[0]:,} known and {drawn.named_by[1]:,} unknown names."
            if any(drawn.named_by)
            else "",
            *(group_claim(drawn, group, side) for group in drawn.groups for side in drawn.sides),
        ),
    )


def _effect(drawn: DrawnCircuit, group: NodeGroup, side: SideName) -> tuple[Cell, ...]:
    change = change_of(drawn, group, side)
    if change is None:
        return (None,) * 4
    return change.measured, change.predicted, *_band(change.control)


def _arrows(drawn: DrawnCircuit) -> Figure:
    names = {group.id: _name(group) for group in drawn.groups}
    return _table(
        "arrows",
        "Arrows: what happens to one group when another is swapped",
        (
            Column(name="from"),
            Column(name="to"),
            *(
                Column(name=f"{name}, {who_is(drawn, side)}", unit="share")
                for side in drawn.sides
                for name in ("of the way", "random low", "random high")
            ),
        ),
        [
            (
                names.get(arrow.source, arrow.source),
                "m" if arrow.target is None else names.get(arrow.target, arrow.target),
                *(
                    cell
                    for side in drawn.sides
                    for cell in (getattr(arrow, f"in_{side}"), *_band(getattr(arrow, f"control_{side}")))
                ),
            )
            for arrow in drawn.arrows
        ],
    )


def _defaults(drawn: DrawnCircuit) -> Figure:
    return _table(
        "defaults",
        "Default tests: where it can't know whom it is asked about",
        (
            Column(name="test"),
            *(
                Column(name=f"{name}, {who_is(drawn, side)}", unit=_LOGITS)
                for side in drawn.sides
                for name in ("m", "random low", "random high")
            ),
        ),
        [
            (
                DEFAULT_TESTS[result.test],
                *(
                    cell
                    for at in range(len(drawn.sides))
                    for cell in (
                        result.m[at] if at < len(result.m) else None,
                        *_band(result.control[at] if at < len(result.control) else None),
                    )
                ),
            )
            for result in drawn.defaults
        ],
        notes=tuple(default_claim(drawn, result.test, side) for result in drawn.defaults for side in drawn.sides),
    )


def _nodes(drawn: DrawnCircuit) -> Figure:
    """The strongest first."""
    numbers = sorted(range(len(drawn.nodes)), key=lambda number: -abs(drawn.nodes[number].effect))
    pair = len(drawn.sides) > 1
    return _table(
        "nodes",
        "Nodes: what each does to m, by the graph and in the model",
        (
            *(Column(name=name) for name in ("number", "kind", "layer", "index", "token", "group")),
            *(Column(name=f"activation, {who_is(drawn, side)}") for side in drawn.sides),
            Column(name="gradient", unit=_LOGITS),
            Column(name="RelP", unit=_LOGITS),
            *(
                Column(name=f"{'swapped' if pair else 'off'}: m by, {who_is(drawn, side)}", unit=_LOGITS)
                for side in drawn.sides
            ),
        ),
        [_node(drawn, number) for number in numbers],
    )


def _node(drawn: DrawnCircuit, number: int) -> tuple[Cell, ...]:
    node, layer = drawn.nodes[number], drawn.layer_of[number]
    return (
        number,
        NODE_KINDS[node.kind],
        layer,
        node.index,
        token_at(drawn, node.column),
        GROUP_ROLES[node.role].name if node.role else "",
        *(node.a if side == "a" else node.b for side in drawn.sides),
        node.effect,
        node.relp,
        *drawn.checked.get(number, (None, None))[: len(drawn.sides)],
    )


def token_at(drawn: DrawnCircuit, column: int) -> str:
    """The token of a column, of the first prompt if it has one there."""
    if column >= len(drawn.opening.columns):
        return ""
    at = drawn.opening.columns[column]
    if at.a is not None:
        return drawn.opening.sides[0].tokens[at.a].text
    return drawn.opening.sides[1].tokens[at.b].text if at.b is not None else ""


def _edges(drawn: DrawnCircuit) -> Figure:
    return _table(
        "edges",
        "Edges: what one node does directly to another",
        (
            Column(name="prompt"),
            Column(name="from"),
            Column(name="to"),
            Column(name="edge"),
            Column(name="QK part"),
        ),
        [
            (who_is(drawn, edges.side), sender, receiver, weight, through)
            for edges in drawn.edges
            for sender, receiver, weight, through in zip(
                edges.senders, edges.receivers, edges.weights, edges.through, strict=True
            )
        ],
        notes=("From and to are numbers of the table of nodes.",),
    )


def _heads(drawn: DrawnCircuit) -> Figure:
    fields = ("attention", "output", "pattern")
    heads = {"attention": "attention to the name", "output": "output swapped: m by", "pattern": "pattern swapped: m by"}
    return _table(
        "heads",
        "Heads: where they look, and what they move",
        (
            Column(name="layer"),
            Column(name="head"),
            *(
                Column(name=f"{heads[name]}, {who_is(drawn, side)}", unit="share" if name == "attention" else _LOGITS)
                for side in drawn.sides
                for name in fields
            ),
        ),
        [
            (head.layer, head.head, *(getattr(head, f"{name}_{side}") for side in drawn.sides for name in fields))
            for head in drawn.heads
        ],
    )


def _table(
    id: str, title: str, columns: tuple[Column, ...], rows: list[tuple[Cell, ...]], notes: tuple[str, ...] = ()
) -> Figure:
    told = tuple(dict.fromkeys(note for note in notes if note))
    return Figure(seq=0, id=id, title=title, columns=columns, rows=tuple(rows), notes=told)


def _name(group: NodeGroup) -> str:
    return GROUP_ROLES[group.role].name


def _band(band: RandomBand | None) -> Iterator[float | None]:
    yield band.low if band else None
    yield band.high if band else None
