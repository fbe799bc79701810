"""Two accounts of one run, fact by fact: how many differ by more than they may, and which one first.

A JumpReLU latent that comes near its threshold may fire one time and not the next, however little else changes. The
thresholds are not recorded. So a latent that fires on one side only is taken for such a jump where it never fires
more weakly in either account, and jumps are let pass as long as they are few. Knows nothing about streams.
"""

from typing import NamedTuple

from app.recordings.facts import Account, Fact, FactUnit, Order
from protocol.app.verify import Drift, Tolerance

ROUNDING = 1e-5  # of a number's size: frames hold six significant digits


class _Jump(NamedTuple):
    """A value that is 0 or not listed on one side, and `size` on the other."""

    order: Order
    key: str | int
    size: float


class Comparison:
    """largest: difference by unit, jumps left out. n_departed: tokens that are no longer the model's own choice."""

    def __init__(self, then: Account, now: Account, tolerance: Tolerance) -> None:
        """What `then` doesn't hold is not asked for."""
        self.n_numbers = self.n_drifts = self.n_departed = self.n_jumps = 0
        self.largest: dict[FactUnit, float] = {}
        self._first: tuple[Order, Drift] | None = None
        self._tolerance = tolerance
        self._then, self._now = then, now
        self._jumps: list[_Jump] = []
        self._n_firing = 0
        for order, fact in then.facts.items():
            self._compare(order, fact, now.facts.get(order))
        self._let_jumps_pass()

    @property
    def first(self) -> Drift | None:
        return self._first[1] if self._first else None

    def _compare(self, order: Order, fact: Fact, other: Fact | None) -> None:
        departure = self._now.departures.get(order)
        if departure is not None and departure.short_by > self._tolerance.nats:
            self.n_departed += 1
            chosen = f"{departure.text!r} (id {departure.id}), preferred by {departure.short_by:.3g} nats"
            self._drift(order, fact, "", chosen)
        keys, bounded = fact.values, False
        if other is not None and fact.unlisted is not None and other.unlisted is not None:
            keys, bounded = fact.values | other.values, True
        for key in keys:
            if other is None or (key not in other.values and not bounded):
                self._drift(order, fact, key, "nothing")
            elif fact.unit == "text":
                if fact.values[key] != other.values[key]:
                    self._drift(order, fact, key, shown(other, key))
            else:
                self._compare_number(order, fact, other, key)

    def _compare_number(self, order: Order, fact: Fact, other: Fact, key: str | int) -> None:
        a, b = _at_most(fact, other, key), _at_most(other, fact, key)
        size, apart = max(abs(a), abs(b)), abs(a - b)
        within, activation = apart <= self._allowed(fact.unit, size), fact.unit == "activation"
        self.n_numbers += 1
        self._n_firing += activation and size > 0
        if activation and not within and bool(fact.values.get(key)) != bool(other.values.get(key)):
            self._jumps.append(_Jump(order, key, size))
            return
        self.largest[fact.unit] = max(apart, self.largest.get(fact.unit, 0.0))
        if not within:
            self._drift(order, fact, key, shown(other, key))

    def _allowed(self, unit: FactUnit, size: float) -> float:
        match unit:
            case "nats":
                return self._tolerance.nats + ROUNDING * size
            case "activation":
                return self._tolerance.activation + self._tolerance.activation_share * size
            case "risk":
                return self._tolerance.risk
            case "share":
                return self._tolerance.activation_share * size
            case _:
                return ROUNDING * size

    def _let_jumps_pass(self) -> None:
        names = {self._then.facts[jump.order].name(jump.key) for jump in self._jumps}
        weakest: dict[str, float] = {}
        for fact in (*self._then.facts.values(), *self._now.facts.values()) if names else ():
            for key, value in fact.values.items() if fact.unit == "activation" else ():
                if value and (name := fact.name(key)) in names:
                    size = abs(_number(value))
                    weakest[name] = min(size, weakest.get(name, size))

        def at_threshold(jump: _Jump) -> bool:
            name = self._then.facts[jump.order].name(jump.key)
            return jump.size <= weakest[name] + self._allowed("activation", jump.size)

        passing = {jump for jump in self._jumps if at_threshold(jump)}
        if len(passing) > self._tolerance.jumps * self._n_firing:
            passing.clear()
        self.n_jumps = len(passing)
        for jump in (jump for jump in self._jumps if jump not in passing):
            fact, other = self._then.facts[jump.order], self._now.facts[jump.order]
            self._drift(jump.order, fact, jump.key, shown(other, jump.key))

    def _drift(self, order: Order, fact: Fact, key: str | int, now: str) -> None:
        self.n_drifts += 1
        if self._first is None or order < self._first[0]:
            self._first = order, Drift(what=fact.name(key), where=fact.where, recorded=shown(fact, key), now=now)


def shown(fact: Fact, key: str | int) -> str:
    """A value as it is written for a person."""
    value, unit = fact.values.get(key, fact.unlisted), " nats" if fact.unit == "nats" else ""
    if not isinstance(value, float):
        return str(value)
    bound = "" if key in fact.values or value == 0 else "at most "
    return f"{bound}{value:.6g}{unit}"


def _at_most(fact: Fact, other: Fact, key: str | int) -> float:
    """The value, or how large it is at most where the other account alone lists it."""
    if key in fact.values:
        return _number(fact.values[key])
    assert fact.unlisted is not None
    return min(_number(other.values[key]), fact.unlisted)


def _number(value: str | float) -> float:
    """Of a fact whose unit is not text."""
    assert not isinstance(value, str)
    return value
