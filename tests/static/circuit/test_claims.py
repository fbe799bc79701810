"""A circuit's claim is worded by the app (app/wording/circuit.py) as by the page (static/circuit/claim.js), and tells
nothing that was not measured: a table of cases."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.recordings.circuit import read_circuit
from app.wording.circuit import circuit_claim, default_claim, outcome_of
from protocol.worker.circuit_frames import (
    Circuit,
    DefaultResult,
    Defaults,
    MeasuredChange,
    NodeGroup,
    NodeGroups,
    RandomBand,
)
from protocol.worker.circuits import ReadTarget, TokensTarget
from protocol.worker.frames import Frame
from tests.app.circuit_frames import CIRCUIT, circuit_frames
from tests.app.frames import TARGET
from tests.static.javascript import JavaScript

Change = Callable[[list[Frame]], list[Frame]]
BAND = RandomBand(n=16, mean=0.0, low=-0.1, high=0.25)
ALONE = CIRCUIT.model_copy(update={"beside": None})


def _each(kind: type, **changes: object) -> Change:
    return lambda frames: [one.model_copy(update=changes) if isinstance(one, kind) else one for one in frames]


def _groups(change: Callable[[NodeGroup], NodeGroup | None]) -> Change:
    def changed(frames: list[Frame]) -> list[Frame]:
        (told,) = (frame for frame in frames if isinstance(frame, NodeGroups))
        groups = tuple(new for group in told.groups if (new := change(group)))
        return _each(NodeGroups, groups=groups)(frames)

    return changed


def _without_control(group: NodeGroup) -> NodeGroup:
    names = ("to_other_a", "to_other_b", "off_a", "off_b")
    return group.model_copy(
        update={name: own.model_copy(update={"control": None}) for name in names if (own := getattr(group, name))}
    )


def _measured(a: float, b: float) -> Change:
    def change(group: NodeGroup) -> NodeGroup:
        moved = {"to_other_a": a, "to_other_b": b} if group.role == "recognised" else {"to_other_a": 0, "to_other_b": 0}
        return group.model_copy(
            update={name: MeasuredChange(measured=value, predicted=0.0, control=BAND) for name, value in moved.items()}
        )

    return _groups(change)


def _side(which: int, **changes: object) -> Change:
    def changed(frames: list[Frame]) -> list[Frame]:
        (opening,) = (frame for frame in frames if isinstance(frame, Circuit))
        sides = list(opening.sides)
        sides[which] = sides[which].model_copy(update=changes)
        return _each(Circuit, sides=tuple(sides))(frames)

    return changed


def _called(which: int, name: str) -> Change:
    def changed(frames: list[Frame]) -> list[Frame]:
        (opening,) = (frame for frame in frames if isinstance(frame, Circuit))
        entity = opening.sides[which].entity.model_copy(update={"text": name})
        return _side(which, entity=entity)(frames)

    return changed


def _asking(target: object) -> Change:
    def changed(frames: list[Frame]) -> list[Frame]:
        (opening,) = (frame for frame in frames if isinstance(frame, Circuit))
        reads = "L2 #1" if isinstance(target, ReadTarget) else None
        used = opening.target.model_copy(update={"reads": reads, **({"up": None, "against": None} if reads else {})})
        request = opening.request.model_copy(update={"target": target})
        return _each(Circuit, request=request, target=used)(frames)

    return changed


@dataclass(frozen=True)
class Case:
    changes: tuple[Change, ...]
    claim: str
    alone: bool = False


BATKIN = (
    "Michael Batkin: “Recognised” is silent, and fires 9.50 on Michael Jordan. Set as on Michael Jordan, m goes from "
)
SILENT = "Michael Jordan: “Not recognised” is silent, and fires 18.9 on Michael Batkin. Set as on Michael Batkin, "
REACH = "16 random pushes of that size reach −7.10 to −6.75."
CASES = {
    "what turns the answer leads": Case((), f"{SILENT}m goes from −7.00 to +0.500: it refuses; {REACH}"),
    "one prompt alone is taken apart": Case(
        (),
        "Michael Batkin: “Not recognised” fires 18.9. Taken away, m goes from +8.00 to +3.80; 16 random pushes of that "
        "size reach +7.90 to +8.25.",
        alone=True,
    ),
    "no effect without its control": Case((_groups(_without_control),), ""),
    "no group, no claim": Case((_groups(lambda _: None),), ""),
    "before anything is measured there is nothing to say": Case((lambda frames: frames[:2],), ""),
    "groups that only say where they are don't lead": Case(
        (_groups(lambda group: group.model_copy(update={"role": "rest"})),), ""
    ),
    "what turns nothing is a share of the gap": Case(
        (_measured(-3.0, 2.0),),
        f"{BATKIN}+8.00 to +5.00, 20 % of the gap; 16 random pushes of that size reach +7.90 to +8.25.",
    ),
    "a tiny share is not rounded to none": Case(
        (_measured(-0.12, 0.0),),
        f"{BATKIN}+8.00 to +7.88, < 1 % of the gap; 16 random pushes of that size reach +7.90 to +8.25.",
    ),
    "two tokens are named": Case(
        (_asking(TokensTarget()),), f"{SILENT}m goes from −7.00 to +0.500: “I” comes first; {REACH}"
    ),
    "a reading turns no token": Case(
        (_asking(ReadTarget(of=TARGET)),), f"{SILENT}m goes from −7.00 to +0.500, 50 % of the gap; {REACH}"
    ),
    "names that are one are told apart by their place": Case(
        (_called(0, "Michael Jordan"),),
        "second prompt: “Not recognised” is silent, and fires 18.9 on first prompt. Set as on first prompt, m goes "
        f"from −7.00 to +0.500: it refuses; {REACH}",
    ),
    "hostile names stay words": Case(
        (_called(1, "{who} <b>$&"),),
        f"{{who}} <b>$&{SILENT.removeprefix('Michael Jordan')}m goes from −7.00 to +0.500: it refuses; {REACH}",
    ),
    "without a gap there is no share": Case(
        (_side(1, m=8.0), _measured(-3.0, 0.0)),
        f"{BATKIN}+8.00 to +5.00; 16 random pushes of that size reach +7.90 to +8.25.",
    ),
    "a group of which no node is told has no activation to tell": Case(
        (_groups(lambda group: group.model_copy(update={"members": ()})),),
        "Michael Jordan: “Not recognised” has no node that is told. Set as on Michael Batkin, m goes from −7.00 to "
        f"+0.500: it refuses; {REACH}",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_circuits_claim_is_the_tables_and_the_pages(javascript: JavaScript, case: Case) -> None:
    frames = circuit_frames(ALONE if case.alone else CIRCUIT)
    frames.insert(
        -1,
        Defaults(
            seq=0,
            results=(
                DefaultResult(
                    test="name_hidden", m=(2.6, 2.6)[: 2 - case.alone], control=(None, BAND)[: 2 - case.alone]
                ),
                DefaultResult(test="recognition_off", m=(8.1, -0.7)[: 2 - case.alone], control=(BAND, None)),
            ),
        ),
    )
    for change in case.changes:
        frames = change(frames)
    drawn = read_circuit(b"".join(frame.model_dump_json().encode() + b"\n" for frame in frames))
    assert circuit_claim(drawn) == case.claim
    told = {
        "claim": case.claim,
        "outcomes": [outcome_of(drawn, drawn.side(side).m) for side in drawn.sides],
        "defaults": [default_claim(drawn, result.test, side) for result in drawn.defaults for side in drawn.sides],
    }
    plain = [json.loads(frame.model_dump_json()) for frame in frames]
    assert javascript.call("tests/static/circuit/told_claims.js", "toldClaims", plain) == told
