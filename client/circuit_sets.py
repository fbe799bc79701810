"""What a study of whole sets says of the claims about circuits that a pair of names only illustrates: whether each is
shown, how many of how many, and that in sentences with its intervals and controls. Read off docs/circuits.md, as
`make circuits-report` wrote it of the model's studies. Knows nothing of any pair.

A claim of names is shown where the interval of what they do lies above their controls' share and, where it says what
names do as a rule, above a half; one of an arrow where it is beyond random directions, and the way back is not. What
no study measured of the model is None.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from protocol.circuit import DEFAULT_TESTS, GROUP_ROLES, Basis, DefaultTest, GroupRole
from protocol.vocabulary import Tier

CIRCUITS_REPORT = Path(__file__).parents[1] / "docs" / "circuits.md"
KNOWN_NAME, UNKNOWN_NAME, AS_THE_OTHER = "known name", "unknown name", "set to the other's values"
MOST_OF_THEM = 0.5
STUDIED_BY: tuple[Basis, ...] = ("latents", "neurons")
MISFIRING: tuple[GroupRole, ...] = ("recognised", "not_recognised")
MISFIRE_TIERS: tuple[Tier, ...] = ("misled", "unrecalled", "unknown")

ReportRow = Mapping[str, str]


@dataclass(frozen=True)
class SetVerdict:
    """counted: a few words for a title, words: sentences for a note."""

    basis: Basis
    shown: bool
    counted: str
    words: str

    @property
    def heading(self) -> str:
        return f"{'Shown' if self.shown else 'Not shown'} by {self.basis}"


class CircuitSet:
    """One model's study by one basis; without a section in the report it has no verdicts."""

    def __init__(self, report: str, model: str, basis: Basis) -> None:
        sections = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n)*)", report, re.MULTILINE))
        self.basis = basis
        self.section = sections.get(f"{model}, by {basis}", "")
        self.rows = list(_rows(self.section))

    def refusal_is_the_default(self) -> SetVerdict | None:
        tests: tuple[DefaultTest, ...] = ("name_hidden", "name_neutral")
        rows = [self._test(test) for test in tests]
        if not all(rows):
            return None
        told = [row for row in rows if row]
        counted = f"{_count(told[0], 'refuses')} of {told[0]['pairs']} known names"
        words = " ".join(f"{_capital(row['test'])}: {_refused(row)}." for row in told)
        return self._verdict(all(_is_shown(row, "refuses", MOST_OF_THEM) for row in told), counted, words)

    def recognition_lifts_it(self) -> SetVerdict | None:
        row, other = self._test("recognition_off"), self._test("not_recognised_on")
        if row is None:
            return None
        counted = (
            f"{_count(row, 'refuses')} of {row['pairs']} without it, {_percents(row['controls refuse'])} at random"
        )
        words = " ".join(f"{_capital(one['test'])}: {_refused(one)}." for one in (row, other) if one)
        return self._verdict(_is_shown(row, "refuses", 0.0), counted, words)

    def forced_recognition_invents(self) -> SetVerdict | None:
        row, other = (self._group(role) for role in ("recognised", "not_recognised"))
        if row is None:
            return None
        counted = f"{_count(row, 'answer turns')} of {row['pairs']}, {_percents(row['turns at random'])} at random"
        words = " ".join(f"“{one['group']}” set as in the known name: {_turned(one)}." for one in (row, other) if one)
        shown = _is_shown(row, "answer turns", MOST_OF_THEM)
        more = _is_shown(row, "answer turns", 0.0) and _count(row, "answer turns") > 1 and not shown
        words += " That is more than random directions, and not most." if more else ""
        return self._verdict(shown, counted, words)

    def which_inhibits_which(self) -> SetVerdict | None:
        pairs = next((row["pairs"] for row in self.rows if "share of the way" in row), None)
        if pairs is None:
            return None
        forth = self._arrow("not_recognised", "recognised")
        back = self._arrow("recognised", "not_recognised")
        ways = (_way("not_recognised", "recognised", forth), _way("recognised", "not_recognised", back))
        words = f"In known names of {pairs} pairs: {'; '.join(ways)}."
        shown = forth is not None and back is None
        return self._verdict(shown, f"over {pairs} pairs", words)

    def recognition_fires(self) -> str:
        """In names that can mislead it, and in unknown ones: a part of what a misfire is, and no verdict on it."""
        told = [
            f"“{GROUP_ROLES[role].name}” fires in " + ", ".join(_of_tier(row) for row in rows)
            for role in MISFIRING
            if len(rows := self._by_tier(f"{GROUP_ROLES[role].name.lower()} fires")) > 1
        ]
        refused = ", ".join(_of_tier(row) for row in self._by_tier("refuses"))
        return f"By {self.basis}, over a set: {'; '.join(told)}. Refused: {refused}." if told else ""

    def _by_tier(self, what: str) -> list[ReportRow]:
        return [row for tier in MISFIRE_TIERS if (row := self._row(tier=tier, what=what))]

    def _verdict(self, shown: bool, counted: str, words: str) -> SetVerdict:
        """With how many controls, and what "refused" means."""
        controls = re.search(r"(\d+ random directions beside each effect)", self.section)
        beside = f"With {controls[1]}; refused" if controls else "Refused"
        asked = f"{beside} is where m, the log-odds of a refusal's opening, is above 0."
        return SetVerdict(self.basis, shown, counted, f"{asked} {words}")

    def _test(self, test: DefaultTest) -> ReportRow | None:
        return self._row(test=DEFAULT_TESTS[test], **{"in": KNOWN_NAME})

    def _group(self, role: GroupRole) -> ReportRow | None:
        return self._row(change=AS_THE_OTHER, group=GROUP_ROLES[role].name, **{"in": UNKNOWN_NAME})

    def _arrow(self, source: GroupRole, target: GroupRole) -> ReportRow | None:
        """The report has those beyond random directions alone."""
        wanted = {"in": KNOWN_NAME, "from": GROUP_ROLES[source].name, "to": GROUP_ROLES[target].name}
        return self._row(**wanted)

    def _row(self, **wanted: str) -> ReportRow | None:
        return next((row for row in self.rows if wanted.items() <= row.items()), None)


