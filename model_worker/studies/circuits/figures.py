"""Tables of the study `circuits`, from its trials (measure.py says what they hold). Knows nothing about models.

Pairs count where the untouched model answers about the known name and refuses about the unknown one, both by CLEAR
logits; how many don't is said. Intervals of shares are Wilson's, over pairs; what random directions did is pooled over
pairs.
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

import numpy as np

from model_worker.circuits.groups.roles import Roles
from model_worker.studies.shared.statistics import control_band, wilson
from model_worker.studies.shared.tables import IntervalColumns, Table
from protocol.amounts import MINUS
from protocol.circuit import DEFAULT_TESTS, GROUP_ROLES, NAMED_ROLES
from protocol.enough import enough_controls, is_beyond
from protocol.worker.study_frames import Cell, Figure, Trial

CLEAR = 1.0
HOSTS = {"a": "known name", "b": "unknown name"}
CHANGES = {"other": "set to the other's values", "off": "taken away"}
LOGITS = "logits of m"


def clear_pairs(trials: Sequence[Trial], part: str) -> list[Trial]:
    """part: `group` or `default`, of which a trial's numbers are."""
    pairs = _pairs(trials, part)
    return [one for one in pairs if one.numbers["m"][0] < -CLEAR and one.numbers["m"][1] > CLEAR]


def group_effects(trials: Sequence[Trial]) -> Figure:
    table = Table(
        "change",
        "group",
        "in",
        ("moves m by", LOGITS),
        IntervalColumns("quarter", "three quarters", LOGITS),
        ("graph predicts", LOGITS),
        ("random directions", LOGITS),
        ("answer turns", "share"),
        IntervalColumns("turns, low", "turns, high", "share"),
        ("turns at random", "share"),
        ("pairs", "prompts"),
        ("nodes", "median"),
    )
    clear = clear_pairs(trials, "group")
    for change, words in CHANGES.items():
        for role, term in GROUP_ROLES.items():
            own = [one for one in clear if f"group/{role}/{change}" in one.numbers]
            for which, (side, host) in enumerate(HOSTS.items()):
                if own:
                    table.add(words, term.name, host, *_effect(own, f"group/{role}", change, which, side))
    return table.figure(
        "groups",
        "What each group does where it is set to the other prompt's values, or taken away",
        claim=_group_claim(clear),
        plot=table.plot(
            "bars",
            x="group",
            y="moves m by",
            low="quarter",
            high="three quarters",
            series="change",
            panel="in",
            control="random directions",
        ),
        notes=(*_notes(trials, clear, "group"), *unnamed_pulls(table.records())),
    )


def _effect(own: Sequence[Trial], key: str, change: str, which: int, side: str) -> tuple[object, ...]:
    m = np.array([one.numbers["m"][which] for one in own])
    moved = np.array([one.numbers[f"{key}/{change}"][which] for one in own])
    predicted = [one.numbers[f"{key}/predicted"][which + (0 if change == "other" else 2)] for one in own]
    random = [np.array(one.numbers[f"{key}/{change}_{side}"]) for one in own]
    turned = int(((m + moved) * m < 0).sum())
    by_chance = [((start + one) * start < 0).mean() for start, one in zip(m, random, strict=True) if len(one)]
    return (
        median(moved),
        np.quantile(moved, (0.25, 0.75)).tolist(),
        median(predicted),
        median(np.concatenate(random)) if any(map(len, random)) else None,
        turned / len(own),
        wilson(turned, len(own)),
        float(np.mean(by_chance)) if by_chance else None,
        len(own),
        int(median(one.numbers[f"{key}/nodes"][0] for one in own)),
    )


def _group_claim(clear: Sequence[Trial]) -> str:
    own = [one for one in clear if "group/recognised/off" in one.numbers]
    if not own:
        return ""
    moved, m = (np.array([one.numbers[key][0] for one in own]) for key in ("group/recognised/off", "m"))
    refused = int((m + moved > 0).sum())
    random = [m for one in own for m in np.array(one.numbers["group/recognised/off_a"]) + one.numbers["m"][0]]
    by_chance = sum(m > 0 for m in random)
    return (
        f"With what recognises taken away {refused} of {len(own)} known names are refused; with random directions of "
        f"equal norm {by_chance} of {len(random)}."
    )


