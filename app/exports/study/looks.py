"""Which look a role of a table has, as static/study/figures/roles.js gives it. Knows no figure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from protocol.looks import LOOK_DASHES, LOOK_HATCHES, LOOK_SHAPES, NO_ROLE_LOOK, ROLE_LOOKS, RoleLook


def looks_of(roles: Iterable[str]) -> list[RoleLook]:
    """A look for each, in their order; the second of one role looks another way than the first."""
    seen: Counter[str] = Counter()
    looks = []
    for role in roles:
        look, nth = ROLE_LOOKS.get(role, NO_ROLE_LOOK), seen[role]
        seen[role] += 1
        if nth:
            shapes = [shape for shape in LOOK_SHAPES if shape != look.shape]
            look = replace(
                look,
                shape=shapes[nth % len(shapes)],
                dash=LOOK_DASHES[nth % len(LOOK_DASHES)],
                hatch=LOOK_HATCHES[nth % len(LOOK_HATCHES)],
            )
        looks.append(look)
    return looks
