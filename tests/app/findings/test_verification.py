"""Does a recording still hold? Frames written by hand first; then the shipped model, and copies of it that changed."""

import base64
import json
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import httpx2
import pytest
from safetensors.torch import load_file, save_file

from app.findings.verification import COARSE, FINE, compare, replay_of, tolerance_of, verify
from app.worker.client import RemoteWorker, WorkerClient
from model_worker.model.registry import card_folders
from protocol.app.verify import Drift, Verification
from protocol.base import Message
from protocol.canonical import canonical_json
from protocol.refusal import Refusal, Refused
from protocol.risk.fit import RiskFeature, RiskHead, RiskUsed
from protocol.steering import LatentTarget, RandomTarget, Sweep
from protocol.worker.frames import (
    FRAME,
    Control,
    Departure,
    EntityTokens,
    Error,
    Frame,
    Latents,
    Measured,
    Step,
    TokenOdds,
)
from protocol.worker.requests import Controls, GenerateRequest, ReadLatents, Sampling
from tests.app.frames import REQUEST, TARGET, recording
from tests.model_worker.live import serving

CHECKED = "2026-11-21T10:00:00.000000Z"
DICTIONARY = TARGET.dictionary
M = TypeVar("M", bound=Message)


def but(message: M, **changes: object) -> M:
    return message.model_copy(update=changes)


def latents(arm: int, pos: int, active: list[dict[int, float]]) -> Latents:
    told = [(latent, value) for one in active for latent, value in sorted(one.items())]
    data = b"".join(struct.pack("<H", latent) for latent, _ in told)
    data += b"".join(struct.pack("<f", value) for _, value in told)
    return Latents(
        seq=0,
        arm=arm,
        dictionary=DICTIONARY,
        pos=pos,
        counts=tuple(map(len, active)),
        index_bytes=2,
        data=base64.b64encode(data).decode(),
    )


def whole(top: int | None = None) -> list[Frame]:
    """A recording that holds everything there is; of arm 1 the latents of two answer tokens."""
    start, prompt, *steps_and_verdicts, done = (FRAME.validate_json(line) for line in recording())
    request = but(REQUEST, read=(ReadLatents(dictionary=DICTIONARY, top=top),))
    odds = TokenOdds(logprob=-3.0, entropy_nats=2.0, margin_nats=0.5)
    steered = Measured(before=(0.0, 0.0), after=(4.0, 4.5))
    arms = tuple(but(arm, steered=(steered,) if place else ()) for place, arm in enumerate(prompt.arms))
    rest = [
        but(frame, tokens=tuple(but(token, entropy_nats=1.0, margin_nats=0.25) for token in frame.tokens))
        if isinstance(frame, Step)
        else frame
        for frame in steps_and_verdicts
    ]
    controls = [Control(seq=0, sweep=0, strength=x, refusal_logodds=(1.0, 2.0)) for x in REQUEST.sweeps[0].strengths]
    read = [latents(0, 0, [{1: 2.0, 5: 1.0}, {}, {2: 4.0}]), latents(1, 3, [{3: 5.0}, {3: 5.5, 7: 0.5}])]
    return [but(start, request=request), but(prompt, arms=arms, odds=(odds, odds)), *read, *rest, *controls, done]


def altered(said: list[Frame], kind: str, change: Callable[[Frame], Frame], nth: int = 0) -> list[Frame]:
    """With the nth frame of a kind as `change` makes it."""
    places = [place for place, frame in enumerate(said) if frame.kind == kind]
    return [change(frame) if place == places[nth] else frame for place, frame in enumerate(said)]


_HEAD = RiskHead(bias=-1.0, features=(RiskFeature(name="entropy", weight=1.0, mean=0.5),))
RISK = RiskUsed(
    decoding="greedy", temperature=0.0, n=9, n_wrong=3, n_units=9, first=_HEAD, under_way=_HEAD, tested=(), recalls=(),
    id="a/risk-1", sha256="0" * 64,
)  # fmt: skip


def in_arm(arm: int, **changes: object) -> Callable[[Frame], Frame]:
    """Of a prompt frame."""
    return lambda frame: but(
        frame, arms=tuple(but(own, **changes) if n == arm else own for n, own in enumerate(frame.arms))
    )


def in_token(arm: int, **changes: object) -> Callable[[Frame], Frame]:
    """Of a step."""
    return lambda frame: but(
        frame, tokens=tuple(but(own, **changes) if own.arm == arm else own for own in frame.tokens)
    )


