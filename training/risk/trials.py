"""What a strip is fitted and tested on: answers with what was read of their tokens, and which of them went wrong.

Wrong and invented answers are errors; refused, right and other answers aren't; a broken one is neither and left out.
The compact file that ships beside this module holds four digits of every number, and the fit is made of those: whoever
has the file has the fit. Knows nothing about models.
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from model_worker.answering.risk_halves import RiskHalf
from protocol.risk.fit import RiskDecoding
from training.risk.questions import TALK

TRIALS = Path(__file__).parent / "trials"
ERRORS = ("wrong", "invented")


@dataclass(frozen=True)
class RiskTrial:
    """value: the place of the value's first token among the answer's, and of the last; None: it states none in the
    form that it was taught. entropy, peak, surprise: by token, in nats."""

    unit: str
    half: RiskHalf
    tier: str
    about: str  # type and attribute
    decoding: RiskDecoding
    outcome: str
    refuses: bool
    value: tuple[int, int] | None
    refusal_logodds: float
    known: float
    unknown: float
    entropy: tuple[float, ...]
    peak: tuple[float, ...]
    surprise: tuple[float, ...]

    @property
    def is_error(self) -> bool:
        return self.outcome in ERRORS

    @property
    def kind(self) -> str:
        return self.tier


def trials_of(lines: Iterable[dict], answers: Mapping[tuple[str, str], str]) -> Iterator[RiskTrial]:
    """lines: as answering.py writes them. answers: by type and attribute the form of an answer, with {v}, {e}, {a}."""
    for line in lines:
        if line["outcome"] == "broken":
            continue
        form = answers.get((line["type"], line["attribute"]))
        yield RiskTrial(
            unit=line["unit"],
            half=line["half"],
            tier=line["tier"],
            about=f"{line['type']} {line['attribute']}" if line["type"] != TALK else TALK,
            decoding="sampled" if line["sampled"] else "greedy",
            outcome=line["outcome"],
            refuses=line["opens_refusal"],
            value=None if form is None or line["opens_refusal"] else value_tokens(line["pieces"], form),
            refusal_logodds=_short(line["refusal_logodds"]),
            known=_short(line["latents"].get("known", 0.0)),
            unknown=_short(line["latents"].get("unknown", 0.0)),
            entropy=tuple(map(_short, line["entropy"])),
            peak=tuple(map(_short, line["peak"])),
            surprise=tuple(map(_short, line["surprise"])),
        )


def value_tokens(pieces: Sequence[str], form: str) -> tuple[int, int] | None:
    """First and last token that say the value, of an answer of this form."""
    pattern = re.escape(form)
    for placed, stands_for in (("{e}", ".+?"), ("{a}", "(?:an? )?"), ("{v}", "(?:the )?(?P<v>.+?)")):
        pattern = pattern.replace(re.escape(placed), stands_for)
    found = re.fullmatch(pattern, "".join(pieces).strip())
    if found is None:
        return None
    lead = len("".join(pieces)) - len("".join(pieces).lstrip())
    start, end = found.start("v") + lead, found.end("v") + lead
    ends, at = [], 0
    for piece in pieces:
        at += len(piece)
        ends.append(at)
    return next(i for i, stop in enumerate(ends) if stop > start), next(i for i, stop in enumerate(ends) if stop >= end)


def write_trials(file: Path, trials: Sequence[RiskTrial]) -> None:
    file.parent.mkdir(exist_ok=True)
    text = "".join(f"{json.dumps(asdict(one), ensure_ascii=False, separators=(',', ':'))}\n" for one in trials)
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


def read_trials(file: Path) -> list[RiskTrial]:
    found = []
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            row["value"] = None if row["value"] is None else tuple(row["value"])
            found.append(RiskTrial(**row | {name: tuple(row[name]) for name in ("entropy", "peak", "surprise")}))
    return found


def _short(value: float) -> float:
    return float(f"{value:.4g}")
