"""How many are enough: for a percentile, and for a study to be able to say anything.

    a band of controls   of n directions none lies beyond a 5 % quantile until n is 20: below, a quantile only
                         interpolates between the outermost two. Then the range is shown, and called that.
    two kinds            m against n: should nothing tell them apart, all of one kind come before all of the other in
                         2 of C(m + n, m) orders
    one kind             n, before and after: should nothing move them, all move the same way in 2 of 2^n cases
    controls             n beside one effect: were it no larger than most of them, all would fall short of it in 2 of
                         2^n cases. What fewer stand beside counts as nothing, however far it went.

Where even that clearest result has more than a 5 % chance to come about by itself, a study is too small: it is said
before it runs and in the place of what it would claim. Knows nothing about any study.
"""

import math

from protocol.vocabulary import BAND_NAMES, MIN_BAND

TOO_LIKELY = 0.05
FEWEST_CONTROLS = 6
"""Beside one effect: the fewest with 2 / 2^n <= TOO_LIKELY."""


def band_name(n: int) -> str:
    """Of what n controls span: "5–95 %", or "range of 3"."""
    return BAND_NAMES["quantiles" if n >= MIN_BAND else "range"].format(n=n)


def is_beyond(change: float, low: float, high: float) -> bool:
    """Whether something moved farther than its controls, which span low to high, the way that it moved. What moved less
    than all of them lies outside their band, and shows nothing."""
    return change > max(0.0, high) or change < min(0.0, low)


def enough_controls(n: int) -> bool:
    """Whether an effect beside so many can count as one."""
    return n >= FEWEST_CONTROLS


def too_few_of_kinds(
    n: int, n_other: int, kinds: tuple[str, str] = ("known", "unknown"), what: str = "names"
) -> str | None:
    """what: both are. None: enough."""
    chance = min(1.0, 2 / math.comb(n + n_other, n))
    if chance <= TOO_LIKELY:
        return None
    both = f"{n} {kinds[0]} and {n_other} {kinds[1]} {what}".rstrip()
    return (
        f"{both} are too few to say anything: chance alone tells them apart without a mistake in {chance:.0%} of "
        "cases. 4 and 4 would do."
    )


def too_few_of_one_kind(n: int, what: str = "prompts") -> str | None:
    """None: enough."""
    chance = min(1.0, 2 * 0.5**n)
    if chance <= TOO_LIKELY:
        return None
    return (
        f"{n} {what if n != 1 else what.removesuffix('s')} {'are' if n != 1 else 'is'} too few to say anything: chance "
        f"alone moves all of them the same way in {chance:.0%} of cases. 6 would do."
    )