def compared(recorded: list[Frame], replayed: list[Frame]) -> Verification:
    def lines(said: list[Frame]) -> list[bytes]:
        return [frame.model_dump_json().encode() + b"\n" for frame in said]

    return compare(lines(recorded), lines(replayed), CHECKED)


def test_what_is_the_same_is_reproduced_whatever_the_clock_says() -> None:
    found = compared(whole(), altered(whole(), "done", lambda done: but(done, elapsed_s=99.0)))
    assert (found.verdict, found.n_drifts, found.first, found.changed) == ("reproduced", 0, None, ())
    assert (found.n_tokens, found.n_tokens_kept, found.checked) == (12, 12, CHECKED)
    assert found.model == whole()[0].model and found.tolerance == FINE
    assert found.largest_nats == found.largest_activation == 0 and found.n_numbers > 60
    assert Verification.model_validate_json(found.model_dump_json()) == found


def test_the_order_and_the_cut_of_lines_make_no_difference() -> None:
    start, prompt, first, _, *rest = whole()
    again = altered(
        [start, prompt, first, *rest], "start", lambda frame: but(frame, entity=but(frame.entity, found="given"))
    )
    again[4:4] = [latents(1, 4, [{7: 0.5, 3: 5.5}]), latents(1, 3, [{3: 5.0}])]
    assert compared(whole(), again).verdict == "reproduced"


def test_a_risk_drifts_from_a_ten_thousandth_on_and_a_recording_of_before_has_none_to_lose() -> None:
    def with_risk(risk: float) -> list[Frame]:
        told = altered(whole(), "start", lambda start: but(start, risk=RISK))
        return altered(told, "step", in_token(1, risk=risk))

    assert compared(whole(), with_risk(0.3)).verdict == "reproduced"
    assert compared(with_risk(0.3), with_risk(0.30009)).verdict == "reproduced"
    found = compared(with_risk(0.3), with_risk(0.3002))
    assert (found.verdict, found.first.what, found.first.recorded) == ("drifted", "risk", "0.3")
    assert compared(with_risk(0.3), whole()).verdict == "drifted"


