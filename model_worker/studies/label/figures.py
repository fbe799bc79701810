"""Tables of the study `label`, from its trials. Knows nothing about models."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from model_worker.studies.label.measure import NameRecall
from model_worker.studies.shared.statistics import wilson
from model_worker.studies.shared.tables import IntervalColumns, Table
from protocol.vocabulary import OUTCOMES
from protocol.worker.studies import LabelRequest
from protocol.worker.study_frames import Figure, Study, Trial

NAME_LABELS = ("known", "between", "unknown")
ALL_TYPES = "all types"


def labels_figure(request: LabelRequest, names: Sequence[NameRecall]) -> Figure:
    labels = [one.label(request.k, request.tau) for one in names]
    counts = Counter((one.type, one.group, label) for one, label in zip(names, labels, strict=True))
    table = Table("type", "group", "label", "n", "names", ("share", "share"), IntervalColumns(unit="share"))
    for kind, group in sorted({(kind, group) for kind, group, _ in counts}):
        n = sum(counts[kind, group, label] for label in NAME_LABELS)
        for label in NAME_LABELS:
            count = counts[kind, group, label]
            table.add(kind, group, label, n, count, count / n, wilson(count, n))
    found = Counter(labels)
    return table.figure(
        "labels",
        "Which names it knows",
        claim=f"Of {len(names)} names {found['known']} are known, {found['unknown']} unknown and {found['between']} in "
        f"between, where at least {request.k} of {request.n_samples} samples of at least {request.tau} attributes must "
        "be right."
        if names
        else "",
        plot=table.plot(
            "bars",
            x="group",
            y="share",
            low="low",
            high="high",
            series="label",
            role="label",
            panel="type",
            y_min=0,
            y_max=1,
        ),
        notes=("group: what the set says of the name. A refusal is not right. Interval: 95 %, Wilson, over names.",),
    )


def thresholds_figure(request: LabelRequest, names: Sequence[NameRecall]) -> Figure:
    """Every threshold that can be met, so that both can be moved afterwards."""
    table = Table("type", "tau", "k", "label", "series", "names", ("share", "share"))
    for kind in (ALL_TYPES, *sorted({one.type for one in names})):
        own = [one for one in names if kind in (ALL_TYPES, one.type)]
        for tau in range(1, max((len(one.n_right) for one in own), default=0) + 1):
            for k in range(1, request.n_samples + 1):
                found = Counter(one.label(k, tau) for one in own)
                for label in NAME_LABELS:
                    table.add(kind, tau, k, label, f"{label}, tau {tau}", found[label], found[label] / len(own))
    return table.figure(
        "thresholds",
        "How many are known, by the thresholds",
        plot=table.plot("line", x="k", y="share", series="series", role="label", panel="type", y_min=0, y_max=1),
        notes=("k: samples of an attribute that must be right. tau: attributes that must be.",),
    )


def attributes_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    by_attribute: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        by_attribute[opening.names[trial.name].type, trial.attribute or ""].append(trial)
    table = Table(
        *("type", "attribute", "role", "n", *OUTCOMES),
        ("right, share", "share"),
        IntervalColumns(unit="share"),
        ("samples right, share", "share"),
    )
    for (kind, attribute), own in sorted(by_attribute.items()):
        greedy = Counter(trial.answers[0].outcome for trial in own)
        sampled = [one.outcome == "right" for trial in own for one in trial.answers[1:]]
        n, n_right = len(own), greedy["right"]
        counts = [greedy[outcome] for outcome in OUTCOMES]
        shares = (n_right / n, wilson(n_right, n), sum(sampled) / len(sampled))
        table.add(kind, attribute, "right", n, *counts, *shares)
    return table.figure(
        "attributes",
        "What it gets right",
        plot=table.plot(
            "bars",
            x="attribute",
            y="right, share",
            low="low",
            high="high",
            role="role",
            panel="type",
            y_min=0,
            y_max=1,
        ),
        notes=("Greedy answers; interval 95 %, Wilson, over prompts. Samples of one question aren't independent.",),
    )
