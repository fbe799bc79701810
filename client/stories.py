"""Stories that only a real model can tell, as findings that ship: `python -m client.stories APP_URL MODEL`.

Each is asked of the app as a reader would ask it, with its control; its title and note are made of what was counted,
and a single answer's note says what random pushes of that size do to it.
The app of that address holds this model and nothing but these findings. `python -m app backup` then makes of its
gallery static/first/stories.jsonl.gz, which every app shows beside its own.

1. recognition is not recall: films and songs that are recognised, pushed towards known, over a set
2. one of them: the film whose director a push changes, with the count that makes it an anecdote
3. an invented name that is answered, what fired, and how many of them are
4. a known name that is refused
5. the same film to the chat model, and to its base
6. any push restores the refusal: known names, by size, along other directions
"""

import sys
from collections import Counter
from collections.abc import Sequence

from client.client import Client
from client.recording import Recording
from protocol.amounts import signed
from protocol.app.experiments.answers.arms import arm, controlled
from protocol.app.experiments.directions import direction_of, has_latents
from protocol.app.findings import SecondRun, View
from protocol.claims import CROSSING, NO_CONTROL, OPENINGS
from protocol.steering import Held, LatentTarget, Sweep, VectorTarget
from protocol.vocabulary import CONTROL_KINDS, ControlKind
from protocol.worker.frames import Control
from protocol.worker.models import DirectionCard, ModelCard
from protocol.worker.names import WorldNames
from protocol.worker.requests import Controls, GenerateRequest
from protocol.worker.studies import AnswersRequest, Asked
from protocol.worker.study_frames import Trial

RECOGNISED = ("unsure", "unrecalled")
FILM, SOUGHT = "Who directed Titanic?", "The movie Titanic was directed by"
TOLD = (
    "any_push_restores",
    "one_prompt_two_models",
    "known_and_refused",
    "invented",
    "recognition_is_not_recall",
    "anecdote",
)
ANSWERED, LOST = ("right", "wrong", "invented", "answered"), ("wrong", "refused", "broken")
STORY_CONTROLS = 4  # of all kinds together
STORY_SIZES = (0.5, 1.0)  # of the validated push
STORY_SWEEP = (-1, -0.5, 0.25, 0.5, 0.75, 1)
MOST = 20  # names of each type and tier: minutes on two cores
MOST_INVENTED = 60
TITLE_FITS, MOST_NOTE = 140, 4_000