def unnamed_pulls(records: Iterable[Mapping[str, Cell]]) -> tuple[str, ...]:
    """records: of `group_effects`. A sentence for each host in which taking away what no role names moves m farther
    than taking away any role that says what a name is to it."""
    named = [GROUP_ROLES[role].name for role in NAMED_ROLES]
    at = {(str(one["change"]), str(one["group"]), str(one["in"])): one for one in records}
    told = []
    for host in HOSTS.values():
        moved = {name: at[CHANGES["off"], name, host] for name in named if (CHANGES["off"], name, host) in at}
        for name in (GROUP_ROLES["end_neither"].name, GROUP_ROLES["rest"].name):
            off, other = at.get((CHANGES["off"], name, host)), at.get((CHANGES["other"], name, host))
            if off is None or not moved:
                continue
            most = max(moved, key=lambda one: abs(_number(moved[one])))
            if abs(_number(off)) <= abs(_number(moved[most])):
                continue
            random = "" if off["random directions"] is None else f", random directions {off['random directions']:+.2g}"
            shared = (
                ""
                if other is None
                else (
                    f" Set to the other's values it moves m {_number(other):+.2g}: that much of it tells the two apart."
                )
            )
            told.append(
                f"“{name}” taken away moves m {_number(off):+.2g} on {host}s{random}: farther than any group that says "
                f"what a name is to it (“{most}” {_number(moved[most]):+.2g}).{shared}".replace("-", MINUS)
            )
    return tuple(told)


def _number(record: Mapping[str, Cell]) -> float:
    value = record["moves m by"]
    return value if isinstance(value, int | float) else 0.0


def group_arrows(trials: Sequence[Trial]) -> Figure:
    table = Table(
        "in",
        "from",
        "to",
        ("share of the way", "share"),
        IntervalColumns("quarter", "three quarters", "share"),
        IntervalColumns("random, low", "random, high", "share"),
        "beyond random",
        ("pairs", "prompts"),
    )
    clear = clear_pairs(trials, "group")
    keys = sorted({key for one in clear for key in one.numbers if key.startswith("arrow/") and key.count("/") == 2})
    beyond = []
    called: dict[str, str] = {role: term.name for role, term in GROUP_ROLES.items()}
    for which, (side, host) in enumerate(HOSTS.items()):
        for key in sorted(keys, key=_arrow_order):
            own = [one for one in clear if key in one.numbers]
            moved = [one.numbers[key][which] for one in own]
            band = control_band(np.concatenate([one.numbers.get(f"{key}/{side}", ()) for one in own]))
            outside = (
                band is not None
                and enough_controls(band.n)
                and is_beyond(median(moved), float(band.low), float(band.high))
            )
            _, source, target = key.split("/")
            names = [called.get(one, "m") for one in (source, target)]
            table.add(
                host,
                *names,
                median(moved),
                np.quantile(moved, (0.25, 0.75)).tolist(),
                None if band is None else (float(band.low), float(band.high)),
                "yes" if outside else "no",
                len(own),
            )
            if outside and target != "m":
                beyond.append(f"{names[0]} → {names[1]} {median(moved):.2f} in {host}s")
    return table.figure(
        "arrows",
        "How far a group goes to the other prompt's values when another is set to them",
        claim=f"Beyond random directions: {'; '.join(beyond[:6])}." if beyond else "",
        plot=table.plot(
            "heat",
            x="to",
            y="from",
            value="share of the way",
            low="random, low",
            high="random, high",
            panel="in",
            diverging=True,
        ),
        notes=_notes(trials, clear, "group"),
    )


def _arrow_order(key: str) -> tuple[int, int]:
    order = [*GROUP_ROLES, "m"]
    _, source, target = key.split("/")
    return order.index(source), order.index(target)


