"""What a score is worth: how many errors there are where it is high, and what changes where more samples must agree.

Both within one attribute, by fits that never saw what is answered; entropy beside the neurons. Knows nothing about how
a fit is made.
"""

from collections import Counter, defaultdict
from collections.abc import Generator, Hashable, Sequence

import numpy as np

from model_worker.studies.neurons.analysis import Analysis
from model_worker.studies.neurons.readers import KEPT_OUT
from model_worker.studies.neurons.sides import sided
from model_worker.studies.shared.statistics import wilson
from model_worker.studies.shared.tables import IntervalColumns, Table
from model_worker.studies.shared.within.auroc import within_auroc
from model_worker.studies.shared.within.views import AUROC_ENDS, auroc_bars
from protocol.worker.study_frames import Figure, Trial
from protocol.worker.study_requests.neurons import NeuronsRequest

FIFTHS = ("lowest", "second", "middle", "fourth", "highest")


def reliability_figure(found: Analysis) -> Figure:
    table = Table("fifth", "read", ("wrong", "share"), IntervalColumns(unit="share"), ("questions", "prompts"))
    ends = dict[str, tuple[float, float]]()
    for reader in (found.readers[0], found.entropy):
        fifth = fifths(reader.by_value, found.rows.is_error, found.held.strata[KEPT_OUT])
        shares = []
        for place, words in enumerate(FIFTHS):
            own = found.rows.is_error[fifth == place]
            shares.append(float(own.mean()) if len(own) else 0.0)
            told = wilson(int(own.sum()), len(own)) if len(own) else None
            table.add(words, reader.name, shares[-1] if len(own) else None, told, len(own))
        ends[reader.name] = shares[0], shares[-1]
    told_ends = "; ".join(f"{name}: {low:.2f} to {high:.2f}" for name, (low, high) in ends.items())
    return table.figure(
        "reliability",
        "How often it is wrong where the score is high",
        claim=f"Wrong in the lowest and in the highest fifth: {told_ends}. A score that says nothing is level.",
        plot=table.plot(*("bars",), x="fifth", y="wrong", low="low", high="high", series="read", y_min=0, y_max=1),
        notes=("Fifths of the questions about one attribute that has both right and wrong answers, by their score.",),
    )


def fifths(values: np.ndarray, is_error: np.ndarray, strata: Sequence[Hashable]) -> np.ndarray:
    """(rows,): 0 to 4 by rank inside the row's stratum; -1 where that has no error, or nothing else."""
    rows, found = defaultdict[Hashable, list[int]](list), np.full(len(values), -1)
    for row, stratum in enumerate(strata):
        rows[stratum].append(row)
    for one in rows.values():
        own = np.array(one)
        if 0 < is_error[own].sum() < len(own):
            ranks = np.argsort(np.argsort(values[own], kind="stable"), kind="stable")
            found[own] = (len(FIFTHS) * (ranks + 0.5) / len(own)).astype(int)
    return found


def agreement_figure(
    request: NeuronsRequest, found: Analysis, trials: Sequence[Trial]
) -> Generator[None, None, Figure]:
    """From the number of samples that the fit wanted upwards: the fit stays, and fewer questions count."""
    table = Table(
        *("samples that agree", "read", "AUROC", AUROC_ENDS),
        *(("right", "prompts"), ("wrong", "prompts"), ("refused", "prompts"), ("mixed", "prompts")),
    )
    held = found.held
    for k in range(request.k, request.n_samples + 1):
        sides = [sided(trial, k) for trial in trials]
        some = np.array([row for row, n in enumerate(found.rows.numbers) if sides[n] in ("right", "error")], dtype=int)
        by = Counter(sides)
        strata = [held.strata[KEPT_OUT][row] for row in some]
        for reader in (found.readers[0], found.entropy):
            told = within_auroc(reader.by_value[some], found.rows.is_error[some], strata, held.draws[:, some])
            counts = (by["right"], by["error"], by["refused"], by["mixed"])
            table.add(str(k), reader.name, told.auroc, told.interval, *counts)
            yield None
    fitted = f"what at least {request.k} of {request.n_samples} samples agree on" if request.k else "greedy answers"
    return table.figure(
        "agreement",
        "Where more samples must agree",
        claim=f"Fitted on {fitted}; the same scores where more samples agree. Who agrees every time is chosen by "
        "entropy.",
        plot=auroc_bars(table, "samples that agree", series="read"),
        notes=("Within one attribute, answers kept out of the fit.",),
    )
