"""Circuits of any prompt as findings that ship: `python -m client.raw_stories APP_URL MODEL`.

Raw prompts to the base model, each beside one that differs in a word, by neurons, which need no dictionary: an opposite
in three languages, a sum of two digits, a rhyme. What was found over sets of prompts stands in docs/circuits.md; here
is one of each, as far as a model of this size has it.
"""

import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from client.client import Client
from client.recording import Recording
from protocol.amounts import MINUS
from protocol.enough import is_beyond
from protocol.vocabulary import MAX_NOTE_CHARACTERS, MAX_TITLE_CHARACTERS
from protocol.worker.circuit_frames import Checked, NodeGroup, Nodes
from protocol.worker.circuits import Beside, CircuitRequest, TokensTarget
from protocol.worker.requests import Span

FIRST = 40  # nodes of a circuit that are held beside another's
EXAMPLES = "12+13=25\n41+17=58\n"
COUPLET = (
    "A rhyming couplet:\nThe sun went down behind the hill,\nAnd all the world was calm and still.\n\n"
    "A rhyming couplet:\n{line}\nAnd then he went and found the"
)


@dataclass(frozen=True)
class RawContrast:
    """about: what of a title. The prompt has {} where word or other stands; behind the first and what is said comes up,
    behind the second against, if the model knows."""

    about: str
    prompt: str
    word: str
    other: str
    up: str
    against: str
    said: str = ""

    def request(self, model: str) -> CircuitRequest:
        start = self.prompt.index("{}")
        return CircuitRequest(
            model=model,
            format="base",
            prompt=self.prompt.replace("{}", self.word),
            entity=Span(start=start, end=start + len(self.word)),
            beside=Beside(
                prompt=self.prompt.replace("{}", self.other), entity=Span(start=start, end=start + len(self.other))
            ),
            said=self.said,
            target=TokensTarget(up=self.up, against=self.against),
            basis="neurons",
            n_nodes=96,
            n_edges=300,
            n_checked=32,
            midpoints=8,
            n_controls=8,
        )


OPPOSITES = (
    RawContrast("The opposite of “small”, in English", 'The opposite of "{}" is "', "small", "black", "large", "white"),
    RawContrast("The opposite of “petit”, in French", 'Le contraire de "{}" est "', "petit", "noir", "grand", "blanc"),
    RawContrast("The opposite of 小, in Chinese", '"{}"的反义词是"', "小", "黑", "大", "白"),
)
SUM = RawContrast("The second digit of a sum", EXAMPLES + "3{}+21=", "6", "1", "7", "2", said="5")
RHYME = RawContrast(
    "A rhyme planned ahead",
    COUPLET.format(line="The {},"),
    "cat lay sleeping on the mat",
    "stars were shining in the night",
    " hat",
    " light",
)


def told_of(recording: Recording, contrast: RawContrast) -> list[str]:
    """What one circuit says, in sentences."""
    a, *b = recording.circuit.sides
    likeliest = [side.top[0] for side in (a, *b)]
    said = [
        f"m = logit of “{contrast.up.strip()}” − logit of “{contrast.against.strip()}”: "
        + ", ".join(
            f"{_signed(side.m)} behind “{word}” (it says “{top.text.strip()}”, {top.prob:.2f})"
            for side, word, top in zip((a, *b), (contrast.word, contrast.other), likeliest, strict=True)
        )
        + "."
    ]
    fits = [one.fit for one in recording.frames if isinstance(one, Checked) and one.fit is not None]
    if fits:
        said.append(f"Neurons as the graph has them against the model, swapped one at a time: r {fits[-1]:.2f}.")
    moved = [words for group in recording.groups if (words := _moved(group))]
    if moved:
        said.append(f"Set to the other prompt's values, in the first: {'; '.join(moved)}.")
    return said


def overlaps(opposites: Sequence[Recording], others: Sequence[Recording]) -> str:
    """Of the neurons that do most, how many are of two languages, beside two prompts that have nothing in common."""
    own, beside = [_first(one) for one in opposites], [_first(one) for one in others]
    pairs = [len(one & two) for one, two in itertools.combinations(own, 2)]
    by_chance = [len(one & two) for one in own for two in beside] + [
        len(one & two) for one, two in itertools.combinations(beside, 2)
    ]
    three = len(set.intersection(*own))
    return (
        f"Of the {FIRST} neurons that do most, two languages share {', '.join(map(str, pairs))} (English and French, "
        f"English and Chinese, French and Chinese), all three {three}; two unlike prompts, such as one of these and a "
        f"sum, {mean(by_chance):.1f} on the mean, {max(by_chance)} at most."
    )


def _first(recording: Recording) -> set[tuple[int, int]]:
    nodes = [(frame.layer, one) for frame in recording.frames if isinstance(frame, Nodes) for one in frame.nodes]
    strongest = sorted((pair for pair in nodes if pair[1].kind == "mlp"), key=lambda pair: -abs(pair[1].effect))
    return {(layer, one.index) for layer, one in strongest[:FIRST]}


def _moved(group: NodeGroup) -> str:
    change = group.to_other_a
    if change is None or change.control is None:
        return ""
    band = change.control
    words = "beyond" if is_beyond(change.measured, band.low, band.high) else "within"
    return (
        f"{group.role.replace('_', ' ')} {_signed(change.measured)}, {words} its {band.n} random directions "
        f"({_signed(band.low)} to {_signed(band.high)})"
    )


def _signed(x: float) -> str:
    return f"{x:+.2f}".replace("-", MINUS)


def tell(app: Client, model: str) -> None:
    """The newest stands first in a gallery, so the last story first."""
    title = next(card.title for card in app.models().models if card.id == model)
    drawn = {one: app.run(one.request(model)) for one in (RHYME, SUM, *reversed(OPPOSITES))}
    shared = overlaps([drawn[one] for one in OPPOSITES], [drawn[RHYME], drawn[SUM]])
    for contrast, recording in drawn.items():
        said = [*told_of(recording, contrast), *([shared] if contrast in OPPOSITES else [])]
        note = "\n\n".join([f"Raw, to the base of {title}.", *said])
        app.save(
            recording.run_id, f"{contrast.about}, {title}, base"[:MAX_TITLE_CHARACTERS], note=note[:MAX_NOTE_CHARACTERS]
        )
        print(f"{contrast.about}\n  {note}\n", flush=True)


if __name__ == "__main__":
    with Client(sys.argv[1]) as client:
        tell(client, sys.argv[2])