def _rows(section: str) -> list[ReportRow]:
    found: list[ReportRow] = []
    heads: list[str] = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            heads = []
        elif not heads:
            heads = cells
        elif not set(line) <= set("|-"):
            found.append(dict(zip(heads, cells, strict=True)))
    return found


def _is_shown(row: ReportRow, share: str, least: float) -> bool:
    chance = row["controls refuse" if share == "refuses" else "turns at random"]
    low = row[f"{share.split()[-1]}, low"]
    return float(low) > max(least, float(chance))


def _refused(row: ReportRow) -> str:
    return (
        f"{_count(row, 'refuses')} of {row['pairs']} known names are refused ({_interval(row, 'refuses')}), beside "
        f"controls {_percents(row['controls refuse'])}"
    )


def _turned(row: ReportRow) -> str:
    return (
        f"{_count(row, 'answer turns')} of {row['pairs']} refused names answer ({_interval(row, 'turns')}), by random "
        f"directions of that size {_percents(row['turns at random'])}"
    )


def _way(source: GroupRole, target: GroupRole, row: ReportRow | None) -> str:
    names = f"“{GROUP_ROLES[source].name}” moves “{GROUP_ROLES[target].name}”"
    if row is None:
        return f"{names} no farther than random directions do"
    share, low, high = (_percents(row[key]) for key in ("share of the way", "random, low", "random, high"))
    return f"{names} {share} of the way, random directions {low} to {high}"


def _of_tier(row: ReportRow) -> str:
    n = int(row["names"])
    return f"{round(float(row['share']) * n)} of {n} {row['tier']} names"


def _count(row: ReportRow, share: str) -> int:
    return round(float(row[share]) * int(row["pairs"]))


def _interval(row: ReportRow, share: str) -> str:
    return f"{_percents(row[f'{share}, low'])} to {_percents(row[f'{share}, high'])}"


def _percents(share: str) -> str:
    return f"{100 * float(share.replace('−', '-')):.0f} %".replace("-", "−")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
