"""Does a circuit still hold? It is drawn again on the worker that is here now, and what was measured is compared.

1. the request of the recording's first frame is asked again, behind those who wait         check_circuit
2. tokens must be the same, each m, each node's score, each checked effect, each group's
   and arrow's measured effect and its control within the tolerance; a node that is no
   longer told must have been about as weak as the weakest that is                          compare_circuits

Knows nothing about HTTP, the database or pages.
"""

import asyncio
from collections.abc import Callable

from pydantic import ValidationError

from app.clock import timestamp
from app.findings.study_check import PieceComparison
from app.findings.verification import tolerance_of
from app.recordings.circuit import DrawnCircuit, NodePlace, read_circuit
from app.worker.client import WorkerClient, WorkerLost
from protocol.app.verify import Verification
from protocol.refusal import Refused
from protocol.steering import latent_name
from protocol.worker.circuit_frames import MeasuredChange, RandomBand
from protocol.worker.frames import FRAME, Done, Error

_BEFORE = "the circuit was drawn again", "A recording is compared with a whole one."

_OF_A_NODE = {"a": "activation in a", "b": "activation in b", "effect": "score", "relp": "score by RelP"}


async def check_circuit(
    worker: WorkerClient, recording: bytes, arrived: Callable[[], None] = lambda: None
) -> Verification:
    """recording: of the present protocol. arrived: called at each line. What can't be drawn again at all is a verdict
    too."""
    checked = timestamp()
    then = await asyncio.to_thread(read_circuit, recording)
    try:
        async with worker.answer(then.opening.request, lane="background") as lines:
            again = []
            async for line in lines:
                again.append(line)
                arrived()
        end = FRAME.validate_json(again[-1]) if again else None
        if isinstance(end, Error):
            raise Refused.of(503, end.refusal)
        if not isinstance(end, Done):
            raise WorkerLost("it ended before it was whole")
        now = await asyncio.to_thread(read_circuit, b"".join(again))
    except Refused as refused:
        return Verification(verdict="cannot_run", checked=checked, refusal=refused.refusal)
    except WorkerLost as lost:
        return Verification(verdict="cannot_run", checked=checked, refusal=lost.refusal(*_BEFORE))
    except ValidationError:
        return Verification(verdict="cannot_run", checked=checked, refusal=WorkerLost().refusal(*_BEFORE))
    found = compare_circuits(then, now)
    return Verification(
        verdict="drifted" if found.n_drifts else "reproduced",
        checked=checked,
        model=now.opening.model,
        tolerance=found.tolerance,
        n_tokens=found.n_tokens,
        n_tokens_kept=found.n_tokens_kept,
        n_numbers=found.n_numbers,
        largest_nats=found.largest_nats,
        first=found.first,
        n_drifts=found.n_drifts,
        changed=tuple(_changed(then, now)),
    )


def compare_circuits(then: DrawnCircuit, now: DrawnCircuit) -> PieceComparison:
    found = PieceComparison(tolerance=tolerance_of(then.opening.precision, now.opening.precision))
    _tokens(found, then, now)
    if found.n_drifts:  # columns are others: nothing stands beside what it was
        return found
    for which, old, new in zip(("a", "b"), then.opening.sides, now.opening.sides, strict=False):
        found.nats("m", f"prompt {which}", old.m, new.m)
    _nodes(found, then, now)
    _groups(found, then, now)
    _arrows(found, then, now)
    return found


def _tokens(found: PieceComparison, then: DrawnCircuit, now: DrawnCircuit) -> None:
    if len(then.opening.sides) != len(now.opening.sides):
        return found.drift("number of prompts", "circuit", len(then.opening.sides), len(now.opening.sides))
    for which, old, new in zip(("a", "b"), then.opening.sides, now.opening.sides, strict=False):
        found.n_tokens += len(old.tokens)
        ids, others = ([token.id for token in side.tokens] for side in (old, new))
        found.n_tokens_kept += sum(x == y for x, y in zip(ids, others, strict=False))
        if ids != others:
            found.drift("tokens", f"prompt {which}", len(ids), len(others))
    if then.opening.columns != now.opening.columns:
        found.drift("alignment", "circuit", "as recorded", "another")
    for name in ("up", "against"):
        old, new = (getattr(drawn.opening.target, name) for drawn in (then, now))
        if (old and old.id) != (new and new.id):
            found.drift("token", f"target, {name}", old and old.text, new and new.text)