class Stories:
    def __init__(self, app: Client, model: str, counted: str = "") -> None:
        """counted: what was found over the set, where that story is not told anew."""
        self.app = app
        self.card: ModelCard = next(card for card in app.models().models if card.id == model)
        known = direction_of(self.card, "known")
        assert known, "its card has no direction for known names"
        self.known = known
        self.counted = counted
        # a vector goes both ways; of a latent what is away from known is another one
        back = known.model_copy(update={"validated": -known.strength})
        self.away = back if isinstance(known.target, VectorTarget) else direction_of(self.card, "unknown") or back

    def tell(self, names: Sequence[str] = TOLD) -> None:
        """The newest stands first in a gallery, so the last story first."""
        for name in names:
            getattr(self, name)()

    def recognition_is_not_recall(self) -> None:
        held = _held(self.known, self.known.strength)
        pushed = arm("+known", "known", held)
        request = AnswersRequest(
            model=self.card.id,
            asked=Asked(names=WorldNames(types=("movie", "song")), split="test", groups=RECOGNISED, most=MOST),
            arms=(pushed,),
            controls=controlled((pushed,), *self._controls(self.known)),
            by=("type", "baseline"),
        )
        recording = self._study(request)
        turned = _turns(recording.trials, [1])
        counted = (
            f"pushed towards known, {_of(turned, 'refused', ANSWERED)} refusals become answers, "
            f"{_of(turned, 'refused', ('right',))} right ones; {_of(turned, 'wrong', ('right',))} wrong answers are "
            f"repaired, {_of(turned, 'right', LOST)} right ones lost"
        )
        beside = _beside(recording)
        note = f"Real films and songs of the test half, {_amount(self.known)}: {counted}. {beside}"
        self._save(
            recording,
            f"Recognition is not recall: {_of(turned, 'refused', ANSWERED)} refused films and songs are answered when "
            f"pushed, {_times(turned['refused', 'right'])} rightly",
            note,
        )
        self.counted = f"Counted over the set: {counted}. {beside}"

    def anecdote(self) -> None:
        recording = self._run(FILM, self.known)
        strength = self.known.strength
        arms = (0, _arm_at(recording, strength))
        told = " → ".join(_said(recording, arm) for arm in arms)
        note = f"{told}. {random_pushes(recording, strength)} One prompt is no rate. {self.counted}"
        before, after = (_came_to(recording, arm) for arm in arms)
        became = f"still {after}" if before == after else after
        title = f"Titanic, {before}, pushed towards known {became}: one film, which is no rate"
        self._save(recording, title, note, View(sweep=0, strength=strength))

    def invented(self) -> None:
        """The first invented player of the test half that is answered untouched, or that a push makes it answer."""
        pushed = arm("+known", "known", _held(self.known, self.known.strength))
        watched = tuple(one for one in self.card.watch if isinstance(one.target, LatentTarget))
        request = AnswersRequest(
            model=self.card.id,
            asked=Asked(names=WorldNames(types=("player",)), split="test", groups=("unknown",), most=MOST_INVENTED),
            arms=(pushed,),
            controls=controlled((pushed,), *self._controls(self.known)),
            watch=tuple(one.target for one in watched if isinstance(one.target, LatentTarget)),
            by=("type", "baseline"),
        )
        recording = self._study(request)
        trials = recording.trials
        sides = {told: [t for t in trials if (_outcome(t, 0) in ANSWERED) == told] for told in (True, False)}
        fires = "; ".join(
            f"{one.label} fires on {_fired(sides[True], place)} of those answered and {_fired(sides[False], place)} of "
            "the others"
            for place, one in enumerate(watched)
        )
        turned = _turns(trials, [1])
        counted = (
            f"Of {len(trials)} invented players of the test half {len(sides[True])} are answered untouched. "
            f"Read at the same token: {fires}. "
            f"{_amount(self.known)}, {_of(turned, 'refused', ANSWERED)} refusals become answers. {_beside(recording)}"
        )
        one = (sides[True] or [t for t in trials if _outcome(t, 1) in ANSWERED] or trials)[0]
        run = self._run(one.prompt, self.known)
        name = run.start.entity
        on_name = at_the_names_end(run)
        told = " → ".join(_said(run, number) for number in (0, _arm_at(run, self.known.strength)))
        note = f"There is no such player: {told}. At the name's last token: {on_name or 'nothing watched'}. {counted}"
        at = View(sweep=0, strength=self.known.strength)
        title = f"{name.text} is nobody: {len(sides[True])} of {len(trials)} invented players are answered untouched"
        self._save(run, title, f"{note} {random_pushes(run, self.known.strength)}", at)

    def known_and_refused(self) -> None:
        """The first known name of the test half that the untouched model refuses."""
        pushed = arm("+known", "known", _held(self.known, self.known.strength))
        request = AnswersRequest(
            model=self.card.id,
            asked=Asked(names=WorldNames(), split="test", groups=("known",), most=MOST),
            arms=(pushed,),
            controls=controlled((pushed,), 1, ("random",)),
            by=("type",),
        )
        recording = self._study(request)
        refused = [one for one in recording.trials if _outcome(one, 0) == "refused"]
        n = f"{len(refused)} of {len(recording.trials)}"
        note = f"Names that the base model answers right at every try: untouched, {n} are refused. "
        if not refused:
            self._save(recording, "Known names that it refuses: none of these", note)
            return
        run = self._run(refused[0].prompt, self.known)
        title = f"A known name that it refuses ({n} of the test half)"
        told = " → ".join(_said(run, number) for number in (0, _arm_at(run, self.known.strength)))
        note += f"This one: {told}. {random_pushes(run, self.known.strength)}"
        self._save(run, title, note, View(sweep=0, strength=self.known.strength))

    def one_prompt_two_models(self) -> None:
        """The chat model, and its base beside it."""
        chat, base = self._run(FILM, self.known), self._run(SOUGHT, self.known, form="base")
        note = f"The chat model: {_said(chat, 0)}. Its base reads “{SOUGHT}” on: {_said(base, 0)}."
        at = View(sweep=0, strength=self.known.strength)
        beside = SecondRun(run_id=base.run_id, view=at)
        outcomes = " and ".join(_came_to(run, 0) for run in (chat, base))
        title = f"One film, asked of {self.card.title} and read on by its base: {outcomes}"
        self._save(chat, title, f"{note} {random_pushes(chat, self.known.strength)}", at, beside)

    def any_push_restores(self) -> None:
        sizes = [share * self.away.strength for share in STORY_SIZES]
        arms = tuple(arm(f"away from known {signed(size)}", "unknown", _held(self.away, size)) for size in sizes)
        request = AnswersRequest(
            model=self.card.id,
            asked=Asked(names=WorldNames(types=("player", "city")), split="test", groups=("known",), most=MOST),
            arms=arms,
            controls=controlled(arms, *self._controls(self.away)),
            by=("type",),
        )
        recording = self._study(request)
        n: Counter[tuple[str, str]] = Counter()
        refused: Counter[tuple[str, str]] = Counter()
        known = [trial for trial in recording.trials if _outcome(trial, 0) == "right"]
        for number, one in enumerate(recording.study.arms[1:], 1):
            of = one if one.control_of is None else recording.study.arms[one.control_of]
            cell = of.name, CONTROL_KINDS[one.control_kind] if one.control_kind else "along it"
            outcomes = [_outcome(trial, number) for trial in known]
            n[cell] += len(outcomes)
            refused[cell] += outcomes.count("refused")
        told = "; ".join(f"{name}, {kind}: {refused[name, kind]} of {n[name, kind]}" for name, kind in n)
        note = f"Known names that are answered right untouched. Refused when pushed: {told}."
        largest = arms[-1].name
        kinds = ", ".join(f"{refused[cell]} of {n[cell]} {cell[1]}" for cell in n if cell[0] == largest)
        title = f"Does any push restore the refusal? At {signed(sizes[-1])}, known names refused: {kinds}"
        self._save(recording, title, note)

    def _run(self, prompt: str, direction: DirectionCard, form: str = "chat") -> Recording:
        pushes = sorted({share * direction.strength for share in STORY_SWEEP})
        sweep = Sweep(target=direction.target, unit=direction.unit, scope=direction.scope, strengths=tuple(pushes))
        return self.app.run(
            GenerateRequest.model_validate(
                {"model": self.card.id, "prompt": prompt, "format": form, "sweeps": (sweep,), "controls": Controls()}
            )
        )

    def _study(self, request: AnswersRequest) -> Recording:
        return self.app.result(self.app.begin(request).id)

    def _controls(self, direction: DirectionCard) -> tuple[int, tuple[ControlKind, ...]]:
        """Other latents, where its layer has a dictionary, and directions drawn at random."""
        if has_latents(self.card, direction.target):
            return STORY_CONTROLS // 2, ("matched", "random")
        return STORY_CONTROLS, ("random",)

    def _save(
        self, recording: Recording, title: str, note: str, view: View | None = None, second: SecondRun | None = None
    ) -> None:
        self.app.save(recording.run_id, title[:TITLE_FITS], note=note[:MOST_NOTE], view=view, second=second)
        print(f"{title}\n  {note}", flush=True)


