"""Where the answer comes from: a known name's activations, put into the run of an unknown name.

1. pairs: a known name (clean) and an unknown one (corrupted), asked the same, with as many tokens each; and another
   unknown name, asked the same with as many tokens, as the control
2. two places in the answer. `first`: the first token at which the two untouched answers differ; `value`: the first
   token of the true value in the clean answer. What the clean answer says before it is given in all three runs
3. LD, the logit of the clean answer's token there less that of the corrupted one's: the token that the model itself
   would say in its place about the unknown name
4. (LD_patched - LD_corrupted) / (LD_clean - LD_corrupted) with the clean run's activation in the corrupted run; and,
   as the control, with that of the other unknown name, which is a change of content too but knows no answer

Sites: resid_post by layer and part of the prompt (all its tokens at once), and heads' z at the last token. Before the
name all prompts are the same, so nothing there can matter. (Ferrando et al., section 6, figures 4a, b and 12-14, app.
H.) We differ: resid_post instead of resid_pre; the model's own answers instead of the data set's; the control is ours.

What a trial holds: measure.py.
"""

from collections.abc import Generator, Iterator, Sequence

from model_worker.studies.patching import figures
from model_worker.studies.patching.measure import Patcher
from model_worker.studies.patching.pairs import Pair, pairs_of
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.questions import part_in_words, questions_of, truth_of
from model_worker.studies.shared.script import Cue, Script, progress, trial_by_trial
from protocol.refusal import Refused
from protocol.worker.frames import Frame
from protocol.worker.studies import PatchingRequest
from protocol.worker.study_frames import Study

TOP_HEADS, SHOWN_PAIRS = 3, 4


def patching(bench: Bench, request: PatchingRequest) -> Generator[None, None, Script]:
    loaded = bench.loaded
    part = bench.part(request.part)
    asked = yield from questions_of(loaded, request.asked)
    pairs = pairs_of(asked.questions, request)
    if not pairs:
        raise Refused(
            422,
            "no_pairs",
            f"Pairs of a known and an unknown name were asked, of {part_in_words(request.asked)}.",
            "Two make a pair where the same question about both, and about a second unknown name, has as many tokens. "
            f"Among {len(asked.questions)} questions there is none.",
            "Take more names, or the model's world.",
        )
    few = (f"{len(pairs)} pairs instead of {request.n_pairs}: no more names fit each other.",)
    opening = bench.opening(
        request,
        base=part.used if request.part == "base" else None,
        names=asked.names.taken,
        n_steps=len(pairs) + 1,
        warnings=(*asked.names.warnings, *(few if len(pairs) < request.n_pairs else ())),
    )
    return PatchingScript(bench, request, opening, pairs)


class PatchingScript(Script):
    def __init__(self, bench: Bench, request: PatchingRequest, opening: Study, pairs: Sequence[Pair]) -> None:
        super().__init__(opening)
        self._request, self._pairs = request, pairs
        gemma = bench.part(request.part).gemma
        self._shape = (gemma.n_layers, gemma.shape.n_heads)
        self._patcher = Patcher(bench.loaded, gemma, request)

    def cues(self) -> Iterator[Cue]:
        n = len(self._pairs)
        yield from trial_by_trial(
            n, self._patched, "patching", (self._residual, self._heads), n_steps=self.opening.n_steps
        )
        yield self._direct
        yield from progress(n + 1, self.opening.n_steps, "reading heads")

    def _residual(self, n: int) -> Iterator[Frame]:
        yield figures.residual(self.trials)

    def _heads(self, n: int) -> Iterator[Frame]:
        yield figures.patched_heads(self.trials, self._shape)

    def _patched(self, number: int) -> Iterator[Frame | None]:
        return self._patcher.patched(self._pairs[number], number)

    def _direct(self) -> Iterator[Frame | None]:
        """What the heads that bring back most write at the clean run's last token, as tokens."""
        place, top = figures.strongest(self.trials, self._shape, TOP_HEADS)
        found: list[figures.Promotion] = []
        for trial in [trial for trial in self.trials if f"{place}/heads" in trial.numbers][:SHOWN_PAIRS]:
            pair, opening = self._pairs[trial.trial], tuple(map(int, trial.numbers[f"{place}/opening"]))
            for head, tokens in self._patcher.promoted(pair, opening, top):
                found.append(figures.Promotion(head, pair.clean.text, truth_of(pair.clean), tokens))
            yield None
        yield figures.direct(place, sorted(found, key=lambda one: top.index(one.head)))