ARM_1, ARM_2 = ("arm 1 (Known entity, strength 0.5)", "arm 2 (Known entity, strength 1)")
TOKEN = whole()[0].tokens[1]
CHANGES: dict[str, tuple[str, Callable[[Frame], Frame], int, Drift]] = {
    "a prompt token's id": (
        "start",
        lambda start: but(start, tokens=(start.tokens[0], but(TOKEN, id=9), start.tokens[2])),
        0,
        Drift(what="prompt token", where="position 1", recorded="'Michael' (id 2)", now="'Michael' (id 9)"),
    ),
    "one more prompt token": (
        "start",
        lambda start: but(start, tokens=(*start.tokens, TOKEN)),
        0,
        Drift(
            what="prompt token", where="position 3", recorded="none: the prompt ends before it", now="'Michael' (id 2)"
        ),
    ),
    "the entity": (
        "start",
        lambda start: but(start, entity=EntityTokens(start=2, end=3, text="Batkin", found="given")),
        0,
        Drift(
            what="entity", where="the prompt", recorded="'Michael Batkin', tokens 1 to 2", now="'Batkin', tokens 2 to 2"
        ),
    ),
    "where it is steered": (
        "start",
        lambda start: but(start, sweeps=(but(start.sweeps[0], positions=(0, 2)),)),
        0,
        Drift(what="steered prompt tokens", where="steering by Known entity", recorded="1, 2", now="0, 2"),
    ),
    "the direction's norm": (
        "start",
        lambda start: but(start, sweeps=(but(start.sweeps[0], norm=1.001),)),
        0,
        Drift(what="norm of the direction", where="steering by Known entity", recorded="1", now="1.001"),
    ),
    "alpha": (
        "start",
        lambda start: but(start, arms=(*start.arms[:2], but(start.arms[2], alpha=4.001))),
        0,
        Drift(what="alpha", where=ARM_2, recorded="4", now="4.001"),
    ),
    "the odds of a prompt token": (
        "prompt",
        lambda prompt: but(prompt, odds=(prompt.odds[0], but(prompt.odds[1], entropy_nats=2.002))),
        0,
        Drift(what="entropy", where="prompt token 2", recorded="2 nats", now="2.002 nats"),
    ),
    "fvu": (
        "prompt",
        lambda prompt: but(prompt, fvu=(0.11,)),
        0,
        Drift(what="fraction of variance unexplained by scripted-sae", where="the prompt", recorded="0.1", now="0.11"),
    ),
    "a watched activation of the prompt": (
        "prompt",
        in_arm(1, activations=((0.0, 2.5, 3.26),)),
        0,
        Drift(what="activation of watched latent 0", where=f"{ARM_1}, prompt token 2", recorded="3.25", now="3.26"),
    ),
    "what was steered": (
        "prompt",
        in_arm(2, steered=(Measured(before=(0.0, 0.0), after=(4.0, 4.6)),)),
        0,
        Drift(
            what="activation after steering at prompt token 2",
            where=f"{ARM_2}, Known entity",
            recorded="4.5",
            now="4.6",
        ),
    ),
    "the log-odds of a refusal": (
        "prompt",
        in_arm(0, refusal_logodds=2.002),
        0,
        Drift(what="log-odds of a refusal", where="arm 0 (baseline)", recorded="2 nats", now="2.002 nats"),
    ),
    "a candidate's probability": (
        "prompt",
        in_arm(0, top=(but(whole()[1].arms[0].top[0], prob=0.8),)),
        0,
        Drift(
            what="log-probability of the candidate with id 5",
            where="arm 0 (baseline), answer token 0",
            recorded="-0.127833 nats",
            now="-0.223144 nats",
        ),
    ),
    "a latent of the prompt": (
        "latents",
        lambda _: latents(0, 0, [{1: 2.0, 5: 1.0}, {}, {2: 4.1}]),
        0,
        Drift(what="activation of scripted-sae 2", where="arm 0 (baseline), prompt token 2", recorded="4", now="4.1"),
    ),
    "a latent that fires no more": (
        "latents",
        lambda _: latents(1, 3, [{3: 5.0}, {7: 0.5}]),
        1,
        Drift(what="activation of scripted-sae 3", where=f"{ARM_1}, answer token 1", recorded="5.5", now="0"),
    ),
    "a latent that fires anew": (
        "latents",
        lambda _: latents(1, 3, [{3: 5.0, 4: 1.0}, {3: 5.5, 7: 0.5}]),
        1,
        Drift(what="activation of scripted-sae 4", where=f"{ARM_1}, answer token 0", recorded="0", now="1"),
    ),
    "the log-probability of an answer token": (
        "step",
        in_token(2, logprob=-0.102),
        3,
        Drift(what="log-probability", where=f"{ARM_2}, answer token 3", recorded="-0.1 nats", now="-0.102 nats"),
    ),
    "the text of an answer token": (
        "step",
        in_token(0, text=" words"),
        2,
        Drift(
            what="answer token",
            where="arm 0 (baseline), answer token 2",
            recorded="' word' (id 5)",
            now="' words' (id 5)",
        ),
    ),
    "an activation of an answer token": (
        "step",
        lambda step: but(step, readings=(*step.readings[:2], but(step.readings[2], activations=(1.6,)))),
        3,
        Drift(what="activation of watched latent 0", where=f"{ARM_2}, answer token 2", recorded="1.5", now="1.6"),
    ),
    "a verdict": (
        "verdict",
        lambda verdict: but(verdict, outcome="wrong"),
        2,
        Drift(what="verdict", where=ARM_2, recorded="invented", now="wrong"),
    ),
    "a control": (
        "control",
        lambda control: but(control, refusal_logodds=(1.0, 2.01)),
        1,
        Drift(what="log-odds of a refusal under random direction 1", where=ARM_2, recorded="2 nats", now="2.01 nats"),
    ),
}


MOVED = ("one more prompt token", "where it is steered")  # what comes after them has other places


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_is_found_at_its_place(change: str) -> None:
    kind, how, nth, drift = CHANGES[change]
    found = compared(whole(), altered(whole(), kind, how, nth))
    assert (found.verdict, found.first) == ("drifted", drift)
    assert found.n_drifts == 1 or change in MOVED, "nothing else is taken for one"


def test_the_first_drift_is_the_first_that_one_reads() -> None:
    again = whole()
    for change in ("a control", "the text of an answer token", "a watched activation of the prompt", "a verdict"):
        kind, how, nth, _ = CHANGES[change]
        again = altered(again, kind, how, nth)
    start, *rest, done = whole()
    found = compared([start, *reversed(rest), done], again)
    assert found.n_drifts == 4 and found.first == CHANGES["a watched activation of the prompt"][3]
    assert str(found.first) == f"{ARM_1}, prompt token 2: activation of watched latent 0 was 3.25 and is 3.26 now."


