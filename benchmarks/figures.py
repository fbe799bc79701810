"""From medians to ratios, each beside its target, and the table of them.

Most figures stand twice: nobody reads latents, or everybody reads all active ones of every token. Where ours does
more than a figure names (a steered answer of ours always has the unsteered one beside it), the lines below say what
it is like for like.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks import jobs
from benchmarks.measure import Key
from benchmarks.wire import Wire


@dataclass(frozen=True)
class Figure:
    """`values`: without readout, with full readout; None where there is no such thing. `at_least`, `at_most`: the
    target, if it has one."""

    name: str
    values: tuple[float | None, float | None]
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f">= {self.at_least:g}{self.unit}"
        return "" if self.at_most is None else f"<= {self.at_most:g}{self.unit}"

    def verdict(self, value: float) -> str:
        if self.at_least is not None:
            met = value >= self.at_least
        elif self.at_most is not None:
            met = value <= self.at_most
        else:
            return ""
        return "ok" if met else "short"


def figures_of(medians: Mapping[Key, float], wire: Wire, *, compiled: bool) -> list[Figure]:
    """In the order of the targets."""
    peers = list(dict.fromkeys(key.who for key in medians if key.who != jobs.OURS))
    batching = [who for who in peers if Key(who, jobs.SWEEP, True) in medians]

    def times(above: tuple[str, str], below: str, who: str = jobs.OURS) -> tuple[float, float]:
        plain, full = (medians[Key(*above, full)] / medians[Key(who, below, full)] for full in (False, True))
        return plain, full

    def added(what: str) -> tuple[None, float]:
        plain, full = (medians[Key(jobs.OURS, what, full)] for full in (False, True))
        return None, 100 * (full / plain - 1)

    def both(peer: str) -> tuple[float, float]:
        steered, unsteered = times((peer, jobs.ONE), jobs.ONE), times((peer, jobs.BARE), jobs.ONE)
        return steered[0] + unsteered[0], steered[1] + unsteered[1]

    found: list[Figure] = []
    for peer in peers:
        found += [
            Figure(
                f"{peer} / ours, one steered answer", times((peer, jobs.ONE), jobs.ONE), at_least=2 if compiled else 1.4
            ),
            Figure("  and its unsteered one in turn, as ours has both", both(peer)),
            Figure("  the unsteered one alone, one row each", times((peer, jobs.BARE), jobs.BARE)),
            Figure("  steered, ours with the prompt seen before", times((peer, jobs.ONE), jobs.AGAIN)),
            Figure(f"{peer} / ours, first token after a drag", times((peer, jobs.DRAG), jobs.DRAG), at_least=4),
        ]
    found += [
        Figure("our sweep of 21 / one steered answer of ours", times((jobs.OURS, jobs.SWEEP), jobs.ONE), at_most=3.5),
        Figure("  / the unsteered one alone", times((jobs.OURS, jobs.SWEEP), jobs.BARE)),
        *(Figure(f"  {peer}, batch of 21 / its one", times((peer, jobs.SWEEP), jobs.ONE, peer)) for peer in batching),
    ]
    for peer in peers:
        found.append(Figure(f"{peer}, 21 in turn / our sweep", times((peer, jobs.IN_TURN), jobs.SWEEP), at_least=10))
    for peer in batching:
        found.append(Figure(f"{peer}, batch of 21 / our sweep", times((peer, jobs.SWEEP), jobs.SWEEP), at_least=1.7))
    found += [
        Figure("16 users of ours / one of ours", times((jobs.OURS, jobs.USERS), jobs.ONE), at_most=3.5),
        Figure("  both unsteered, one row a user", times((jobs.OURS, jobs.USERS_BARE), jobs.BARE), at_most=3.5),
        *(Figure(f"  {peer}, batch of 16 / its one", times((peer, jobs.USERS), jobs.ONE, peer)) for peer in batching),
    ]
    for peer in batching:
        found += [
            Figure(f"{peer}, batch of 16 / our 16 users", times((peer, jobs.USERS), jobs.USERS)),
            Figure("  ours unsteered, one row a user", times((peer, jobs.USERS), jobs.USERS_BARE)),
        ]
    found += [
        Figure("readout added to one steered answer", added(jobs.ONE), at_most=8, unit=" %"),
        Figure("  to the first token after a drag", added(jobs.DRAG), unit=" %"),
        Figure("  to one, prompt seen before", added(jobs.AGAIN), at_most=8, unit=" %"),
        Figure("  to the sweep, where every row costs as much again", added(jobs.SWEEP), unit=" %"),
        Figure("JSON row of all latents / ours, bytes a token", (None, wire.row / wire.ours), at_least=100),
        Figure("  the JSON row without spaces", (None, wire.compact / wire.ours)),
    ]
    return found


def table(name: str, medians: Mapping[Key, float], figures: Sequence[Figure]) -> str:
    seconds = [f"{name:<62}{'':10}{'no readout':>16}{'full readout':>16}"]
    for who, what in dict.fromkeys((key.who, key.what) for key in medians):
        values = "".join(f"{1000 * medians[Key(who, what, full)]:>13.1f} ms" for full in (False, True))
        seconds.append(f"  {f'{who}: {what}':<60}{'':10}{values}")
    seconds.append("")
    for figure in figures:
        values = "".join(
            f"{'':16}" if value is None else f"{f'{value:.2f}{figure.unit}':>10} {figure.verdict(value):<5}"
            for value in figure.values
        )
        seconds.append(f"  {figure.name:<60}{figure.target:>10}{values}".rstrip())
    return "\n".join(seconds)
