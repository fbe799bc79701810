"""Figures of every form, with and without a series, a role, a panel and a unit, as studies make them."""

from typing import Any

from protocol.worker.study_frames import Cell, Column, Figure, Plot


def figure_of(columns: str, rows: list[tuple[Cell, ...]], **plot: Any) -> Figure:
    """Columns as "name" or "name|unit", between commas."""
    named = [column.strip().partition("|") for column in columns.split(";")]
    return Figure(
        seq=0,
        id="f",
        title="t",
        columns=tuple(Column(name=name, unit=unit) for name, _, unit in named),
        rows=tuple(rows),
        plot=Plot(**plot),
    )


FIGURES = {
    "a score that is no role": figure_of(
        "score; role; type; AUROC; low; high",
        [
            (score, role, kind, 0.5 + n / 10, 0.4, 0.99)
            for kind in ("city", "all types")
            for n, (score, role) in enumerate((("latent 4", "unknown"), ("entropy", "other"), ("−log p", "margin")))
        ],
        form="bars",
        x=0,
        y=3,
        low=4,
        high=5,
        role=1,
        panel=2,
        y_min=0,
        y_max=1,
    ),
    "bars whose hue is their row's": figure_of(
        "push; direction; pushed - original|share; low|share; high|share; role",
        [
            ("towards known", "known", -0.04, -0.06, -0.02, "known"),
            ("towards known", "random 1", -0.08, None, None, "control"),
            ("towards known", "random 2", -0.01, -0.02, 0.0, "control"),
            ("towards unknown", "unknown", 0.04, 0.01, 0.05, "unknown"),
            ("towards unknown", "random 1", 0.01, 0.0, 0.02, "control"),
        ],
        form="bars",
        x=1,
        y=2,
        low=3,
        high=4,
        role=5,
        panel=0,
    ),
    "a series without a role": figure_of(
        "dictionary; AUROC; place",
        [("chat 3", 0.9, place) for place in ("base, statement", "chat, statement", "chat, question")]
        + [("chat 4", 0.8, "chat, question"), ("chat 4", None, "base, statement")],
        form="bars",
        x=0,
        y=1,
        series=2,
        y_min=0,
    ),
    "one bar each, without a name": figure_of("latent; t", [("a", 1.5), ("b", -2)], form="bars", x=0, y=1),
    "arms and their controls": figure_of(
        "group; arm; refused, share|share; low|share; high|share; series; role",
        [
            (group, arm, share, max(0, share - 0.1), min(1, share + 0.1), series, role)
            for group in ("known", "unknown")
            for arm, series, role, share in (
                ("baseline", "arm", "baseline", 0.02),
                ("+known", "arm", "known", 0),
                ("+known", "random controls", "control", 0.5),
                ("+known", "silent controls", "silent", 1),
                ("<b>+unknown</b>", "arm", "unknown", 1),
            )
        ],
        form="bars",
        x=1,
        y=2,
        low=3,
        high=4,
        series=5,
        role=6,
        panel=0,
        y_min=0,
        y_max=1,
    ),
    "lines of several roles, a control behind": figure_of(
        "group; strength|residual_norm; series; role; mean log-odds|nats; low|nats; high|nats",
        [
            (group, strength, series, role, y, y - 1, y + 1)
            for group, role_of_arm in (("known", "unknown"), ("unknown", "known"))
            for series, role in (("arm", role_of_arm), ("controls", "control"))
            for strength, y in ((-0.5, 2.25), (0.5, -1.0), (1.5, 0))
        ],
        form="line",
        x=1,
        y=4,
        low=5,
        high=6,
        series=2,
        role=3,
        panel=0,
    ),
    "many lines of one role": figure_of(
        "k; names; series; label",
        [(k, n + k, f"known, tau {n}", "known") for n in range(7) for k in (1, 2, 3)] + [(1, 2, None, None)],
        form="line",
        x=0,
        y=1,
        series=2,
        role=3,
        y_min=0,
    ),
    "lines over words": figure_of("word; y", [("a", 1.0), ("b", None), ("a", 3)], form="line", x=0, y=1),
    "points": figure_of(
        "name; original|logits; pushed|logits; group",
        [(f"n{n}", n / 7, -n * 1.1, "known" if n % 3 else "unknown") for n in range(65)],
        form="points",
        x=1,
        y=2,
        role=3,
        series=3,
    ),
    "points with an interval, some panels of shares": figure_of(
        "side; fires on known|share; on unknown|share; low|share; high|share; panel",
        [("known", 0.9, 0.1, 0.05, 0.2, 1), ("unknown", 0.2, 0.8, 0.7, None, 1), ("known", 1, 0, 0, 0, 2)],
        form="points",
        x=1,
        y=2,
        low=3,
        high=4,
        role=0,
        panel=5,
        y_min=0.0,
        y_max=1.0,
    ),
    "hits and false alarms": figure_of(
        "false alarms|share; hits|share; score; role",
        [(n / 40, min(1, n / 20), "entropy", "other") for n in range(41)]
        + [(x, x, score, role) for score, role in (("latent", "unknown"), ("probe", "other")) for x in (0, 0.5, 1)],
        form="roc",
        x=0,
        y=1,
        series=2,
        role=3,
        y_min=0,
        y_max=1,
    ),
    "boxes": figure_of(
        "read; answer; role; 5 %|nats; 25 %|nats; median|nats; 75 %|nats; 95 %|nats",
        [
            (read, answer, answer, *(n * scale for n in range(5)))
            for read, scale in (("entropy", 0.5), ("margin", 20))
            for answer in ("right", "wrong", "refused", "control")
        ],
        form="box",
        x=1,
        low=3,
        q1=4,
        y=5,
        q3=6,
        high=7,
        role=2,
        panel=0,
    ),
    "a map with a middle": figure_of(
        "place; tokens; layer; brought back|share of the way",
        [
            (place, tokens, layer, value)
            for place, tokens, layer, value in (
                ("a", "name", 2, 0.5),
                ("a", "last", 0, -0.25),
                ("b", "name", 0, 1.5),
                ("b", "name", 2, None),
            )
        ],
        form="heat",
        x=2,
        y=1,
        value=3,
        panel=0,
        diverging=True,
    ),
    "a map of heads, of one role": figure_of(
        "layer; head; attention|share; role",
        [(layer, head, (layer + head) / 8, "refused") for layer in (1, 0) for head in range(3)],
        form="heat",
        x=1,
        y=0,
        value=2,
        role=3,
    ),
}
