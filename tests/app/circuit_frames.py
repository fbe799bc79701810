"""A small circuit as a worker would tell it, made with the protocol's own models. Knows nothing of any model."""

from protocol.canonical import sha256
from protocol.version import PROTOCOL
from protocol.worker import circuit_frames as told
from protocol.worker.circuits import Beside, CircuitRequest, OpeningTarget
from protocol.worker.frames import Done, Frame
from protocol.worker.looked import KeySum, Looked
from protocol.worker.ran import DictionaryUsed, ModelUsed
from protocol.worker.tokens import EntityTokens, NextToken, Token

CIRCUIT = CircuitRequest(
    model="scripted",
    prompt="What sport does Michael Batkin play?",
    beside=Beside(prompt="What sport does Michael Jordan play?"),
    target=OpeningTarget(weighs="two"),
)
_REFUSES, _ANSWERS = (
    NextToken(id=5, text="I", prob=0.9, opens_refusal=True),
    NextToken(id=6, text="This", prob=0.8, opens_refusal=False),
)
_BAND = told.RandomBand(n=16, mean=0.02, low=-0.1, high=0.25)


def circuit_frames(request: CircuitRequest = CIRCUIT) -> list[Frame]:
    """Batkin, refused, beside Jordan, answered; or the first by itself. Two groups, of which one decides."""
    pair = request.beside is not None
    sides = [_side("Batkin", 8.0, _REFUSES), *([_side("Jordan", -7.0, _ANSWERS)] if pair else [])]
    places: tuple[told.ColumnPlace, ...] = ("before", "name", "name_last", "end")
    frames: list[Frame] = [
        told.Circuit(
            seq=0,
            protocol=PROTOCOL,
            request=request,
            request_sha256=sha256(request),
            model=ModelUsed(id="scripted", sha256="0" * 64, dtype="float32", device="cpu"),
            dictionaries=(DictionaryUsed(id="scripted-sae", layer=1, paper_layer=2, d_sae=16, sha256="0" * 64),),
            sides=tuple(sides),
            columns=tuple(
                told.AlignedColumn(a=at, b=at if pair else None, place=place) for at, place in enumerate(places)
            ),
            target=told.TargetTokens(up=_REFUSES, against=_ANSWERS),
            precision="float32",
            without=(0,),
        ),
        told.Nodes(
            seq=1,
            layer=1,
            nodes=(
                told.CircuitNode(
                    kind="sae",
                    index=7,
                    column=2,
                    a=18.9,
                    b=0.0 if pair else None,
                    effect=4.1,
                    relp=4.2,
                    role="not_recognised",
                ),
                told.CircuitNode(
                    kind="sae",
                    index=4,
                    column=2,
                    a=0.0,
                    b=9.5 if pair else None,
                    effect=-0.2,
                    relp=-0.1,
                    role="recognised",
                ),
            ),
            total=15.0,
            shown=13.9,
            error=0.4,
            n_active=30,
        ),
        told.Checked(seq=2, nodes=(0, 1), in_a=(-4.2, -0.1), in_b=(7.5, 0.2) if pair else (), fit=0.98),
        told.Edges(seq=3, side="a", senders=(0,), receivers=(1,), weights=(-5.6,), through=(0.0,), unexplained=0.01),
        told.NodeGroups(
            seq=4,
            groups=(
                _group("not_recognised", 0, -4.2, 7.5, pair),
                _group("recognised", 1, -0.1, 0.2, pair),
            ),
            named_by=(240, 240),
        ),
        told.Arrows(
            seq=5,
            arrows=(
                told.Arrow(
                    source="not_recognised", target="recognised", in_a=0.0, in_b=0.66, control_a=_BAND, control_b=_BAND
                ),
            )
            if pair
            else (),
        ),
        Done(seq=6, elapsed_s=0.25, n_tokens=0),
    ]
    return frames


def circuit_recording(request: CircuitRequest = CIRCUIT) -> list[bytes]:
    return _lines(circuit_frames(request))


def turned() -> list[bytes]:
    return _lines(
        [
            told.Turned(
                seq=0,
                strengths=(0.0, 1.0),
                m=(8.0, 3.8),
                predicted=(8.0, 4.1),
                control=(_BAND, _BAND),
                top=(_REFUSES, _REFUSES),
                refuses=(0.9, 0.7),
                gauges=(told.Gauge(group="recognised", moved=(0.0, 0.0)),),
            ),
            Done(seq=1, elapsed_s=0.1, n_tokens=0),
        ]
    )


def looked() -> list[bytes]:
    keys = tuple(KeySum(column=column, attention=0.25, score=score) for column, score in enumerate((-1, 0, 2, -1)))
    return _lines([Looked(seq=0, side="a", keys=keys, identity=1e-6), Done(seq=1, elapsed_s=0.1, n_tokens=0)])


def _side(name: str, m: float, top: NextToken) -> told.CircuitSide:
    return told.CircuitSide(
        tokens=(
            Token(id=1, text="<bos>", role="bos"),
            Token(id=2, text="Michael", role="entity"),
            Token(id=3, text=f" {name}", role="entity"),
            Token(id=4, text="?", role="text"),
        ),
        entity=EntityTokens(start=1, end=3, text=f"Michael {name}", found="world"),
        n_said=0,
        m=m,
        top=(top,),
    )


def _group(role: str, member: int, in_a: float, in_b: float, pair: bool) -> told.NodeGroup:
    def change(m: float, measured: float) -> told.MeasuredChange:
        top = _REFUSES if m + measured > 0 else _ANSWERS
        return told.MeasuredChange(measured=measured, predicted=measured * 0.9, control=_BAND, top=top)

    return told.NodeGroup(
        id=role,
        role=role,  # type: ignore[arg-type]
        members=(member,),
        n_members=1,
        layers=(1, 1),
        share=0.6 if member == 0 else 0.02,
        to_other_a=change(8.0, in_a) if pair else None,
        to_other_b=change(-7.0, in_b) if pair else None,
        off_a=change(8.0, in_a),
        off_b=change(-7.0, 0.0) if pair else None,
        writes=(" I",),
        evidence=(told.Evidence(entity_type="player", known=0.03, unknown=0.98, n_known=60, n_unknown=60),),
    )


def _lines(frames: list[Frame]) -> list[bytes]:
    return [frame.model_dump_json().encode() + b"\n" for frame in frames]
