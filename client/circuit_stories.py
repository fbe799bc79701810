"""Claims about circuits as findings that ship: `python -m client.circuit_stories APP_URL MODEL [INVENTED…]`.

Each is asked of the app as a reader would ask it, for a name of each kind that the card has examples of; what each
pair comes to is client/circuit_verdicts.py's, null or not. Pairs are examples: where a study measured the claim over a
whole set, the title is that study's (client/circuit_sets.py). `python -m app backup` then makes
static/first/stories.jsonl.gz of the gallery.

1. refusing is the default                   a known name beside an unknown one
2. recognition lifts it                      the same
3. a misfire is recognition without recall   a recognised name that is answered wrong; and INVENTED, names in the
                                             card's first question that nobody has and that it answers all the same
4. forcing recognition makes it invent       an unknown name, given a known one's recognition
5. which inhibits which                      the arrows between the two
6. what is moved, not where it looks         the heads at the end
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from client.circuit_sets import CIRCUITS_REPORT, STUDIED_BY, CircuitSet, SetVerdict
from client.circuit_verdicts import (
    CircuitVerdict,
    forced_recognition_invents,
    misfire_is_recognition_without_recall,
    recognition_lifts_it,
    refusal_is_the_default,
    what_is_moved_not_where_it_looks,
    which_inhibits_which,
)
from client.client import Client
from client.recording import Recording
from protocol.app.experiments.directions import direction_of
from protocol.steering import Sweep
from protocol.vocabulary import MAX_NOTE_CHARACTERS, MAX_TITLE_CHARACTERS, Story
from protocol.worker.frames import Control
from protocol.worker.models import Example, ModelCard
from protocol.worker.requests import Controls, GenerateRequest

DEFAULT = "Refusing is the default where it can't know whom it is asked about"
LIFTS = "Recognition is what lifts the refusal of a known name"
MISFIRES = "A misfire is recognition without recall"
INVENTS = "With a known name's recognition an unknown one is answered"
AS_A_SLIDER = (
    "A push towards known, as a slider's, is another thing to do to it: what it makes of each name stands there."
)
INHIBITS = "“Not recognised” inhibits “recognised”, and not the other way round"
MOVED = "At the end it matters what heads move, not where they look"
STORY_DIRECTIONS, FEW_DIRECTIONS = 32, 8  # random ones beside each effect; where a circuit takes a minute
_SMALL = {"n_controls": FEW_DIRECTIONS, "n_nodes": 96, "n_edges": 300, "n_checked": 32, "midpoints": 8}

TriedClaim = tuple[str, Recording, CircuitVerdict]
"""Of which names, what was drawn, and what it comes to."""


@dataclass(frozen=True)
class NamePair:
    """Two questions that differ in their name: the first is known or recognised, the second was never read."""

    first: Example
    second: Example

    @property
    def beside(self) -> str:
        """The second name in the first one's question."""
        return self.first.prompt.replace(self.first.name, self.second.name)

    @property
    def names(self) -> str:
        return f"{self.first.name} | {self.second.name}"


