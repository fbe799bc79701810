"""Tables of the study `transfer`, from its trials: of names that are read, then of questions that are answered.

In short steps, where intervals take their time. Knows nothing about models.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

import numpy as np

from model_worker.rounding import rounded
from model_worker.studies.shared.counts import ANSWERS_FIRST
from model_worker.studies.shared.statistics import t_interval, wilson
from model_worker.studies.shared.tables import IntervalColumns, Table
from model_worker.studies.transfer.arms import BOTH_WAYS, EDITS, AblationArm
from model_worker.studies.transfer.readings import READING_PLACES, key_of, separation
from protocol.enough import too_few_of_kinds, too_few_of_one_kind
from protocol.vocabulary import Label
from protocol.worker.names import LABELS
from protocol.worker.studies import TransferRequest
from protocol.worker.study_frames import Figure, Trial

Drawn = Generator[None, None, Figure]
RANDOM = "− random, {}"


def reading_figure(
    request: TransferRequest,
    trials: Sequence[Trial],
    labels: Sequence[Label | None],
    layer_of: Mapping[str, int],
    fvu: Callable[[str, int], float | None],
    n_named: int,
) -> Drawn:
    """labels: of the trials' names. layer_of: of each dictionary. fvu: of a dictionary in a place."""
    table = Table(
        "dictionary",
        "id",
        "layer",
        "place",
        "role",
        ("f known", "share"),
        ("f unknown", "share"),
        ("separation", "share"),
        IntervalColumns("separation, low", "separation, high", "share"),
        "AUROC",
        IntervalColumns("AUROC, low", "AUROC, high"),
        ("FVU", "share"),
    )
    worst: dict[str, float] = {}
    for name, layer in layer_of.items():
        short = f"L{layer}" if [*layer_of.values()].count(layer) == 1 else name
        roles = [role for role in LABELS if getattr(request, role).dictionary == name]
        for place, where in enumerate(READING_PLACES):
            missed = fvu(name, place)
            for role in roles:
                values = [trial.numbers[key_of(place, role)][0] for trial in trials]
                one = separation(values, labels, role)
                worst[where] = min(worst.get(where, np.inf), rounded(one.auroc or 0.0))
                table.add(
                    f"{short}, {role} latent",
                    *(name, layer, where, role, one.f_known, one.f_unknown),
                    *(one.apart, one.of_apart, one.auroc, one.of_auroc, missed),
                )
                yield None
            if not roles:
                table.add(short, name, layer, where, "other", *(None,) * 6, missed)
                yield None
    against = "; ".join(f"{where} {value:.2f}" for where, value in worst.items())
    return table.figure(
        "reading",
        "The base model's dictionaries, read on both models",
        claim=too_few_of_kinds(list(labels).count("known"), list(labels).count("unknown"))
        or f"AUROC of the weaker of the known and the unknown latent: {against}. 0.5 is chance.",
        plot=table.plot("bars", x="dictionary", y="FVU", series="place", y_min=0),
        notes=(
            f"{len(trials)} of {n_named} labelled names, at their last token, types pooled.",
            "separation: of the known latent f known − f unknown, of the unknown one the reverse. Intervals: 95 %, "
            "Newcombe, by the numbers of known and of unknown names.",
            "FVU: share of the residuals' variance about the mean of these names that the dictionary misses; "
            "above 1 it is worse than that mean.",
        ),
    )


def norm_figure(trials: Sequence[Trial]) -> Drawn:
    table = Table("layer", "mean |x|", IntervalColumns(), "place")
    for place, where in enumerate(READING_PLACES):
        norms = np.array([trial.numbers[key_of(place, "norm")] for trial in trials])
        for layer in range(norms.shape[1]):
            own = norms[:, layer]
            table.add(layer, own.mean(), t_interval(own), where)
            yield None
    return table.figure(
        "norms",
        "Norm of the residual stream at the name's last token",
        plot=table.plot("line", x="layer", y="mean |x|", low="low", high="high", series="place", y_min=0),
        notes=("Intervals: 95 %, Student's t, over names.",),
    )