def departing(short_by: float) -> list[Frame]:
    said = whole()
    place = [frame.kind for frame in said].index("verdict")
    return [*said[:place], Departure(seq=0, arm=1, place=2, id=8, text=" who", short_by=short_by), *said[place:]]


def test_a_token_that_the_model_no_longer_chooses_is_a_drift_unless_it_nearly_does() -> None:
    nearly, gone = compared(whole(), departing(0.0009)), compared(whole(), departing(0.5))
    assert (nearly.verdict, nearly.n_tokens_kept) == ("reproduced", 12)
    assert (gone.verdict, gone.n_tokens_kept, gone.n_tokens, gone.n_drifts) == ("drifted", 11, 12, 1)
    assert gone.first == Drift(
        what="answer token",
        where=f"{ARM_1}, answer token 2",
        recorded="' word' (id 5)",
        now="' who' (id 8), preferred by 0.5 nats",
    )


def test_numbers_may_differ_as_much_as_their_precision_does() -> None:
    def moved(dtype: str, nats: float, share: float) -> Verification:
        def start(frame: Frame) -> Frame:
            return but(frame, model=but(frame.model, dtype=dtype))

        there = altered(altered(whole(), "start", start), "prompt", in_arm(0, refusal_logodds=2.0 + nats))
        return compared(whole(), altered(there, "prompt", in_arm(1, activations=((0.0, 2.5, 3.25 * (1 + share)),))))

    assert moved("float32", 0.0009, 0.001).verdict == moved("bfloat16", 0.3, 0.3).verdict == "reproduced"
    assert moved("float32", 0.002, 0.0).verdict == moved("float32", 0.0, 0.01).verdict == "drifted"
    assert moved("bfloat16", 0.5, 0.0).verdict == moved("bfloat16", 0.0, 0.5).verdict == "drifted"
    coarse = moved("bfloat16", 0.3, 0.3)
    assert coarse.changed == ("the precision: float32 then, bfloat16 now",) and coarse.tolerance == COARSE
    assert (coarse.largest_nats, coarse.largest_activation) == pytest.approx((0.3, 0.975))
    assert tolerance_of("float32", "float32") == FINE and tolerance_of("float16", "float32") == COARSE


def test_latents_at_their_threshold_may_jump_if_they_are_few() -> None:
    """20,000 that fire at 5 to 6; one that is at its weakest where it fires one time only, or at its strongest."""

    def told(size: float | None, n_others: int) -> list[Frame]:
        start, prompt, _, _, *rest = whole()
        others = {latent: 5.0 + latent / n_others for latent in range(1, n_others)}
        jumping = [others, others | {0: 6.0}, others | ({} if size is None else {0: size})]
        return [start, prompt, latents(0, 0, jumping), *rest]

    weakest = compared(told(2.0, 7_000), told(None, 7_000))
    assert (weakest.verdict, weakest.n_jumps, weakest.largest_activation) == ("reproduced", 1, 0)
    assert compared(told(None, 7_000), told(2.0, 7_000)).n_jumps == 1
    for found in (compared(told(9.0, 7_000), told(None, 7_000)), compared(told(2.0, 700), told(None, 700))):
        assert (found.verdict, found.n_jumps, found.n_drifts) == ("drifted", 0, 1)
        assert found.first.what == "activation of scripted-sae 0"


def test_of_the_largest_latents_one_may_give_way_to_another_that_is_as_large() -> None:
    def told(last: dict[int, float]) -> list[Frame]:
        return altered(whole(top=2), "latents", lambda _: latents(1, 3, [{3: 5.0}, {3: 5.5} | last]), 1)

    assert compared(told({7: 0.5}), told({8: 0.5005})).verdict == "reproduced"
    larger = compared(told({7: 0.5}), told({8: 0.6}))
    assert (larger.verdict, larger.n_drifts) == ("drifted", 1), "7 may be there still, but 8 was at most 0.5"
    assert (larger.first.what, larger.first.recorded) == ("activation of scripted-sae 8", "at most 0.5")


def test_only_what_an_older_recording_holds_is_compared() -> None:
    older = [FRAME.validate_json(line) for line in recording()]  # no odds of prompt tokens, nothing steered, no entropy
    assert compared(older, whole()).verdict == "reproduced"
    assert compared(whole(), older).verdict == "drifted"


