"""What a circuit says of a claim about it: whether what was measured bears it out, in words with its numbers and its
controls. Pure: a recording in, a verdict out.

A claim holds where every measurement that it needs turned out so and lies outside what its controls did; "not here"
is said where one did not, "not measured" where one is missing or stands beside too few controls to count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from client.recording import Recording
from protocol.amounts import MINUS
from protocol.circuit import DEFAULT_TESTS, DefaultTest, GroupRole
from protocol.enough import FEWEST_CONTROLS, enough_controls, is_beyond
from protocol.worker.circuit_frames import (
    Arrow,
    Arrows,
    DefaultResult,
    Defaults,
    Heads,
    MeasuredChange,
    NodeGroup,
    Nodes,
    RandomBand,
)

LEAST_TOLD = 0.001
"""Of m, as on the page: less is not told from nought."""

HereOrThere = Literal["a", "b"]
Holds = Literal["yes", "no", "unmeasured"]
HOLDS: dict[Holds, str] = {"yes": "Measured here", "no": "Not here", "unmeasured": "Not measured"}


@dataclass(frozen=True)
class CircuitVerdict:
    """measured: a sentence each, with its control."""

    holds: Holds
    measured: tuple[str, ...]

    @property
    def words(self) -> str:
        return f"{HOLDS[self.holds]}. {' '.join(self.measured)}"


@dataclass(frozen=True)
class _Measurement:
    """One measurement in words, and whether it turned out as the claim needs it; and how many
    controls were run beside it, of which too few make it none."""

    words: str
    ok: bool
    beside: tuple[int, ...] = ()

    @property
    def counts(self) -> bool:
        return all(map(enough_controls, self.beside))


def refusal_is_the_default(recording: Recording) -> CircuitVerdict:
    """a is known and answered, b is not. Where the end can't see the name, or sees a neutral one, both are refused: m
    says so, and so does the likeliest token, which m knows nothing of where answers begin with the name itself."""
    tests: tuple[DefaultTest, ...] = ("name_hidden", "name_neutral")
    seen = [_test(recording, test, side, refuses=True) for test in tests for side in _sides(recording)]
    return _verdict(seen)


def recognition_lifts_it(recording: Recording) -> CircuitVerdict:
    """a is known and answered: without recognition it is refused, and no random direction of that size does it."""
    seen = [
        _test(recording, "recognition_off", "a", refuses=True),
        _moved(recording, "recognised", "a", up=True),
        _moved(recording, "not_recognised", "a", up=True),
    ]
    return _verdict(seen)


def misfire_is_recognition_without_recall(recording: Recording, outcome: str, answer: str) -> CircuitVerdict:
    """a is recognised and answered wrong, or with what was invented, b is unknown. outcome, answer: of a run of a."""
    seen = [
        _fires(recording, "recognised", "a", fires=True),
        _fires(recording, "not_recognised", "a", fires=False),
        _fires(recording, "not_recognised", "b", fires=True),
        _Measurement(f"It answers “{answer.strip()}”, which is {outcome}.", outcome in ("wrong", "invented")),
    ]
    return _verdict(seen)


def forced_recognition_invents(
    recording: Recording, outcome: str, answer: str, n_answering: int, n_random: int
) -> CircuitVerdict:
    """b is unknown and refused, and as long as m still refuses with the known name's recognition, that makes it answer
    nothing. outcome, answer: of a run of b pushed towards known, which is another thing to do to it; n_answering: of so
    many random pushes of that size, how many open an answer too."""
    seen = [
        _moved(recording, "recognised", "b", up=False, turns=True),
        _moved(recording, "not_recognised", "b", up=False),
        _Measurement(
            f"Pushed towards known, {_who(recording, 'b')} gets “{answer.strip()}” ({outcome}); {n_answering} of "
            f"{n_random} random pushes of that size open an answer.",
            outcome == "invented" and n_answering * 4 <= n_random,
            (n_random,),
        ),
    ]
    return _verdict(seen)


def which_inhibits_which(recording: Recording) -> CircuitVerdict:
    """a is known, b is not: “not recognised” moves “recognised” in a, and not the other way round."""
    forth, back = (
        _arrow(recording, "not_recognised", "recognised"),
        _arrow(recording, "recognised", "not_recognised"),
    )
    seen = [
        _arrow_words(recording, forth, "not_recognised", "recognised", moves=True),
        _arrow_words(recording, back, "recognised", "not_recognised", moves=False),
    ]
    return _verdict(seen)


def what_is_moved_not_where_it_looks(recording: Recording) -> CircuitVerdict:
    """At the end, heads that look elsewhere move less of the gap than what they bring."""
    told = next((frame for frame in recording.frames if isinstance(frame, Heads)), None)
    if told is None or not told.heads:
        return _verdict([])
    seen = []
    for side, band in (("a", told.control_a), ("b", told.control_b)):
        outputs = [(abs(value), head) for head in told.heads if (value := getattr(head, f"output_{side}")) is not None]
        if not outputs:
            continue
        _, strongest = max(outputs, key=lambda pair: pair[0])
        output, pattern = getattr(strongest, f"output_{side}"), getattr(strongest, f"pattern_{side}") or 0.0
        seen.append(
            _Measurement(
                f"{_who(recording, side)}, head {strongest.layer}.{strongest.head}: its output swapped moves m by "
                f"{_signed(output)}, its pattern alone by {_signed(pattern)}{_beside(band)}.",
                abs(pattern) < abs(output) / 2 and _is_out(output, band),
                _n(band),
            )
        )
    for share in told.patterns:
        if share.queries == "end":
            words = " and ".join(_percent(value) for value in (share.in_a, share.in_b) if value is not None)
            most = max(abs(share.in_a), abs(share.in_b or 0.0))
            seen.append(_Measurement(f"All patterns at the end swapped: {words} of the gap.", most < 0.5))
    return _verdict(seen)


def _verdict(seen: Sequence[_Measurement | None]) -> CircuitVerdict:
    there = [one for one in seen if one is not None]
    counted = [one for one in there if one.counts]
    holds: Holds = "yes" if all(one.ok for one in counted) else "no"
    if not counted or len(counted) < len(seen):
        holds = "unmeasured" if holds == "yes" else "no"
    return CircuitVerdict(holds, tuple(one.words for one in there))


def _test(recording: Recording, test: DefaultTest, side: HereOrThere, *, refuses: bool) -> _Measurement | None:
    results = [one for one in _of(recording, Defaults, "results") if isinstance(one, DefaultResult)]
    result = next((one for one in results if one.test == test), None)
    at = 0 if side == "a" else 1
    if result is None or at >= len(result.m):
        return None
    m, band = result.m[at], result.control[at] if at < len(result.control) else None
    before = recording.circuit.sides[at].m
    turned = (before > 0) != refuses  # then no control may do the same
    first = result.top[at] if at < len(result.top) else None
    says = f", and it says “{first.text.strip()}”" if first else ""
    words = f"{_who(recording, side)}, {DEFAULT_TESTS[test]}: m {_signed(before)} → {_signed(m)}{_beside(band)}{says}."
    said = first is None or first.opens_refusal == refuses
    return _Measurement(words, said and (m > 0) == refuses and (not turned or _is_out(m, band, before)), _n(band))


def _moved(
    recording: Recording, role: GroupRole, side: HereOrThere, *, up: bool, turns: bool = False
) -> _Measurement | None:
    """turns: m has to change sides, too."""
    group = _group(recording, role)
    change: MeasuredChange | None = getattr(group, f"to_other_{side}") if group else None
    if change is None:
        return None
    before = recording.circuit.sides[0 if side == "a" else 1].m
    after = before + change.measured
    turned = (after > 0) == up
    words = (
        f"{_who(recording, side)}, {_name(role)} set to the other's values: m {_signed(before)} → "
        f"{_signed(after)}{_beside(change.control, before)}{'' if turned or not turns else ', which still refuses'}."
    )
    ok = (change.measured > 0) == up and _is_out(change.measured, change.control) and (turned or not turns)
    return _Measurement(words, ok, _n(change.control))


def _fires(recording: Recording, role: GroupRole, side: HereOrThere, *, fires: bool) -> _Measurement | None:
    """By the strongest told member that the role has."""
    group = _group(recording, role)
    nodes = [node for frame in recording.frames if isinstance(frame, Nodes) for node in frame.nodes]
    own = [nodes[number] for number in group.members if number < len(nodes)] if group else []
    if not own:
        return None
    node = max(own, key=lambda one: abs(one.effect))
    value = (node.a if side == "a" else node.b) or 0.0
    return _Measurement(f"{_name(role).capitalize()} in {_who(recording, side)}: {value:.3g}.", (value > 0) == fires)


def _arrow(recording: Recording, source: GroupRole, target: GroupRole) -> Arrow | None:
    ids = {group.role: group.id for group in recording.groups}
    arrows = [one for one in _of(recording, Arrows, "arrows") if isinstance(one, Arrow)]
    wanted = ids.get(source), ids.get(target)
    return next((one for one in arrows if (one.source, one.target) == wanted), None)


def _arrow_words(
    recording: Recording, arrow: Arrow | None, source: GroupRole, target: GroupRole, *, moves: bool
) -> _Measurement | None:
    """On the side where the target fires by itself: a."""
    if arrow is None:
        return None
    outside = _is_out(arrow.in_a, arrow.control_a) and abs(arrow.in_a) >= 0.1
    words = (
        f"{_name(source).capitalize()} swapped in {_who(recording, 'a')} moves {_name(target)} "
        f"{_percent(arrow.in_a)} of the way{_shares(arrow.control_a)}, in {_who(recording, 'b')} "
        f"{_percent(arrow.in_b)}{_shares(arrow.control_b)}."
    )
    return _Measurement(words, outside == moves, _n(arrow.control_a))


def _of(recording: Recording, kind: type, name: str) -> tuple[object, ...]:
    return next((getattr(frame, name) for frame in recording.frames if isinstance(frame, kind)), ())


def _group(recording: Recording, role: GroupRole) -> NodeGroup | None:
    return next((group for group in recording.groups if group.role == role), None)


def _sides(recording: Recording) -> tuple[HereOrThere, ...]:
    return ("a", "b") if len(recording.circuit.sides) > 1 else ("a",)


def _who(recording: Recording, side: str) -> str:
    return recording.circuit.sides[0 if side == "a" else 1].entity.text.strip()


def _name(role: GroupRole) -> str:
    return "“" + role.replace("_", " ") + "”"


def _is_out(value: float, band: RandomBand | None, before: float = 0.0) -> bool:
    """Farther than its control. Without one nothing is known."""
    return band is not None and is_beyond(value - before, band.low - before, band.high - before)


def _n(band: RandomBand | None) -> tuple[int, ...]:
    return (band.n,) if band else ()


def _beside(band: RandomBand | None, before: float = 0.0) -> str:
    if band is None:
        return " (no control)"
    return f" ({_controls(band)} {_signed(before + band.low)} to {_signed(before + band.high)})"


def _shares(band: RandomBand | None) -> str:
    return f" ({_controls(band)} {_percent(band.low)} to {_percent(band.high)})" if band else " (no control)"


def _controls(band: RandomBand) -> str:
    """How many, and where that is too few for what they stand beside to count, so."""
    few = "" if enough_controls(band.n) else f", of {FEWEST_CONTROLS} that it takes to count:"
    return f"{band.n} control{'' if band.n == 1 else 's'}{few}"


def _signed(x: float) -> str:
    if x and abs(x) < LEAST_TOLD:
        return "≈ 0"
    return f"{x:+.3g}".replace("-", MINUS)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %".replace("-", MINUS)