def projection_figure(trials: Sequence[Trial], n_questions: int) -> Drawn:
    table = Table("layer", "mean |x · d̂|", "weights", "role", "direction")
    most: dict[str, float] = {}
    for key in [*(f"{role}/{way}" for role in LABELS for way in EDITS), "random/untouched"]:
        role, way = key.split("/")
        left = np.array([trial.numbers[f"left/{key}"] for trial in trials]).mean(0)
        most[key] = left[1:].max()
        for layer, value in enumerate(left.tolist(), -1):
            for panel in LABELS if role == "random" else (role,):
                if role == "random":
                    table.add(layer, value, "random directions, untouched", "control", f"{panel} direction")
                else:
                    table.add(layer, value, EDITS[way], role, f"{panel} direction")
        yield None
    return table.figure(
        "projection",
        "What is left of a direction that was taken out",
        claim="; ".join(
            f"{role} direction: up to {most[f'{role}/untouched']:.3g} untouched, {most[f'{role}/paper']:.3g} after "
            f"the paper's edit, {most[f'{role}/exact']:.1g} exactly"
            for role in LABELS
        )
        + ".",
        plot=table.plot("line", x="layer", y="mean |x · d̂|", series="weights", role="role", panel="direction", y_min=0),
        notes=(
            f"{len(trials)} of {n_questions} prompts, all tokens but BOS. Layer −1 is the embedding.",
            "The paper's edit of W_E, W_O and W_out stands before Gemma's norms, whose gains bring some of the "
            "direction back; exact projection stands behind them.",
        ),
    )


def answers_figure(
    trials: Sequence[Trial], groups: Iterable[str], arms: Sequence[AblationArm], n_questions: int, n_controls: int
) -> Drawn:
    """groups: of the trials' names."""
    table = Table(
        *("arm", "role", "group", "outcome", "answers"),
        ("prompts", "prompts"),
        ("share", "share"),
        IntervalColumns(unit="share"),
    )
    of_group: dict[str, list[Trial]] = defaultdict(list)
    for trial, group in zip(trials, groups, strict=True):
        of_group[group].append(trial)
    for group, own in sorted(of_group.items()):
        n = len(own)
        counts = [Counter(trial.answers[arm].outcome for trial in own) for arm in range(len(arms))]
        for outcome in ANSWERS_FIRST:
            for one, count in zip(arms, counts, strict=True):
                if not one.is_random:
                    hits = count[outcome]
                    table.add(*(one.told.name, one.told.role, group, outcome), hits, n, hits / n, wilson(hits, n))
            for way in BOTH_WAYS:
                random = [one.is_random and one.way == way for one in arms]
                shares = [count[outcome] / n for count, drawn in zip(counts, random, strict=True) if drawn]
                name, band = RANDOM.format(EDITS[way]), (min(shares), max(shares))
                table.add(name, "control", group, outcome, None, n, float(np.mean(shares)), band)
        yield None
    return table.figure(
        "answers",
        "Answers of the chat model without a direction",
        claim=_answers_claim(table),
        plot=table.plot(
            "bars",
            x="arm",
            y="share",
            low="low",
            high="high",
            series="outcome",
            role="outcome",
            panel="group",
            y_min=0,
            y_max=1,
        ),
        notes=(
            f"Greedy, {len(trials)} of {n_questions} questions. Intervals: 95 %, Wilson.",
            f"random: {n_controls} directions; their mean, and the least and the greatest of them.",
        ),
    )


def _answers_claim(table: Table) -> str:
    """Refusals of unknown names: the paper's comparison."""
    refused = {row["arm"]: row for row in table.records() if (row["group"], row["outcome"]) == ("unknown", "refused")}
    if "untouched" not in refused:
        return ""
    n = refused["untouched"]["prompts"]
    if isinstance(n, int) and (few := too_few_of_one_kind(n, "unknown names")):
        return few
    told = [f"{refused['untouched']['share']:.0%} untouched"]
    for way in BOTH_WAYS:
        own, control = refused[f"− unknown, {EDITS[way]}"], refused[RANDOM.format(EDITS[way])]
        told.append(
            f"{own['share']:.0%} without the unknown direction, {EDITS[way]} "
            f"(random: {control['low']:.0%}–{control['high']:.0%})"
        )
    return f"Unknown names refused: {', '.join(told)}."
