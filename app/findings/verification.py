"""Does a recording still hold? Its run is made again with the recorded tokens, and every fact is compared.

1. the recording becomes a request: its run, and the tokens of its answers          replay_of
2. a worker runs it; whatever it would choose, the recorded tokens are taken        verify
3. both streams are read as facts, and those of the recording looked up in the
   replay's: reproduced, if every token is still the model's own choice and every
   number within the tolerance; else drifted, and where first                       compare

Knows nothing about HTTP or the database.
"""

import asyncio
from collections.abc import Callable, Iterator

from pydantic import ValidationError

from app.clock import timestamp
from app.recordings.differences import Comparison
from app.recordings.facts import read_account
from app.worker.client import WorkerClient, WorkerLost
from protocol.app.verify import Tolerance, Verification
from protocol.refusal import Refusal, Refused
from protocol.worker.frames import FRAME, Done, Error, Start, Step
from protocol.worker.replay import AnswerTokens, ReplayRequest

FINE = Tolerance(nats=1e-3, activation_share=1e-3, activation=1e-3, jumps=1e-4, risk=1e-4)
COARSE = Tolerance(nats=0.4, activation_share=0.05, activation=1.0, jumps=0.03, risk=0.1)

_BEFORE = "the replay was complete", "A recording is compared with a whole replay."
_UNREADABLE = Refusal(
    code="unreadable_replay",
    asked="The worker's replay can't be read.",
    allowed="The worker and the app must be of the same version.",
    change="Tell whoever runs this app.",
)


def tolerance_of(*dtypes: str) -> Tolerance:
    """Of a recording and its replay, by what each ran in. Whatever else is in the worker's batch moves numbers too.

    float32  The engine's law is 1e-4 nats across batch sizes and implementations on a CPU; there the shipped model's
             activations move by 3e-5, and of half a million latents that fire none jumps. The rest is for other
             devices.
    else     bfloat16 has eight bits: a logit between 16 and 32 comes in steps of an eighth, and a margin is the
             difference of two. The shipped model, recorded in float32 and replayed in bfloat16, moves by up to 0.26
             nats and by 0.7 or a tenth of a small activation, and 1.7 % of the latents that fire jump; two devices
             may err by as much in opposite ways.
    """
    return FINE if set(dtypes) == {"float32"} else COARSE


def replay_of(recording: bytes) -> ReplayRequest:
    """What to ask a worker. Raises Refused (422) for a recording without a whole run."""
    start: Start | None = None
    ids: dict[tuple[int, int], list[int]] = {}
    try:
        for line in recording.splitlines():
            if b'"start"' in line or b'"step"' in line:
                frame = FRAME.validate_json(line)
                if isinstance(frame, Start):
                    start = frame
                for token in frame.tokens if isinstance(frame, Step) else ():
                    ids.setdefault((token.arm, token.sample), []).append(token.id)
        if start is None:
            raise _not_replayable()
        answers = (AnswerTokens(arm=arm, sample=sample, ids=tuple(ids[arm, sample])) for arm, sample in sorted(ids))
        return ReplayRequest(run=start.request, answers=tuple(answers))
    except ValidationError:
        raise _not_replayable() from None


async def verify(worker: WorkerClient, recording: bytes, arrived: Callable[[], None] = lambda: None) -> Verification:
    """recording: of the present protocol. arrived: called at each line. What can't be replayed at all is a verdict
    too."""
    checked = timestamp()
    try:
        async with worker.replay(await asyncio.to_thread(replay_of, recording)) as lines:
            replayed = []
            async for line in lines:
                replayed.append(line)
                arrived()
    except Refused as refused:
        return _cannot_run(checked, refused.refusal)
    except WorkerLost as lost:
        return _cannot_run(checked, lost.refusal(*_BEFORE))
    return await asyncio.to_thread(compare, recording.splitlines(), replayed, checked)


def compare(recorded: list[bytes], replayed: list[bytes], checked: str) -> Verification:
    """Of two streams, line by line."""
    try:
        then = read_account(recorded)
    except ValueError:
        return _cannot_run(checked, _not_replayable().refusal)
    if not replayed:
        return _cannot_run(checked, WorkerLost().refusal(*_BEFORE))
    try:
        now = read_account(replayed)
    except ValueError:
        return _cannot_run(checked, _UNREADABLE)
    if not isinstance(now.end, Done):
        why = now.end.refusal if isinstance(now.end, Error) else WorkerLost().refusal(*_BEFORE)
        return _cannot_run(checked, why)
    tolerance = tolerance_of(then.start.model.dtype, now.start.model.dtype)
    found = Comparison(then, now, tolerance)
    return Verification(
        verdict="drifted" if found.n_drifts else "reproduced",
        checked=checked,
        model=now.start.model,
        tolerance=tolerance,
        n_tokens=then.n_tokens,
        n_tokens_kept=then.n_tokens - found.n_departed,
        n_numbers=found.n_numbers,
        n_jumps=found.n_jumps,
        largest_nats=found.largest.get("nats"),
        largest_activation=found.largest.get("activation"),
        first=found.first,
        n_drifts=found.n_drifts,
        changed=tuple(_changed(then.start, now.start)),
    )


def _changed(then: Start, now: Start) -> Iterator[str]:
    """What ran differently, in words."""
    if then.model.sha256 != now.model.sha256:
        yield f"the model's files: {_short(then.model.sha256)} then, {_short(now.model.sha256)} now"
    if then.model.dtype != now.model.dtype:
        yield f"the precision: {then.model.dtype} then, {now.model.dtype} now"
    if then.model.device != now.model.device:
        yield f"the device: {then.model.device} then, {now.model.device} now"
    if then.risk is not None and now.risk is not None and then.risk.sha256 != now.risk.sha256:
        yield f"the fit of the risk: {_short(then.risk.sha256)} then, {_short(now.risk.sha256)} now"
    used = {dictionary.id: dictionary.sha256 for dictionary in now.dictionaries}
    for dictionary in then.dictionaries:
        if used.get(dictionary.id) != dictionary.sha256:
            is_now = _short(used[dictionary.id]) if dictionary.id in used else "gone"
            yield f"the dictionary {dictionary.id}: {_short(dictionary.sha256)} then, {is_now} now"


def _short(sha256: str) -> str:
    return f"sha256 {sha256[:12]}"


def _cannot_run(checked: str, refusal: Refusal) -> Verification:
    return Verification(verdict="cannot_run", checked=checked, refusal=refusal)


def _not_replayable() -> Refused:
    return Refused(
        422,
        "not_replayable",
        "A check of this recording was asked.",
        "A recording can be checked if it is whole and all of it is of a protocol that this app knows.",
        "Run the request again and save that run.",
    )