def test_what_ran_differently_is_said_whatever_the_verdict() -> None:
    def start(frame: Frame) -> Frame:
        other = but(frame.dictionaries[0], sha256="1" * 64)
        return but(frame, model=but(frame.model, sha256="2" * 64, device="cuda"), dictionaries=(other,))

    found = compared(whole(), altered(whole(), "start", start))
    assert found.verdict == "reproduced"
    assert found.changed == (
        "the model's files: sha256 000000000000 then, sha256 222222222222 now",
        "the device: cpu then, cuda now",
        "the dictionary scripted-sae: sha256 000000000000 then, sha256 111111111111 now",
    )


def test_half_a_replay_is_no_verdict_on_the_recording() -> None:
    refusal = Refusal(code="worker_fault", asked="It ended.", allowed="Nothing.", change="Try again.")
    cut, failed = whole()[:-1], [*whole()[:-1], Error(seq=0, refusal=refusal)]
    assert (compared(whole(), failed).verdict, compared(whole(), failed).refusal) == ("cannot_run", refusal)
    for replayed in (cut, []):
        found = compared(whole(), replayed)
        assert (found.verdict, found.refusal.code, found.first) == ("cannot_run", "worker_lost", None)
    strange = compare(recording(), [b'{"kind": "from the future"}'], CHECKED)
    assert (strange.verdict, strange.refusal.code) == ("cannot_run", "unreadable_replay")


@pytest.mark.parametrize(
    "odd",
    [
        {"kind": "from the future", "seq": 9},
        {"kind": "control", "seq": 9, "sweep": 3, "strength": 9.0, "refusal_logodds": [1.0]},
        whole()[-1].model_dump() | {"kind": "verdict"},
        latents(0, 0, [{1: 2.0}]).model_dump() | {"counts": [5]},
        latents(9, 0, [{1: 2.0}]).model_dump(),
    ],
    ids=["unknown kind", "no such arm", "fields missing", "data missing", "another arm"],
)
def test_a_recording_that_contradicts_itself_is_no_drift(odd: dict) -> None:
    lines = [frame.model_dump_json().encode() for frame in whole()]
    found = compare([*lines, json.dumps(odd).encode()], lines, CHECKED)
    assert (found.verdict, found.refusal.code) == ("cannot_run", "not_replayable")


def test_a_replay_asks_for_the_run_and_the_tokens_that_were_recorded() -> None:
    replay = replay_of(b"".join(recording(n_steps=3)))
    assert replay.run == REQUEST
    assert [(one.arm, one.sample, one.ids) for one in replay.answers] == [(arm, 0, (5, 5, 5)) for arm in range(3)]


@pytest.mark.parametrize(
    "broken",
    [b"", b"{}\n", b'{"kind":"start"}\n', b"".join(recording(n_steps=0)), b"".join(recording()[1:])],
    ids=["empty", "no frame", "half a frame", "no answers", "no start"],
)
def test_what_is_no_whole_recording_is_refused_in_three_parts(broken: bytes) -> None:
    with pytest.raises(Refused) as refused:
        replay_of(broken)
    assert (refused.value.status, refused.value.refusal.code) == (422, "not_replayable")
    assert refused.value.refusal.change


# The shipped model, served by a worker, and copies of it that were changed a little.

RESID_3 = "resid_post/layer_3_known"
RUN = GenerateRequest(
    model="tiny-gemma2-chat",
    prompt="What sport does Michael Jordan play?",
    sweeps=(Sweep(target=LatentTarget(dictionary=RESID_3, latent=4), scope="entity", strengths=(-0.5, 1.0)),),
    controls=Controls(n_directions=4),
)
SAMPLED = but(RUN, sampling=Sampling(temperature=1.0, top_p=0.95, n_samples=3))
DRAWN = but(
    RUN,
    sweeps=(*RUN.sweeps, but(RUN.sweeps[0], target=RandomTarget(like=RUN.sweeps[0].target, index=2), generated=True)),
)
READ = but(RUN, read=(ReadLatents(dictionary=RESID_3), ReadLatents(dictionary="resid_post/layer_4", top=5)))


@pytest.fixture(scope="module")
def shipped() -> Iterator[str]:
    with serving(card_folders()[0]) as url:
        yield url


@pytest.fixture(scope="module")
def recorded(shipped: str) -> Callable[[GenerateRequest], bytes]:
    return lambda asked: httpx2.post(f"{shipped}/v1/generate", content=canonical_json(asked), timeout=60).content


async def verified(url: str, recording: bytes) -> Verification:
    worker = WorkerClient(RemoteWorker(url), silence_s=60)
    try:
        return await verify(worker, recording)
    finally:
        await worker.close()


