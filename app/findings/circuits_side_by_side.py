"""Two circuits beside each other, line by line: what was asked, m of each prompt, and what was measured of each group.
Knows nothing about pages."""

from app.findings.side_by_side import ABSENT, ComparedFinding, Line, checked
from app.recordings.circuit import DrawnCircuit, SideName
from app.recordings.circuit_effects import change_of
from app.wording.circuit import circuit_claim, m_text
from app.wording.provenance import Detail, circuit_provenance
from protocol.circuit import GROUP_ROLES
from protocol.worker.circuit_frames import MeasuredChange


def circuit_lines(left: ComparedFinding, right: ComparedFinding) -> tuple[Line, ...]:
    """Of two sides that both have a circuit."""
    assert left.finding and right.finding and left.drawn and right.drawn
    both = left.drawn, right.drawn
    asked = [
        Line(name, "prompt", pair, pair[0] != pair[1])
        for name, side in (("question", "a"), ("second question", "b"))
        if any(pair := tuple(_prompt(drawn, side) for drawn in both))
    ]
    told = [_measured(drawn) for drawn in both]
    facts = [circuit_provenance(drawn) for drawn in both]
    rows = {name: tuple(one.get(name, ABSENT) for one in told) for name in dict.fromkeys([*told[0], *told[1]])}
    rows |= {name: tuple(one.get(name, ABSENT) for one in facts) for name in dict.fromkeys([*facts[0], *facts[1]])}
    rows["verification"] = (checked(left.finding.verified), checked(right.finding.verified))
    lines = (
        Line(name, "fact", pair, (pair[0].value, pair[0].more) != (pair[1].value, pair[1].more))
        for name, pair in rows.items()
    )
    return (*asked, *lines)


def _prompt(drawn: DrawnCircuit, side: str) -> str:
    request = drawn.opening.request
    return request.prompt if side == "a" else request.beside.prompt if request.beside else ""


def _measured(drawn: DrawnCircuit) -> dict[str, Detail]:
    told = {"claim": Detail(circuit_claim(drawn) or "nothing was measured")}
    for side in drawn.sides:
        told["m" if side == "a" else "m, second"] = Detail(m_text(drawn.side(side).m))
    for group in drawn.groups:
        for side in drawn.sides:
            name = f"{GROUP_ROLES[group.role].name}, {_where(side)}"
            told[name] = Detail(_change(change_of(drawn, group, side)))
    return told


def _where(side: SideName) -> str:
    return "first prompt" if side == "a" else "second prompt"


def _change(change: MeasuredChange | None) -> str:
    if change is None:
        return "not measured"
    band = change.control
    beside = f" (random {m_text(band.low)} to {m_text(band.high)})" if band else " (no control)"
    return f"m by {m_text(change.measured)}{beside}"
