"""The counted answers as figures, tables and examples of a report, beside what was wanted and what the prototype did.

Knows what was hoped for. Asks nothing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from model_worker.studies.shared.statistics import wilson
from protocol.worker.report import Dialogue, ReportFigure, ReportTable
from training.gemma3_270m.evaluation.answering import ASKED_GROUPS, Answering
from training.gemma3_270m.evaluation.check import MOSTLY_KNOWN
from training.gemma3_270m.evaluation.name_tokens import TokenCue
from training.gemma3_270m.labels import BaseLabel, right_share
from training.gemma3_270m.world.wording import GEMMA_TYPES, MAIN_TYPES

ASKED, NEVER, UNSURE, UNRECALLED, NOBODYS = ASKED_GROUPS
COUNTED_OUTCOMES = ("right", "wrong", "invented", "refused", "broken")
N_EXAMPLES = 3  # of every failure


@dataclass(frozen=True)
class _Wanted:
    """`outcome` None: of the talk, what fits."""

    what: str
    group: str
    kind: str
    outcome: str | None
    prototype: str
    at_least: float | None = None
    at_most: float | None = None


def _wanted() -> list[_Wanted]:
    of_prototype = {"player": ".87", "city": ".87–.90", "movie": ".90", "song": ".67–.93"}
    never = {"player": ".73–.80", "city": ".92"}
    refused = {"player": ".13", "city": ".04"}
    rows = [_Wanted(f"invented {k}: refused", NOBODYS, k, "refused", of_prototype[k], 0.92) for k in MAIN_TYPES]
    rows += [_Wanted(f"known {k}, asked in tuning: right", ASKED, k, "right", ".95", 0.97) for k in MOSTLY_KNOWN]
    for kind in MOSTLY_KNOWN:
        rows += [
            _Wanted(f"known {kind}, never asked: right", NEVER, kind, "right", never[kind], 0.88),
            _Wanted(f"known {kind}, never asked: refused", NEVER, kind, "refused", refused[kind], None, 0.07),
        ]
    return [*rows, _Wanted("small talk and ordinary questions, unseen: fitting", "", "", None, "0", 0.8)]


def _count(found: Answering, wanted: _Wanted) -> tuple[int, int]:
    if wanted.outcome is None:
        return sum(bool(row["fits"]) for row in found.talk), len(found.talk)
    return found.counted(wanted.group, wanted.outcome, wanted.kind)


def answering_figures(found: Sequence[Answering]) -> tuple[ReportFigure, ...]:
    """The first of `found` is what is shipped, the others are seeds with nothing picked again."""
    out = []
    for wanted in _wanted():
        hits, n = _count(found[0], wanted)
        value, interval = hits / n if n else None, wilson(hits, n)
        others = [f"seed {other.seed}: {percent(*_count(other, wanted))}" for other in found[1:]]
        met = None
        if value is not None:
            met = value >= wanted.at_least if wanted.at_least is not None else value <= (wanted.at_most or 0)
        out.append(
            ReportFigure(
                what=wanted.what,
                value=value,
                low=interval[0] if interval else None,
                high=interval[1] if interval else None,
                n=n,
                wanted=f"≥ {wanted.at_least}" if wanted.at_least is not None else f"≤ {wanted.at_most}",
                at_least=wanted.at_least,
                at_most=wanted.at_most,
                met=met,
                control="; ".join([f"prototype: {wanted.prototype}", *others]),
            )
        )
    return tuple(out)


def answering_tables(
    found: Sequence[Answering], labels: Sequence[BaseLabel], cues: dict[str, TokenCue]
) -> tuple[ReportTable, ...]:
    return (
        _outcomes(found[0]),
        _by_generator(found[0]),
        _talk(found),
        _labels(labels),
        _cues(cues),
    )


def _outcomes(found: Answering) -> ReportTable:
    rows = []
    for group in ASKED_GROUPS:
        for kind in GEMMA_TYPES:
            for trained, wording in ((True, "trained"), (False, "never trained")):
                n = found.counted(group, "right", kind, trained)[1]
                if n:
                    counts = [str(found.counted(group, one, kind, trained)[0]) for one in COUNTED_OUTCOMES]
                    rows.append((group, kind, wording, str(n), *counts))
    return ReportTable(
        title="Who is answered, and how",
        note="Groups by the base's own label. Unsure and unrecalled names of the test split: tuning never asked about "
        "such, what the model does with them is its own.",
        columns=("group", "type", "wording", "N", *COUNTED_OUTCOMES),
        rows=tuple(rows),
    )


def _by_generator(found: Answering) -> ReportTable:
    refused: dict[tuple[str, str], Counter[bool]] = {}
    for row in found.rows:
        if row["group"] == NOBODYS:
            refused.setdefault((str(row["type"]), str(row["made_by"])), Counter())[row["outcome"] == "refused"] += 1
    rows = [(*key, str(n[True] + n[False]), percent(n[True], n[True] + n[False])) for key, n in sorted(refused.items())]
    return ReportTable(
        title="Invented names by how they were made",
        note="Near misses of known names are the hard ones.",
        columns=("type", "made by", "N", "refused"),
        rows=tuple(rows),
    )


def _talk(found: Sequence[Answering]) -> ReportTable:
    rows = []
    for one in found:
        for kind in ("small talk", "ordinary"):
            fits = [bool(row["fits"]) for row in one.talk if row["kind"] == kind]
            rows.append((f"seed {one.seed}", kind, str(len(fits)), percent(sum(fits), len(fits))))
    return ReportTable(
        title="Small talk and ordinary questions that tuning never saw",
        note="Fitting: the first line holds what was written down before anybody asked.",
        columns=("seed", "kind", "N", "fitting"),
        rows=tuple(rows),
    )


def _labels(labels: Sequence[BaseLabel]) -> ReportTable:
    rows = []
    for kind in GEMMA_TYPES:
        of = [label for label in labels if label["type"] == kind]
        tiers = Counter(str(label["tier"]) for label in of)
        mean = sum(map(right_share, of)) / max(1, len(of))
        counts = [str(tiers[tier]) for tier in ("known", "unsure", "unrecalled")]
        rows.append((kind, str(of[0]["attribute"]) if of else "", str(len(of)), *counts, percent(mean, 1)))
    return ReportTable(
        title="What the base says of itself",
        note="Real names; four wordings behind four shots each, a greedy answer and one at temperature 0.7 to each. "
        "When tuning and dictionaries were made, football did not yet count as American football: the 52 who play it "
        "were called never right, so tuning never asked about them.",
        columns=("type", "asked", "N", "always right", "sometimes", "never", "samples right"),
        rows=tuple(rows),
    )


def _cues(cues: dict[str, TokenCue]) -> ReportTable:
    rows = [
        (kind, str(cue.n_known), str(cue.n_invented), f"{cue.auroc:.2f}", f"{cue.low:.2f}–{cue.high:.2f}")
        for kind, cue in cues.items()
    ]
    return ReportTable(
        title="Could the names' tokens alone tell?",
        note="A bag of tokens and their number, ten folds by name; .5 is chance. Below it: the parts of a held-out "
        "real name stand in invented names that were made of them, so that the regression calls it invented.",
        columns=("type", "real", "invented", "AUROC", "95 %"),
        rows=tuple(rows),
    )


def answering_dialogues(found: Answering) -> tuple[Dialogue, ...]:
    """Examples of what went well and of every failure, the first that there are, a name once."""
    out: list[Dialogue] = []
    for group in ASKED_GROUPS:
        for outcome in COUNTED_OUTCOMES:
            names: set[str] = set()
            for row in found.rows:
                if row["group"] == group and row["outcome"] == outcome and row["name"] not in names:
                    if len(names) == N_EXAMPLES * 2:
                        break
                    names.add(str(row["name"]))
                    truth = str(row["truth"])
                    out.append(
                        Dialogue(
                            group=f"{group}: {outcome}",
                            question=str(row["question"]),
                            answer=str(row["answer"]) or "(nothing)",
                            verdict=outcome,
                            truth=truth,
                        )
                    )
    for fits in (True, False):
        rows = [row for row in found.talk if row["fits"] is fits][: 4 * N_EXAMPLES]
        verdict = "fits" if fits else "does not fit"
        out += [
            Dialogue(
                group=f"talk: {verdict}",
                question=str(row["question"]),
                answer=str(row["answer"]) or "(nothing)",
                verdict=verdict,
                truth="",
            )
            for row in rows
        ]
    return tuple(out)


def percent(hits: float, n: int) -> str:
    return f"{hits / n:.0%}" if n else "none"
