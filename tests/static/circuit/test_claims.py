"""A circuit's claim is worded by the app (app/wording/circuit.py) as by the page (static/circuit/claim.js), and tells
nothing that was not measured: a table of cases."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pytest

from app.recordings.circuit import read_circuit
from app.wording.circuit import circuit_claim, default_claim, said_untouched
from protocol.circuit import DefaultTest
from protocol.worker.circuit_frames import (
    Circuit,
    DefaultResult,
    Defaults,
    MeasuredChange,
    NodeGroup,
    NodeGroups,
    Nodes,
    RandomBand,
)
from protocol.worker.circuits import OpeningTarget, ReadTarget, TokensTarget
from protocol.worker.frames import Frame
from protocol.worker.tokens import EntityTokens, NextToken
from tests.app.circuit_frames import CIRCUIT, circuit_frames
from tests.app.frames import TARGET
from tests.static.javascript import JavaScript

Change = Callable[[list[Frame]], list[Frame]]
REFUSES = NextToken(id=5, text="I", prob=0.9, opens_refusal=True)
ANSWERS = NextToken(id=6, text="This", prob=0.8, opens_refusal=False)
DOT = NextToken(id=7, text=".", prob=0.9, opens_refusal=False)
BAND = RandomBand(n=16, mean=0.0, low=-0.1, high=0.25)
BAND_HERE = RandomBand(n=16, mean=-6.8, low=-7.1, high=-6.5)
WIDE_HERE = RandomBand(n=16, mean=-2.0, low=-9.0, high=1.0)
BAND_THERE = RandomBand(n=16, mean=8.0, low=7.9, high=8.25)
FAR_THERE = RandomBand(n=16, mean=3.5, low=3.0, high=4.0)
ONE_HERE = RandomBand(n=1, mean=-6.5, low=-6.5, high=-6.5)
NAMELESS = EntityTokens(start=1, end=3, text="What sport", found="whole_prompt")
LOG_ODDS = OpeningTarget(weighs="all")
ALONE = CIRCUIT.model_copy(update={"beside": None})


def _each(kind: type, **changes: object) -> Change:
    return lambda frames: [one.model_copy(update=changes) if isinstance(one, kind) else one for one in frames]


def _groups(change: Callable[[NodeGroup], NodeGroup | None]) -> Change:
    def changed(frames: list[Frame]) -> list[Frame]:
        (told,) = (frame for frame in frames if isinstance(frame, NodeGroups))
        groups = tuple(new for group in told.groups if (new := change(group)))
        return _each(NodeGroups, groups=groups)(frames)

    return changed


def _of_neurons(frames: list[Frame]) -> list[Frame]:
    """One side below nought, which no latent can be."""
    below = {"kind": "mlp", "a": -5.0}
    (told,) = (frame for frame in frames if isinstance(frame, Nodes))
    return _each(Nodes, nodes=tuple(node.model_copy(update=below) for node in told.nodes))(frames)


def _without_control(group: NodeGroup) -> NodeGroup:
    names = ("to_other_a", "to_other_b", "off_a", "off_b")
    return group.model_copy(
        update={name: own.model_copy(update={"control": None}) for name in names if (own := getattr(group, name))}
    )


def _beside(low: float, high: float) -> Callable[[NodeGroup], NodeGroup]:
    """low, high: of each control, in what was measured."""

    def change(group: NodeGroup) -> NodeGroup:
        names = ("to_other_a", "to_other_b", "off_a", "off_b")
        own = {name: one for name in names if (one := getattr(group, name)) and one.measured}
        spans = {name: sorted((one.measured * low, one.measured * high)) for name, one in own.items()}
        bands = {name: RandomBand(n=16, mean=sum(span) / 2, low=span[0], high=span[1]) for name, span in spans.items()}
        return group.model_copy(
            update={name: one.model_copy(update={"control": bands[name]}) for name, one in own.items()}
        )

    return change


def _measured(a: float, b: float) -> Change:
    def change(group: NodeGroup) -> NodeGroup:
        moved = {"to_other_a": a, "to_other_b": b} if group.role == "recognised" else {"to_other_a": 0, "to_other_b": 0}
        return group.model_copy(
            update={name: MeasuredChange(measured=value, predicted=0.0, control=BAND) for name, value in moved.items()}
        )

    return _groups(change)


def _effects(role: str, tops: Mapping[str, NextToken] = MappingProxyType({}), **measured: float) -> Change:
    """By field of a group: what was measured, beside the same band, and the first token that goes with it."""

    def change(group: NodeGroup) -> NodeGroup:
        if group.role != role:
            return group
        made = {}
        for name, value in measured.items():
            m = 8.0 if name.endswith("_a") else -7.0
            top = tops.get(name, REFUSES if m + value > 0 else ANSWERS)
            made[name] = MeasuredChange(measured=value, predicted=0.0, control=BAND, top=top)
        return group.model_copy(update=made)

    return _groups(change)


def _within(group: NodeGroup) -> NodeGroup:
    wide = RandomBand(n=16, mean=0.0, low=-7.4, high=7.55)
    names = ("to_other_a", "to_other_b", "off_a", "off_b")
    return group.model_copy(
        update={name: own.model_copy(update={"control": wide}) for name in names if (own := getattr(group, name))}
    )


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
    outcomes: tuple[str, ...] | None = None


BATKIN = (
    "Michael Batkin: “Recognised” is silent, and fires 9.50 on Michael Jordan. Set as on Michael Jordan, m goes from "
)
SILENT = "Michael Jordan: “Not recognised” is silent, and fires 18.9 on Michael Batkin. Set as on Michael Batkin, "
REACH = "16 random pushes of that size reach −7.10 to −6.75."
BACK = "; the other way, +8.00 to +3.80 and it still {}; random +7.90 to +8.25."
TURNS = f"{SILENT}m goes from −7.00 to +0.500: it refuses; {REACH[:-1]}{BACK.format('refuses')}"
ALONE_OFF = "Michael Batkin: “Not recognised” fires 18.9. Taken away, "
BAND_OF_B = "16 random pushes of that size reach +7.90 to +8.25."
CASES = {
    "what turns the answer leads, and says that one way alone does": Case((), TURNS),
    "what turns it both ways needs no second half": Case(
        (_effects("not_recognised", to_other_a=-10.0),),
        f"Michael Batkin: “Not recognised” fires 18.9 and is silent on Michael Jordan. Set as on Michael Jordan, m "
        f"goes from +8.00 to −2.00: it answers; {BAND_OF_B}",
    ),
    "where its absence alone turns the other prompt, that is told": Case(
        (_effects("not_recognised", off_a=-11.0),),
        f"{TURNS[:-1]}; taken away there, m goes from +8.00 to −3.00: it answers; {BAND_OF_B}",
    ),
    "an absence that turns leads before a swap that doesn't": Case(
        (_effects("not_recognised", to_other_a=-4.0, to_other_b=2.0, off_a=-9.0),),
        "Michael Batkin: “Not recognised” fires 18.9 and is silent on Michael Jordan. Taken away, m goes from +8.00 to "
        f"−1.00: it answers; {BAND_OF_B}",
    ),
    "a coin toss is no turn": Case(
        (_effects("not_recognised", to_other_b=7.1),),
        f"{SILENT}m goes from −7.00 to +0.100, undecided: .52; {REACH}",
    ),
    "an unlikely first token is no turn": Case(
        (_effects("not_recognised", {"to_other_b": REFUSES.model_copy(update={"prob": 0.48})}, to_other_b=7.6),),
        f"{SILENT}m goes from −7.00 to +0.600, undecided: .48; {REACH}",
    ),
    "another first token is no turn": Case(
        (_effects("not_recognised", {"to_other_b": DOT}, to_other_b=9.0),),
        f"{SILENT}m goes from −7.00 to +2.00, and “.” comes first; {REACH}",
    ),
    "log-odds speak for every first token": Case(
        (_effects("not_recognised", {"to_other_b": DOT}, to_other_b=9.0), _asking(LOG_ODDS)),
        f"{SILENT}m goes from −7.00 to +2.00: it refuses; {REACH[:-1]}{BACK.format('refuses')}",
    ),
    "log-odds near a half are undecided, whatever comes first": Case(
        (_effects("not_recognised", to_other_b=7.3), _asking(LOG_ODDS)),
        f"{SILENT}m goes from −7.00 to +0.300, undecided: .57; {REACH}",
    ),
    "what random pushes do as well leads nothing": Case(
        (_groups(_within),),
        "Set as on the other prompt, no group that tells names apart moves m towards it farther than random pushes.",
    ),
    "what moves m less than random pushes do leads nothing": Case(
        (_groups(_beside(1.5, 2.0)),),
        "Set as on the other prompt, no group that tells names apart moves m towards it farther than random pushes.",
    ),
    "a gap is one however far random pushes go": Case(
        (_groups(_beside(-30.0, 30.0)),),
        "Set as on the other prompt, no group that tells names apart moves m towards it farther than random pushes.",
    ),
    "what moves m away from the other prompt leads nothing": Case(
        (
            _effects("not_recognised", to_other_a=4.0, to_other_b=-3.0, off_a=1.0, off_b=-1.0),
            _effects("recognised", to_other_a=4.0, to_other_b=-3.0, off_a=1.0, off_b=-1.0),
        ),
        "Set as on the other prompt, no group that tells names apart moves m towards it farther than random pushes.",
    ),
    "one prompt alone is taken apart": Case((), f"{ALONE_OFF}m goes from +8.00 to +3.80; {BAND_OF_B}", alone=True),
    "what makes it refuse more without it does not explain that it refuses": Case(
        (_effects("not_recognised", off_a=2.5), _effects("recognised", off_a=3.0)),
        "Michael Batkin refuses, m +8.00. Taken away, no group that tells names apart moves m back from that farther "
        "than random pushes: nothing measured here pushes towards it.",
        alone=True,
    ),
    "no effect without its control": Case((_groups(_without_control),), ""),
    "no group, no claim": Case((_groups(lambda _: None),), ""),
    "before anything is measured there is nothing to say": Case((lambda frames: frames[:2],), ""),
    "groups that only say where they are don't lead": Case(
        (_groups(lambda group: group.model_copy(update={"role": "rest"})),), ""
    ),
    "a token that neither stands for comes first": Case(
        (_asking(TokensTarget()), _side(0, top=(DOT,))),
        f"{SILENT}m goes from −7.00 to +0.500: “I” comes first; {REACH[:-1]}{BACK.format('says “I”')}",
        outcomes=("says “.”, neither of the two", "says “This”"),
    ),
    "one that is undecided has a gap to one that is not": Case(
        (_asking(TokensTarget()), _side(1, m=0.0164)),
        f"{SILENT}m goes from +0.0164 to +7.52, 94 % of the gap; 16 random pushes of that size reach −0.0836 to "
        "+0.266.",
    ),
    "but where no name was seen": Case(
        (
            _groups(lambda group: group.model_copy(update={"role": "rest"})),
            _side(0, entity=NAMELESS),
            _side(1, entity=NAMELESS),
        ),
        "second prompt: “Question and template” is silent, and fires 18.9 on first prompt. Set as on first prompt, "
        f"m goes from −7.00 to +0.500: it refuses; {REACH[:-1]}{BACK.format('refuses')}",
    ),
    "what turns nothing is a share of the gap": Case(
        (_measured(-3.0, 2.0),), f"{BATKIN}+8.00 to +5.00, 20 % of the gap; {BAND_OF_B}"
    ),
    "a tiny share is not rounded to none": Case(
        (_measured(-0.12, 0.0),), f"{BATKIN}+8.00 to +7.88, < 1 % of the gap; {BAND_OF_B}"
    ),
    "two tokens are named": Case(
        (_asking(TokensTarget()),),
        f"{SILENT}m goes from −7.00 to +0.500: “I” comes first; {REACH[:-1]}{BACK.format('says “I”')}",
    ),
    "a reading turns no token": Case(
        (_asking(ReadTarget(of=TARGET)),), f"{SILENT}m goes from −7.00 to +0.500, 50 % of the gap; {REACH}"
    ),
    "names that are one are told apart by their place": Case(
        (_called(0, "Michael Jordan"),),
        "second prompt: “Not recognised” is silent, and fires 18.9 on first prompt. Set as on first prompt, m goes "
        f"from −7.00 to +0.500: it refuses; {REACH[:-1]}{BACK.format('refuses')}",
    ),
    "hostile names stay words": Case(
        (_called(1, "{who} <b>$&"),), f"{{who}} <b>$&{TURNS.removeprefix('Michael Jordan')}"
    ),
    "two prompts that both refuse leave nothing to explain": Case(
        (_side(1, m=7.5), _measured(-3.0, 0.0)),
        "Both refuse, Michael Batkin with m +8.00 and Michael Jordan with m +7.50: there is no gap to explain.",
    ),
    "two prompts that say the same token leave nothing to explain": Case(
        (_side(0, m=-9.0), _asking(TokensTarget())),
        "Both say “This”, Michael Batkin with m −9.00 and Michael Jordan with m −7.00: there is no gap to explain.",
    ),
    "a gap smaller than random pushes make is none": Case(
        (_side(0, m=0.1), _side(1, m=-0.1)),
        "Michael Batkin with m +0.100 and Michael Jordan with m −0.100 are nearer than random pushes move m: there is "
        "no gap to explain.",
    ),
    "a neuron is at a value, and fires none": Case(
        (_of_neurons,),
        "Michael Jordan: “Not recognised” is at 0, and at −5.00 on Michael Batkin. Set as on Michael Batkin, "
        f"{TURNS.removeprefix(SILENT)}",
    ),
    "a group of which no node is told has no activation to tell": Case(
        (_groups(lambda group: group.model_copy(update={"members": ()})),),
        "Michael Jordan: “Not recognised” has no node that is told. Set as on Michael Batkin, "
        f"{TURNS.removeprefix(SILENT)}",
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
    assert case.outcomes in (None, tuple(said_untouched(drawn, side) for side in drawn.sides))
    told = {
        "claim": case.claim,
        "outcomes": [said_untouched(drawn, side) for side in drawn.sides],
        "defaults": [default_claim(drawn, result.test, side) for result in drawn.defaults for side in drawn.sides],
    }
    plain = [json.loads(frame.model_dump_json()) for frame in frames]
    assert javascript.call("tests/static/circuit/told_claims.js", "toldClaims", plain) == told


DEFAULTS = {
    "a coin toss is no refusal": (
        "name_hidden",
        1,
        0.4,
        BAND_HERE,
        "goes from −7.00 to +0.400, undecided: .60; with as many other tokens hidden instead (16 tried), ",
    ),
    "a turn outside its band": (
        "name_neutral",
        1,
        3.0,
        BAND_HERE,
        "goes from −7.00 to +3.00: it refuses; 16 random pushes of that size reach",
    ),
    "a turn that random pushes make too": ("recognition_off", 1, 0.7, WIDE_HERE, "goes from −7.00 to +0.700; 16"),
    "a share of the way": ("recognition_off", 0, 5.0, BAND_THERE, "goes from +8.00 to +5.00, 20 % of the gap; 16"),
    "less than random pushes do": ("recognition_off", 0, 5.0, FAR_THERE, "goes from +8.00 to +5.00; 16"),
    "away from the other prompt": ("recognition_off", 0, 11.0, BAND_THERE, "goes from +8.00 to +11.0; 16"),
    "nothing was there": ("recognition_off", 0, 8.0, BAND_THERE, "nothing of it was there, so m stays +8.00"),
    "one other token hidden": ("name_hidden", 1, 3.0, ONE_HERE, "+3.00; with as many other tokens hidden instead (1"),
    "one random push": ("name_neutral", 1, -6.0, ONE_HERE, "−6.00; random pushes of that size (1 tried)"),
    "as it is nothing was tried": ("untouched", 1, -7.0, None, ""),
}


@pytest.mark.parametrize("told", DEFAULTS.values(), ids=DEFAULTS.keys())
def test_a_default_test_is_told_as_what_it_came_to(
    javascript: JavaScript, told: tuple[DefaultTest, int, float, RandomBand | None, str]
) -> None:
    test, at, m, band, words = told
    result = DefaultResult(test=test, m=(m, m), control=(band, band))
    frames = circuit_frames(CIRCUIT)
    frames.insert(-1, Defaults(seq=0, results=(result,)))
    drawn = read_circuit(b"".join(frame.model_dump_json().encode() + b"\n" for frame in frames))
    claims = [default_claim(drawn, test, side) for side in drawn.sides]
    assert words in claims[at] if words else claims[at] == ""
    plain = [json.loads(frame.model_dump_json()) for frame in frames]
    assert javascript.call("tests/static/circuit/told_claims.js", "toldClaims", plain)["defaults"] == claims


FIRST = {
    "a refusal's opening that is likelier than not": (0.9, 0.7, True, "refuses"),
    "one that comes first, and is less likely than all the rest": (0.857, 0.367, True, "is undecided: .37"),
    "one that is a coin": (3.0, 0.5, True, "is undecided: .50"),
    "another opening than m's": (-1.0, 0.8, True, "refuses"),
    "an answer that shares its place with other answers": (-4.0, 0.5, False, "answers"),
    "one beside which a refusal is nearly as likely": (0.6, 0.45, False, "is undecided: .45"),
    "an answer that m doesn't speak of": (2.0, 0.9, False, "answers"),
    "one that is ahead of any refusal by far": (-0.6, 0.45, False, "answers"),
    "a near tie": (0.4, 0.3, False, "is undecided: .60"),
}


@pytest.mark.parametrize(("m", "prob", "opens", "said"), FIRST.values(), ids=FIRST.keys())
def test_it_refuses_where_a_refusals_opening_has_most_and_answers_where_it_cant(
    javascript: JavaScript, m: float, prob: float, opens: bool, said: str
) -> None:
    top = NextToken(id=1, text="x", prob=prob, opens_refusal=opens)
    frames = _side(0, m=m, top=(top,))(circuit_frames(CIRCUIT))
    drawn = read_circuit(b"".join(frame.model_dump_json().encode() + b"\n" for frame in frames))
    assert said_untouched(drawn, "a") == said
    plain = [json.loads(frame.model_dump_json()) for frame in frames]
    assert javascript.call("tests/static/circuit/told_claims.js", "toldClaims", plain)["outcomes"][0] == said


@pytest.mark.parametrize(("m", "said"), [(0.9, "refuses"), (0.3, "is undecided: .57"), (-0.9, "answers")])
def test_log_odds_say_by_themselves_what_it_does(javascript: JavaScript, m: float, said: str) -> None:
    """Several openings of .37 each refuse, where the likeliest alone would be undecided."""
    top = NextToken(id=1, text="x", prob=0.37, opens_refusal=m > 0)
    frames = _asking(LOG_ODDS)(_side(0, m=m, top=(top,))(circuit_frames(CIRCUIT)))
    drawn = read_circuit(b"".join(frame.model_dump_json().encode() + b"\n" for frame in frames))
    assert said_untouched(drawn, "a") == said
    plain = [json.loads(frame.model_dump_json()) for frame in frames]
    assert javascript.call("tests/static/circuit/told_claims.js", "toldClaims", plain)["outcomes"][0] == said
