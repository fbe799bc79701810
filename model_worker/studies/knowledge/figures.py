"""Tables of the study `knowledge`, from its trials. Knows nothing about models."""

from collections.abc import Generator, Sequence

import numpy as np

from model_worker.studies.knowledge.measure import Asking
from model_worker.studies.knowledge.shifts import Shifted
from model_worker.studies.shared.pushes import AIM
from model_worker.studies.shared.tables import IntervalColumns, Table
from protocol.enough import too_few_of_one_kind
from protocol.worker.names import LABELS
from protocol.worker.studies import KnowledgeRequest
from protocol.worker.study_frames import Figure, Trial

EVERY_TYPE = "all"


def shift_figure(
    request: KnowledgeRequest, trials: Sequence[Trial], asked: Sequence[Asking]
) -> Generator[None, None, Figure]:
    """trials: of the first so many that are asked. In short steps."""
    table = Table(
        *("type", "group", "arm", "role"),
        ("yes − no", "logits"),
        IntervalColumns(unit="logits"),
        ("sd", "logits"),
        ("shift", "logits"),
        IntervalColumns("shift, low", "shift, high", "logits"),
        ("flipped", "share"),
        ("prompts", "prompts"),
    )
    n, beyond, flips, n_random, spans = len(trials), list[bool](), 0, 0, "no direction"
    for kind in [*sorted({one.taken.entity.type for one in asked}), EVERY_TYPE]:
        for label in LABELS:
            own = [
                trial
                for trial, one in zip(trials, asked, strict=False)
                if one.taken.label == label and kind in (EVERY_TYPE, one.taken.entity.type)
            ]
            if not own:
                continue
            cell = Shifted(own, AIM[label])
            for row in cell.arms():
                table.add(kind, label, *row)
                yield None
            spans = f"{cell.band.name} of the directions" if cell.band else spans
            n_random = cell.band.n if cell.band else n_random
            if kind != EVERY_TYPE:
                beyond += [] if cell.beyond is None else [cell.beyond]
                flips += cell.n_flips
    together = np.mean([trial.numbers["together"][0] for trial in trials])
    return table.figure(
        "shift",
        "“Are you sure you know …?”: yes against no",
        claim=_claim(beyond, n_random, flips, n),
        plot=table.plot(
            "bars", x="type", y="yes − no", low="low", high="high", series="arm", role="role", panel="group"
        ),
        notes=(
            f"logit(“{request.yes}”) − logit(“{request.no}”) after “{request.prefill}”, {n} of {len(asked)} prompts.",
            f"The two words together have a probability of {together:.2g} in the mean of the untouched model.",
            "Known names are pushed by the unknown latent, unknown names by the known one.",
            f"Intervals: original, pushed: 95 %, Student's t, over prompts. random: {spans}, each by its mean over "
            "prompts. sd: over prompts, as in the paper's figure.",
        ),
    )


def names_figure(trials: Sequence[Trial], asked: Sequence[Asking]) -> Figure:
    """trials: of the first so many that are asked."""
    table = Table(
        *("name", "type", "group"),
        ("original", "logits"),
        ("pushed", "logits"),
        ("random, mean", "logits"),
        ("yes and no together", "share"),
    )
    for trial, one in zip(trials, asked, strict=False):
        numbers, entity = trial.numbers, one.taken.entity
        random = np.mean(numbers["random"]) if numbers["random"] else None
        (original,), (pushed,), together = numbers["original"], numbers["pushed"], numbers["together"][0]
        table.add(entity.name, entity.type, one.taken.label, original, pushed, random, together)
    return table.figure(
        "prompts",
        "Each name, before and after the push",
        plot=table.plot("points", x="original", y="pushed", series="group", role="group", panel="type"),
    )


def _claim(beyond: Sequence[bool], n_random: int, flips: int, n: int) -> str:
    if few := too_few_of_one_kind(n):
        return few
    against = (
        f"In {sum(beyond)} of {len(beyond)} cells of type and group the push moves it further than each of {n_random} "
        "random directions of its norm"
        if beyond
        else "Not two random directions were run, so nobody knows what any push of this norm would do"
    )
    return f"{against}; {flips} of {n} answers change sides."
