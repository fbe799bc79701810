"""All that is fitted on the labelled answers, once for the figures that show it. In short steps.

Knows nothing about tables.
"""

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from model_worker.model.loading import Loaded
from model_worker.neurons.matched import Pairs, matched_sets
from model_worker.studies.neurons.dial import CHOSEN, REFUSING
from model_worker.studies.neurons.fits import CrossFit, cross_fit, sparse_path
from model_worker.studies.neurons.measure import AT_FIRST, ENTROPY, SPAN, SURPRISE, AnswerReadings, shares_at
from model_worker.studies.neurons.readers import ErrorReader, HeldReaders, dense_scores, joined_scores, rate_of
from model_worker.studies.neurons.sides import VALUE, Rows, sided
from model_worker.studies.neurons.sparse import SparseFit
from model_worker.studies.shared.questions import Question
from protocol.steering import MAX_NEURONS
from protocol.worker.study_frames import Trial
from protocol.worker.study_requests.neurons import NeuronsRequest

MIN_SIDE = 8  # right answers, and errors, below which nothing is fitted
DENSE_C, PROBE_C = 0.1, 0.01
PAPER_C = (1.0,)
REFUSING_C = 1.0


@dataclass
class Analysis:
    """rows: that count. fit, fit_by_value: of the asked reading, out of fold by name and by answer. chosen: on all
    names but the test part's, at its usual C. readers: the first is the chosen reading. random: matched sets' own
    readers. sets: for the dial. bootstraps: by neuron, in how many fits to names drawn again it has a positive weight;
    overlaps: Jaccard of pairs of these."""

    rows: Rows
    held: HeldReaders
    x: np.ndarray
    c: float
    fit: CrossFit
    fit_by_value: CrossFit
    chosen: SparseFit
    readers: list[ErrorReader]
    random: list[ErrorReader]
    both: ErrorReader
    entropy: ErrorReader
    sets: dict[str, Pairs]
    bootstraps: Counter[int] = field(default_factory=Counter)
    overlaps: list[float] = field(default_factory=list)