@pytest.mark.parametrize(
    "request_", [RUN, SAMPLED, READ, DRAWN], ids=["greedy", "sampled", "with all latents", "along a random direction"]
)
async def test_an_untouched_recording_is_reproduced(shipped: str, recorded, request_: GenerateRequest) -> None:
    found = await verified(shipped, recorded(request_))
    assert (found.verdict, found.first, found.n_jumps, found.changed) == ("reproduced", None, 0, ())
    assert found.n_tokens == found.n_tokens_kept > 15 and found.n_numbers > (2_000 if request_.read else 250)
    assert found.largest_nats <= 1e-4 and found.largest_activation <= 1e-4
    assert found.checked.endswith("Z") and len(found.checked) == 27


def changed_weights(folder: Path) -> None:
    edit(folder / "chat" / "model.safetensors", "model.layers.2.mlp.down_proj.weight", 1.01)


def changed_dictionary(folder: Path) -> None:
    edit(folder / "dictionaries" / RESID_3 / "sae_weights.safetensors", "W_enc", 1.01)


def edit(file: Path, name: str, factor: float) -> None:
    """Every other column of one matrix; a norm would take back what all have in common."""
    weights = load_file(file)
    weights[name][:, ::2] *= factor
    save_file(weights, file, metadata={"format": "pt"})


def changed_tokenizer(folder: Path) -> None:
    """A word of the question is no longer put together from its pieces."""

    def without_a_merge(tokenizer: dict) -> None:
        merges = tokenizer["model"]["merges"]
        tokenizer["model"]["merges"] = [merge for merge in merges if "".join(merge) != "▁sport"]

    edit_tokenizer(folder, without_a_merge)


def changed_spelling(folder: Path) -> None:
    """What the model is asked stays; what it says is written in another way."""

    def other_text(tokenizer: dict) -> None:
        spelling = {"type": "Replace", "pattern": {"String": "basketball"}, "content": "netball"}
        tokenizer["decoder"]["decoders"].append(spelling)

    edit_tokenizer(folder, other_text)


def edit_tokenizer(folder: Path, change: Callable[[dict], None]) -> None:
    file = folder / "chat" / "tokenizer.json"
    tokenizer = json.loads(file.read_text("utf-8"))
    change(tokenizer)
    file.write_text(json.dumps(tokenizer), "utf-8")


@pytest.mark.parametrize(
    ("change", "what", "where", "changed"),
    [
        (changed_weights, "margin", "prompt token 2", "the model's files"),
        (
            changed_dictionary,
            f"fraction of variance unexplained by {RESID_3}",
            "the prompt",
            f"the dictionary {RESID_3}",
        ),
        (changed_tokenizer, "prompt token", "position 6", "the model's files"),
        (changed_spelling, "answer token", "arm 0 (baseline), answer token", "the model's files"),
    ],
    ids=["weights", "dictionary", "tokenizer", "spelling"],
)
async def test_what_changed_under_a_recording_shows_where_it_first_does(
    tmp_path: Path, recorded, change: Callable[[Path], None], what: str, where: str, changed: str
) -> None:
    shutil.copytree(card_folders()[0], tmp_path, dirs_exist_ok=True)
    change(tmp_path)
    with serving(tmp_path) as url:
        found = await verified(url, recorded(RUN))
    assert (found.verdict, found.refusal) == ("drifted", None)
    assert found.first.what == what and found.first.where.startswith(where)
    assert [words.split(":")[0] for words in found.changed] == [changed]


def asking_for(recording: bytes, **changes: object) -> bytes:
    """With another request in its first line."""
    first, rest = recording.split(b"\n", 1)
    start = json.loads(first)
    start["request"] |= changes
    return json.dumps(start, separators=(",", ":")).encode() + b"\n" + rest


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"model": "gemma-2-2b-it"}, "unknown_model"),
        ({"read": [{"dictionary": "sold", "top": None}]}, "unknown_dictionary"),
        ({"max_new_tokens": 1}, "not_replayable"),
    ],
)
async def test_what_the_worker_cannot_run_is_no_drift(shipped: str, recorded, changes: dict, code: str) -> None:
    found = await verified(shipped, asking_for(recorded(RUN), **changes))
    assert (found.verdict, found.refusal.code, found.first, found.model) == ("cannot_run", code, None, None)


async def test_without_a_worker_nothing_can_be_said(recorded) -> None:
    found = await verified("http://127.0.0.1:9", recorded(RUN))
    assert (found.verdict, found.refusal.code) == ("cannot_run", "no_worker")