class CircuitStories:
    def __init__(self, app: Client, model: str, invented: Sequence[str] = ()) -> None:
        self.app = app
        self.invented = invented
        self.card: ModelCard = next(card for card in app.models().models if card.id == model)
        known = direction_of(self.card, "known")
        assert known, "its card has no direction for known names"
        self.known = known
        self.read_by = tuple(one.id for one in self.card.dictionaries if "chat" not in one.trained_on)
        self.own = tuple(one.id for one in self.card.dictionaries if "chat" in one.trained_on)
        quick = self.card.dtype == "float32"
        self.size: dict[str, int] = {"n_controls": STORY_DIRECTIONS} if quick else _SMALL
        report = CIRCUITS_REPORT.read_text("utf-8")
        self.sets = [CircuitSet(report, model, basis) for basis in STUDIED_BY]
        self.known_pairs = [(pair, self._drawn(pair)) for pair in self._pairs("known")]

    def tell(self) -> None:
        """The newest stands first in a gallery, so the last claim first."""
        self._save(MOVED, self._each(what_is_moved_not_where_it_looks))
        self._save(INHIBITS, self._each(which_inhibits_which), self._over_sets(CircuitSet.which_inhibits_which))
        self._save(
            INVENTS,
            [self._invents(*one) for one in self.known_pairs],
            self._over_sets(CircuitSet.forced_recognition_invents),
            AS_A_SLIDER,
        )
        misfires = [self._misfire(pair) for pair in (*self._pairs("unrecalled"), *self._answered())]
        if misfires:
            self._save(MISFIRES, misfires, more=self.sets[0].recognition_fires())
        self._save(
            LIFTS, self._each(recognition_lifts_it), self._over_sets(CircuitSet.recognition_lifts_it), self._by_own()
        )
        self._save(DEFAULT, self._each(refusal_is_the_default), self._over_sets(CircuitSet.refusal_is_the_default))

    def _over_sets(self, decide: Callable[[CircuitSet], SetVerdict | None]) -> list[SetVerdict]:
        return [verdict for one in self.sets if (verdict := decide(one))]

    def _each(self, decide: Callable[[Recording], CircuitVerdict]) -> list[TriedClaim]:
        return [(pair.names, drawn, decide(drawn)) for pair, drawn in self.known_pairs]

    def _misfire(self, pair: NamePair) -> TriedClaim:
        answered = self.app.run(GenerateRequest(model=self.card.id, prompt=pair.first.prompt))
        said, drawn = answered.verdict(), self._drawn(pair)
        outcome = said.outcome if said else "cut"
        return pair.names, drawn, misfire_is_recognition_without_recall(drawn, outcome, answered.text())

    def _invents(self, pair: NamePair, drawn: Recording) -> TriedClaim:
        known = self.known
        sweep = Sweep(target=known.target, unit=known.unit, scope=known.scope, strengths=(known.strength,))
        pushed = self.app.run(
            GenerateRequest(
                model=self.card.id,
                prompt=pair.beside,
                sweeps=(sweep,),
                controls=Controls(n_directions=STORY_DIRECTIONS),
            )
        )
        said = pushed.verdict(1)
        odds = [one for frame in pushed.frames if isinstance(frame, Control) for one in frame.refusal_logodds]
        outcome, n_answering = said.outcome if said else "cut", sum(one < 0 for one in odds)
        verdict = forced_recognition_invents(drawn, outcome, pushed.text(1), n_answering, len(odds))
        return pair.names, drawn, verdict

    def _by_own(self) -> str:
        """The same by the chat model's own dictionaries, where there are some."""
        if not self.own:
            return ""
        told = [(pair, recognition_lifts_it(self._drawn(pair, own=True))) for pair in self._pairs("known")]
        n = sum(verdict.holds == "yes" for _, verdict in told)
        first, verdict = told[0]
        return (
            f"Read by the base's dictionaries. By the chat model's own it is measured in {n} of {len(told)}; "
            f"{first.names}: {' '.join(verdict.measured)}"
        )

    def _drawn(self, pair: NamePair, *, own: bool = False) -> Recording:
        return self.app.circuit(
            self.card.id,
            pair.first.prompt,
            pair.beside,
            dictionaries=self.own if own else self.read_by,
            **self.size,
        )

    def _pairs(self, story: Story) -> list[NamePair]:
        """Of each kind of name that has both."""
        found = []
        for kind in self.card.examples:
            first = next((one for one in kind if one.story == story), None)
            second = next((one for one in kind if one.story == "unknown"), None)
            if first and second:
                found.append(NamePair(first, second))
        return found

    def _answered(self) -> list[NamePair]:
        """Invented names, each beside the unknown one of the card's first kind."""
        pair = self._pairs("unknown")[0]
        asked = [(name, pair.first.prompt.replace(pair.first.name, name)) for name in self.invented]
        return [NamePair(pair.first.model_copy(update={"name": n, "prompt": p}), pair.second) for n, p in asked]

    def _save(self, claim: str, told: list[TriedClaim], over_sets: Sequence[SetVerdict] = (), more: str = "") -> None:
        """With the circuit of the first pair that shows it; where none does, of the first."""
        title, note = title_and_note(claim, [(names, verdict) for names, _, verdict in told], over_sets, more)
        title = f"{title}, {self.card.title}"[:MAX_TITLE_CHARACTERS]
        shown = next((drawn for _, drawn, verdict in told if verdict.holds == "yes"), told[0][1])
        self.app.save(shown.run_id, title, note=note[:MAX_NOTE_CHARACTERS])
        print(f"{title}\n  {note}\n", flush=True)


def title_and_note(
    claim: str, told: Sequence[tuple[str, CircuitVerdict]], over_sets: Sequence[SetVerdict], more: str = ""
) -> tuple[str, str]:
    """told: of which names. What sets came to leads, the first of them in the title; one pair alone carries none."""
    n = sum(verdict.holds == "yes" for _, verdict in told)
    pairs = f"{n} of {len(told)} pairs"
    said = [f"{names}: {verdict.words}" for names, verdict in told]
    if over_sets:
        first = over_sets[0]
        title = f"{first.heading}: {_lower(claim)}: {first.counted}"
        leads = [f"{one.heading}, over the set. {one.words}" for one in over_sets]
        examples = "Examples, of which the circuit here is one" if len(told) > 1 else "The circuit here is an example"
        leads.append(f"{examples}, which is no rate: measured in {pairs} of names.")
    else:
        where = pairs if len(told) > 1 else "in one pair, which is no rate"
        title = f"{claim}: {where}" if n else f"Not shown: {_lower(claim)}: {where}"
        leads = [f"Measured in {pairs} of names. The whole claim no study measured over a set."]
    return title, "\n\n".join([*leads, *said, *([more] * bool(more))])


def _lower(claim: str) -> str:
    return claim[:1].lower() + claim[1:]


if __name__ == "__main__":
    url, name, *answered = sys.argv[1:]
    with Client(url) as client:
        CircuitStories(client, name, answered).tell()