def analysed(
    loaded: Loaded,
    request: NeuronsRequest,
    questions: Sequence[Question],
    trials: Sequence[Trial],
    readings: AnswerReadings,
    rows: Rows,
) -> Generator[None, None, Analysis | None]:
    """None where there are too few of either side."""
    if min(int(rows.is_error.sum()), int((~rows.is_error).sum())) < MIN_SIDE:
        return None
    reads = readings.of(rows.numbers)
    width = loaded.gemma.blocks[0].down.shape[0]
    own = [trials[number] for number in rows.numbers]

    def number(name: str) -> np.ndarray:
        return np.array([trial.numbers[name][0] for trial in own])

    def fitted(
        words: str, x: np.ndarray, cs: Sequence[float], within: bool, more: np.ndarray | None = None
    ) -> Generator[None, None, tuple[ErrorReader, CrossFit, CrossFit]]:
        by_unit = yield from cross_fit(x, rows, rows.by_unit, cs, within=within, more=more)
        by_value = yield from cross_fit(x, rows, rows.by_value, cs, within=within, more=more)
        return ErrorReader(words, "known", by_unit.scores, by_value.scores), by_unit, by_value

    place = request.reading
    x = shares_at(reads, place)
    main, fit, fit_by_value = yield from fitted(f"CETT {place}, weighed inside attributes", x, request.cs, True)
    entropy = ErrorReader.plain("entropy at the value", number(ENTROPY))
    readers = [
        main,
        entropy,
        ErrorReader.plain("−log p of the likeliest, at the value", number(SURPRISE)),
        ErrorReader.plain("entropy over the value's tokens, mean", number(SPAN)),
        ErrorReader.plain("entropy at the answer's first token", number(AT_FIRST)),
    ]
    for words, keys in (("attribute alone", rows.strata), ("answer's words alone", rows.values)):
        rates = [rate_of(rows, keys, folds) for folds in (rows.by_unit, rows.by_value)]
        readers.append(ErrorReader(words, "other", *rates))
    lengths = [float(questions[one].prompt.entity.end - questions[one].prompt.entity.start) for one in rows.numbers]
    readers.append(ErrorReader.plain("name's length, tokens", lengths))
    spans = [trial.numbers[VALUE] for trial in own]
    readers.append(ErrorReader.plain("value's length, tokens", [end - first for first, end in spans]))
    x_mean = shares_at(reads, "A")
    paper, *_ = yield from fitted("CETT A, unweighted, C 1", x_mean, PAPER_C, False)
    more = np.stack([shares_at(reads, "other")])
    three, *_ = yield from fitted("CETT A, 3 against 1, C 1, as in the paper", x_mean, PAPER_C, False, more)
    readers += [paper, three]
    for other in ("V", "A", "P"):
        if other != place:
            found, *_ = yield from fitted(
                f"CETT {other}, weighed inside attributes", shares_at(reads, other), request.cs, True
            )
            readers.append(found)
    for layer in sorted({loaded.gemma.n_layers // 3, 2 * loaded.gemma.n_layers // 3, loaded.gemma.n_layers - 1}):
        probed = np.stack([one.residuals[layer] for one in reads])
        by_unit = yield from dense_scores(probed, rows, rows.by_unit, PROBE_C)
        by_value = yield from dense_scores(probed, rows, rows.by_value, PROBE_C)
        readers.append(ErrorReader(f"residual probe at the value, layer {layer}", "other", by_unit, by_value))
    readers += _recognition(loaded, np.stack([one.name for one in reads]))
    yield None
    shuffled = _shuffled(rows, request.seed)
    c = request.cs[fit.usual]
    null = yield from cross_fit(x, rows, rows.by_unit, (c,), is_error=shuffled)
    null_by_value = yield from cross_fit(x, rows, rows.by_value, (c,), is_error=shuffled)
    words = f"labels shuffled inside attributes, CETT {place}"
    readers.append(ErrorReader(words, "other", null.scores, null_by_value.scores))
    random: list[ErrorReader] = []
    for index in range(request.n_random):
        scores = []
        for folded in (fit, fit_by_value):
            columns = []
            for fold in range(len(folded.paths)):
                pairs = _pairs(np.flatnonzero(folded.fit_of(fold).weights), width)
                drawn = matched_sets(loaded, pairs, request.seed, (index,))[0] if pairs else ()
                columns.append(np.array([layer * width + one for layer, one in drawn], dtype=int))
                yield None
            scores.append((yield from dense_scores(x, rows, folded.folds, DENSE_C, columns)))
        random.append(ErrorReader(f"random neurons {index}", "control", *scores))
    used = ~rows.held_out
    (chosen,) = yield from sparse_path(x, rows.is_error, rows.weights(used), (c,), used)
    sets = {CHOSEN: _positive(chosen, width)}
    sets[REFUSING] = yield from _refusing(request, questions, trials, readings, width)
    joined = [joined_scores(rows, folded, x, entropy.by_unit) for folded in (fit, fit_by_value)]
    both = ErrorReader("entropy and the neurons", "other", *joined)
    found_all = Analysis(
        *(rows, HeldReaders(rows, request.seed), x, c, fit, fit_by_value, chosen),
        *([*readers, both], random, both, entropy, sets),
    )
    yield from _again(request, found_all)
    return found_all


def _again(request: NeuronsRequest, found: Analysis) -> Generator[None, None, None]:
    """Fits to names drawn again."""
    rows, used = found.rows, ~found.rows.held_out
    units = sorted({rows.units[row] for row in np.flatnonzero(used)})
    noise, sets = np.random.default_rng(request.seed), list[set[int]]()
    for _ in range(request.n_bootstraps):
        times = Counter(units[place] for place in noise.integers(len(units), size=len(units)))
        drawn = np.array([times[unit] for unit in rows.units], dtype=float)
        weights = rows.weights(used & (drawn > 0)) * drawn
        (again,) = yield from sparse_path(found.x, rows.is_error, weights, (found.c,), used)
        sets.append(set(np.flatnonzero(again.weights > 0).tolist()))
        found.bootstraps.update(sets[-1])
    for place, one in enumerate(sets):
        found.overlaps += [len(one & other) / max(1, len(one | other)) for other in sets[place + 1 :]]


def _refusing(
    request: NeuronsRequest,
    questions: Sequence[Question],
    trials: Sequence[Trial],
    readings: AnswerReadings,
    width: int,
) -> Generator[None, None, Pairs]:
    """Positive neurons of a fit of refused against right answers, at the prompt's last token, but for the test part."""
    sides = {number: sided(trial, request.k) for number, trial in enumerate(trials)}
    used = [n for n, side in sides.items() if side in ("refused", "right") and questions[n].taken.split != "test"]
    refused = np.array([sides[number] == "refused" for number in used], dtype=bool)
    if not used or min(refused.sum(), (~refused).sum()) < MIN_SIDE:
        return ()
    x, every = shares_at(readings.of(used), "P"), np.ones(len(used), dtype=bool)
    (fit,) = yield from sparse_path(x, refused, every.astype(float), (REFUSING_C,), every)
    return _positive(fit, width)


def _positive(fit: SparseFit, width: int) -> Pairs:
    """The heaviest first."""
    at = np.flatnonzero(fit.weights > 0)
    return _pairs(at[np.argsort(-fit.weights[at], kind="stable")][:MAX_NEURONS], width)


def _pairs(at: np.ndarray, width: int) -> Pairs:
    return tuple((int(one) // width, int(one) % width) for one in at)


def _shuffled(rows: Rows, seed: int) -> np.ndarray:
    noise, found = np.random.default_rng(seed), rows.is_error.copy()
    for stratum in sorted(set(rows.strata)):
        at = np.array([row for row, own in enumerate(rows.strata) if own == stratum])
        found[at] = found[noise.permutation(at)]
    return found


@torch.inference_mode()
def _recognition(loaded: Loaded, names: np.ndarray) -> list[ErrorReader]:
    """names (rows, layers, d_model): what the card's watched latents are at each name's last token."""
    found = []
    for watched in loaded.card.watch:
        target = watched.target
        encoder = loaded.dictionaries[target.dictionary].only(torch.tensor([target.latent], device=loaded.device))
        at = torch.tensor(names[:, loaded.layer_of[target.dictionary]], device=loaded.device)
        values = encoder.encode(at).squeeze(-1).cpu().numpy()
        found.append(ErrorReader.plain(f"{watched.role} latent at the name", values, watched.role))
    return found