def _nodes(found: PieceComparison, then: DrawnCircuit, now: DrawnCircuit) -> None:
    numbers = {now.place(number): number for number in range(len(now.nodes))}
    weakest: dict[int, float] = {}
    for number, node in enumerate(now.nodes):
        layer = now.layer_of[number]
        weakest[layer] = min(weakest.get(layer, abs(node.effect)), abs(node.effect))
    for number, node in enumerate(then.nodes):
        place = then.place(number)
        where, again = _words(place), numbers.get(place)
        if again is None:
            _measured(found, "score of a node that is not told now", where, abs(node.effect), weakest.get(place.layer))
            continue
        for name, words in _OF_A_NODE.items():
            _measured(found, words, where, getattr(node, name), getattr(now.nodes[again], name))
        if number in then.checked and again in now.checked:  # which ones are set one at a time claims nothing
            for side, old, new in zip("ab", then.checked[number], now.checked[again], strict=True):
                _measured(found, f"effect on m in {side}", where, old, new)


def _groups(found: PieceComparison, then: DrawnCircuit, now: DrawnCircuit) -> None:
    again = {group.id: group for group in now.groups}
    for group in then.groups:
        where, other = f"group {group.id}", again.get(group.id)
        if other is None:
            found.drift("group", where, f"{group.n_members} nodes", "none")
            continue
        if group.n_members != other.n_members:
            found.drift("number of nodes", where, group.n_members, other.n_members)
        _measured(found, "share of the gap", where, group.share, other.share)
        for name in ("to_other_a", "to_other_b", "off_a", "off_b"):
            _change(found, f"{where}, {name}", getattr(group, name), getattr(other, name))


def _arrows(found: PieceComparison, then: DrawnCircuit, now: DrawnCircuit) -> None:
    again = {(arrow.source, arrow.target): arrow for arrow in now.arrows}
    for arrow in then.arrows:
        where, other = f"arrow {arrow.source} → {arrow.target or 'm'}", again.get((arrow.source, arrow.target))
        for side in ("a", "b"):
            _measured(
                found, f"share in {side}", where, getattr(arrow, f"in_{side}"), getattr(other, f"in_{side}", None)
            )
            _band(found, where, getattr(arrow, f"control_{side}"), getattr(other, f"control_{side}", None))
    results = {result.test: result for result in now.defaults}
    for result in then.defaults:
        where, other_m = f"test {result.test}", results[result.test].m if result.test in results else ()
        for place, m in enumerate(result.m):
            _measured(found, "m", where, m, other_m[place] if place < len(other_m) else None)


def _change(found: PieceComparison, where: str, old: MeasuredChange | None, new: MeasuredChange | None) -> None:
    if old is None:
        return
    _measured(found, "effect on m", where, old.measured, new.measured if new else None)
    _measured(found, "prediction", where, old.predicted, new.predicted if new else None)
    _band(found, where, old.control, new.control if new else None)


def _band(found: PieceComparison, where: str, old: RandomBand | None, new: RandomBand | None) -> None:
    for name in ("mean", "low", "high") if old else ():
        again = getattr(new, name) if new else None
        _measured(found, f"{name} of random directions", where, getattr(old, name), again)


def _measured(found: PieceComparison, what: str, where: str, then: float | None, now: float | None) -> None:
    if then is None or now is None:
        if then is not None:  # what only a newer worker tells was never claimed
            found.drift(what, where, then, "not told")
    else:
        found.measured(what, where, then, now)


def _words(place: NodePlace) -> str:
    return f"node {latent_name(place.layer, place.index)} at column {place.column}"


def _changed(then: DrawnCircuit, now: DrawnCircuit) -> list[str]:
    """What ran differently, in words."""
    old, new = then.opening.model, now.opening.model
    told = []
    if old.sha256 != new.sha256:
        told.append(f"the model's files: sha256 {old.sha256[:12]} then, {new.sha256[:12]} now")
    if (old.dtype, old.device) != (new.dtype, new.device):
        told.append(f"where it ran: {old.device} {old.dtype} then, {new.device} {new.dtype} now")
    numbers = {now.place(number): number for number in now.checked}
    both = sum(then.place(number) in numbers for number in then.checked)
    if both < len(then.checked):
        told.append(f"which nodes are checked in the model: {both} of the {len(then.checked)} then")
    used = {one.id: one.sha256 for one in now.opening.dictionaries}
    told += [
        f"the dictionary {one.id}: sha256 {one.sha256[:12]} then, {used.get(one.id, 'gone')[:12]} now"
        for one in then.opening.dictionaries
        if used.get(one.id) != one.sha256
    ]
    return told