def _held(direction: DirectionCard, strength: float) -> Held:
    return Held(target=direction.target, unit=direction.unit, scope=direction.scope, strength=strength)


def at_the_names_end(run: Recording) -> str:
    """What is watched, read where a study of answers reads it too: "known entity 514; unknown entity silent"."""
    last = run.start.entity.end - 1
    return "; ".join(
        f"{watched.label or watched.target.latent} {f'{read[last]:.3g}' if read[last] else 'silent'}"
        for watched, read in zip(run.start.watched, run.prompt.arms[0].activations, strict=True)
    )


def _fired(trials: Sequence[Trial], place: int) -> str:
    """ "3 of 7", of one that is watched."""
    return f"{sum(trial.numbers['watched'][place] > 0 for trial in trials)} of {len(trials)}"


def _outcome(trial: Trial, number: int) -> str | None:
    return next((one.outcome for one in trial.answers if one.arm == number), None)


def _turns(trials: Sequence[Trial], arms: Sequence[int]) -> Counter[tuple[str, str]]:
    """How often the untouched outcome became which."""
    return Counter(
        (before, after)
        for trial in trials
        for number in arms
        if (before := _outcome(trial, 0)) and (after := _outcome(trial, number))
    )


def _beside(recording: Recording) -> str:
    """What controls of the first arm do to refusals, by kind."""
    arms: dict[ControlKind, list[int]] = {}
    for number, one in enumerate(recording.study.arms):
        if one.control_of == 1 and one.control_kind:
            arms.setdefault(one.control_kind, []).append(number)
    told = "; ".join(
        f"{CONTROL_KINDS[kind]} {_of(_turns(recording.trials, own), 'refused', ANSWERED)}" for kind, own in arms.items()
    )
    return f"Along other directions of that size refusals become answers: {told}."


def _of(turns: Counter[tuple[str, str]], before: str, after: Sequence[str]) -> str:
    """ "30 of 34" """
    whole = sum(n for (one, _), n in turns.items() if one == before)
    return f"{sum(turns[before, one] for one in after)} of {whole}"


def _amount(direction: DirectionCard) -> str:
    return f"{direction.label} at {signed(direction.strength)}"


def _times(n: int) -> str:
    return str(n or "none")


def _arm_at(recording: Recording, strength: float) -> int:
    return next(i for i, one in enumerate(recording.start.arms) if one.sweep == 0 and one.strength == strength)


def random_pushes(recording: Recording, strength: float) -> str:
    """How many random pushes of that size open otherwise than the untouched answer does."""
    told = (frame for frame in recording.frames if isinstance(frame, Control))
    seen = next((one for one in told if (one.sweep, one.strength) == (0, strength)), None)
    untouched = recording.verdict(0)
    if seen is None or untouched is None:
        return NO_CONTROL
    refused = untouched.outcome == "refused"
    n, turned = len(seen.refusal_logodds), sum((x <= 0) == refused for x in seen.refusal_logodds)
    what = OPENINGS["answer" if refused else "refusal"]
    return CROSSING.format(who=f"{turned or 'None'} of {n}", open="open" if turned > 1 else "opens", what=what)


def _came_to(recording: Recording, number: int) -> str:
    verdict = recording.verdict(number)
    return verdict.outcome if verdict else "not whole"


def _said(recording: Recording, number: int) -> str:
    return f"“{recording.text(number).strip()}” ({_came_to(recording, number)})"


if __name__ == "__main__":
    url, name, *names = sys.argv[1:]
    with Client(url) as client:
        Stories(client, name).tell(names or TOLD)
