"""Requests and recordings of older protocols, as the present one spells them: pure functions, a step a version.

A link is a promise, so a step is never changed or taken out once a release has made recordings; tests/recordings has
one of each version. The bytes that were recorded stay as they are: upgrading happens when they are read.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from protocol.refusal import Refused
from protocol.version import PROTOCOL

Json = dict[str, Any]
_OPENINGS = ("start", "study")


@dataclass(frozen=True)
class VersionStep:
    """From one version to the next. Both change what they are given; `start` and `study` frames hold a request of
    their own, which is upgraded as one."""

    request: Callable[[Json], None]
    frame: Callable[[Json], None]


def upgraded_request(request: Json, version: int, steps: Mapping[int, VersionStep] | None = None) -> Json:
    """Raises Refused (409) for a version that is not known."""
    for step in _steps_from(version, steps):
        step.request(request)
    return request


def upgraded(recording: bytes, steps: Mapping[int, VersionStep] | None = None) -> bytes:
    """The lines of a recording, as a worker of this protocol would have sent them; the same bytes where it is of this
    protocol already. Raises Refused (409) for a version that is not known."""
    version = version_of(recording)
    todo = _steps_from(version, steps)
    if not todo:
        return recording
    lines = []
    for line in recording.splitlines():
        frame = json.loads(line)
        for step in todo:
            if frame["kind"] in _OPENINGS:
                step.request(frame["request"])
            step.frame(frame)
        if frame["kind"] in _OPENINGS:
            frame["protocol"] = version + len(todo)
        lines.append(json.dumps(frame, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n")
    return b"".join(lines)


def version_of(recording: bytes) -> int:
    """Of its `start` or `study` frame; the present one where there is none, since then nothing can be upgraded."""
    first = recording.split(b"\n", 1)[0]
    if not any(f'"{kind}"'.encode() in first for kind in _OPENINGS):
        return PROTOCOL
    return int(json.loads(first).get("protocol", PROTOCOL))


def _steps_from(version: int, steps: Mapping[int, VersionStep] | None) -> list[VersionStep]:
    known = STEPS if steps is None else steps
    latest = max(known) + 1
    if version != latest and version not in known:
        raise Refused(
            409,
            "unknown_version",
            f"This was saved by protocol {version}.",
            f"This app reads protocols {min(known)} to {latest}.",
            "Open it with a newer app.",
        )
    return [known[number] for number in range(version, latest)]


def _request_from_1(request: Json) -> None:
    request.setdefault("hold", [])
    request.setdefault("sampling", {"temperature": 0.0, "top_p": 1.0, "seed": None, "n_samples": 1})
    request.setdefault("read", [])
    for sweep in request.get("sweeps", ()):
        sweep.setdefault("to", None)
        sweep.setdefault("positions", [])
        sweep.setdefault("generated", False)


def _frame_from_1(frame: Json) -> None:
    """Version 1 had one answer an arm, always greedy, and only added."""
    kind = frame["kind"]
    if kind == "start":
        frame.setdefault("held", [])
        for arm in frame["arms"]:
            arm.setdefault("held", False)
    elif kind == "prompt":
        frame.setdefault("odds", [])
        for arm in frame["arms"]:
            arm.setdefault("steered", [])
    elif kind == "step":
        for token in frame["tokens"]:
            token.setdefault("sample", 0)
            token.setdefault("entropy_nats", None)
            token.setdefault("margin_nats", None)
        for reading in frame["readings"]:
            reading.setdefault("sample", 0)
            reading.setdefault("steered", [])
    elif kind == "verdict":
        frame.setdefault("sample", 0)
        frame.setdefault("paper_phrase", None)


def _request_from_2(request: Json) -> None:
    """Asked as before."""


def _frame_from_2(frame: Json) -> None:
    """Version 2 took the first name that it found, and warned of nothing; its studies didn't say what an arm holds."""
    kind = frame["kind"]
    if kind == "start":
        frame.setdefault("warnings", [])
        if frame["entity"] is not None:
            frame["entity"].setdefault("called", None)
            frame["entity"].setdefault("others", [])
    elif kind == "study":
        frame.setdefault("order", 1)
        frame.setdefault("too_few", [])
        for arm in frame["arms"]:
            arm.setdefault("hold", None)
    elif kind == "trial":
        frame.setdefault("seed", None)
    elif kind == "verdict":
        frame.setdefault("said", None)


STEPS: Mapping[int, VersionStep] = {
    1: VersionStep(_request_from_1, _frame_from_1),
    2: VersionStep(_request_from_2, _frame_from_2),
}
assert max(STEPS) + 1 == PROTOCOL, "a new protocol needs a step from the one before"