def default_outcomes(trials: Sequence[Trial]) -> Figure:
    table = Table(
        "test",
        "in",
        ("m after it", LOGITS),
        IntervalColumns("quarter", "three quarters", LOGITS),
        ("refuses", "share"),
        IntervalColumns("refuses, low", "refuses, high", "share"),
        ("controls refuse", "share"),
        ("pairs", "prompts"),
    )
    clear = clear_pairs(trials, "default")
    refused: dict[tuple[str, str], tuple[int, int, int, int]] = {}
    for test, words in DEFAULT_TESTS.items():
        own = [one for one in clear if f"default/{test}" in one.numbers]
        for which, (side, host) in enumerate(HOSTS.items()):
            if not own:
                continue
            m = [one.numbers[f"default/{test}"][which] for one in own]
            controls = [value for one in own for value in one.numbers[f"default/{test}/{side}"]]
            n = sum(value > 0 for value in m)
            chance = float(np.mean([value > 0 for value in controls])) if controls else None
            refused[test, side] = (n, len(own), sum(value > 0 for value in controls), len(controls))
            table.add(
                words,
                host,
                median(m),
                np.quantile(m, (0.25, 0.75)).tolist(),
                n / len(own),
                wilson(n, len(own)),
                chance,
                len(own),
            )
    return table.figure(
        "defaults",
        "What the model does where it can't know whom it is asked about",
        claim=_default_claim(refused),
        plot=table.plot(
            "bars",
            x="test",
            y="refuses",
            low="refuses, low",
            high="refuses, high",
            series="in",
            control="controls refuse",
        ),
        notes=_notes(trials, clear, "default"),
    )


def _default_claim(refused: Mapping[tuple[str, str], tuple[int, int, int, int]]) -> str:
    if ("name_hidden", "a") not in refused:
        return ""
    n, of, by_chance, controls = refused["name_hidden", "a"]
    beside = f", with as many other tokens hidden {by_chance} of {controls}" if controls else ""
    return f"With the name hidden from the end {n} of {of} known names are refused{beside}."


def halfway(roles: Roles, nodes: Mapping[str, tuple[int, int]]) -> tuple[float, float]:
    """Between each node's means on known and on unknown names: beyond it a neuron counts as firing."""
    found = []
    for layer, index in nodes.values():
        means = [roles.where_it_fires(label, layer, latents=False)[index].item() for label in ("known", "unknown")]
        found.append(sum(means) / 2)
    return found[0], found[1]


def tier_firings(
    trials: Sequence[Trial], tiers: Sequence[str], halves: tuple[float, float], *, latents: bool
) -> Figure:
    """tiers: of the study's names, by number. halves: as `halfway`; of latents it is 0."""
    table = Table(
        "tier",
        "what",
        ("share", "of names"),
        IntervalColumns(unit="of names"),
        ("names", "prompts"),
    )
    alone = [one for one in trials if "fires" in one.numbers]
    bounds = (0.0, 0.0) if latents else halves
    for tier in dict.fromkeys(tiers[one.name] for one in alone):
        own = [one for one in alone if tiers[one.name] == tier]
        counts = {
            "recognised fires": sum(one.numbers["fires"][0] > bounds[0] for one in own),
            "not recognised fires": sum(one.numbers["fires"][1] > bounds[1] for one in own),
            "refuses": sum(one.numbers["m"][0] > 0 for one in own),
        }
        for what, n in counts.items():
            table.add(tier, what, n / len(own), wilson(n, len(own)), len(own))
    fires = "A latent fires above its threshold." if latents else "A neuron fires beyond the middle of its two means."
    return table.figure(
        "misfires",
        "Does recognition fire, by how a name stands with the model",
        plot=table.plot("bars", x="tier", y="share", low="low", high="high", series="what"),
        notes=(f"{fires} The strongest of each role, at the name's last token.",),
    )


def _pairs(trials: Sequence[Trial], part: str) -> list[Trial]:
    return [one for one in trials if any(key.startswith(f"{part}/") for key in one.numbers)]


def _notes(trials: Sequence[Trial], clear: Sequence[Trial], part: str) -> tuple[str, ...]:
    n = len(_pairs(trials, part))
    left = f"{len(clear)} of {n} pairs: the known name answered, the unknown one refused, each by {CLEAR:g} logit."
    return (left, "Quarters are over pairs; random directions are pooled over pairs.")
