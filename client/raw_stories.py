"""Circuits of any prompt as findings that ship: `python -m client.raw_stories APP_URL MODEL [NAME=RUN_ID…]`.

Prompts of Lindsey et al. 2025 that are about no name, raw, to the base model, through its neurons: each is asked of the
app as a reader would ask it, or taken from a run that has ended (RUN_ID). What a whole set came to, with its controls,
is what docs/circuits.md says of the scripts of benchmarks/circuits that measured it, in their numbers; whether that
bears the claim out is read off them. Null or not, it is told.

    opposite   are the neurons that lead to an opposite the same in three languages?     opposites.py
    sum        what do neurons read of a two-digit sum?                                  sums.py
    rhyme      is a couplet's rhyme planned at the end of its first line?                rhymes.py
"""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from client.client import Client
from client.recording import Recording
from protocol.vocabulary import MAX_NOTE_CHARACTERS, MAX_TITLE_CHARACTERS
from protocol.worker.circuits import Beside, CircuitRequest, TokensTarget

STUDIED = Path(__file__).parents[1] / "docs" / "circuits.md"
RAW_CONTROLS = 6  # as many as count: a circuit through neurons takes minutes


@dataclass(frozen=True)
class RawStory:
    """section: of the report, without the model's name. quoted: how the lines begin that are taken from it. holds: what
    they say of the claim."""

    name: str
    claim: str
    section: str
    quoted: tuple[str, ...]
    holds: Callable[[str], bool]
    prompt: str
    target: TokensTarget
    beside: str | None = None
    said: str = ""


def more_shared_than_by_chance(told: str) -> bool:
    shared, percentile = _numbers(r"Shared by all three of “small”: (\d+) of .*?95th percentile (\d+)", told)
    return shared > percentile


def last_digit_is_read(told: str) -> bool:
    """At the equals sign, better than labels shuffled."""
    r2, shuffled = _numbers(r"\| = \| last digit of the sum \| [^|]* \| (\S+) \| [^|]* \| (\S+) \|", told)
    return r2 > max(shuffled, 0.0)


def rhyme_moves_with_the_newline(told: str) -> bool:
    """Behind some layer, by a tenth more than a random change as long moves it."""
    rows = re.findall(r"\| L\d+ (?:\| \S+ ){4}\| (\S+) \| (\S+) \|", told)
    assert rows
    return any(_number(own) > _number(random) + 0.1 for own, random in rows)


RAW_STORIES = (
    RawStory(
        "opposite",
        "The opposite of “small” goes through the same neurons in English, French and Chinese",
        "### The opposite of “small” in three languages",
        ("| asked |", "| small |", "Overlap (Jaccard)", "Shared by all three", "The same thing's do more"),
        more_shared_than_by_chance,
        'The opposite of "small" is "',
        TokensTarget(up="large"),
    ),
    RawStory(
        "sum",
        "At the equals sign neurons read the last digit of a two-digit sum",
        "### A two-digit sum",
        ("By `python", "| read at |", "| = |", "The 20 that read"),
        last_digit_is_read,
        "12+13=25\n41+17=58\n36+52=",
        TokensTarget(up="8", against="9"),
        beside="12+13=25\n41+17=58\n36+53=",
        said="8",
    ),
    RawStory(
        "rhyme",
        "A couplet's rhyme is planned at the end of its first line",
        "### A rhyme planned ahead",
        ("By itself", "“And then", "By the logit lens", "| layer |", "Another line's residual", "| after |", "| L"),
        rhyme_moves_with_the_newline,
        "A rhyming couplet:\nThe cat lay sleeping on the mat,\n",
        TokensTarget(up=" hat", against=" hair"),
        said="And then he went and found the",
    ),
)


class RawStories:
    """runs: by name, those that have ended. The newest stands first in a gallery, so the last one is told first."""

    def __init__(self, app: Client, model: str, runs: dict[str, str]) -> None:
        self.app, self.model, self.runs = app, model, runs
        self.report = STUDIED.read_text("utf-8")

    def tell(self, stories: Sequence[RawStory] = RAW_STORIES) -> None:
        for story in reversed(stories):
            run_id = self.runs.get(story.name) or self.app.begin(self._request(story)).id
            drawn = self.app.result(run_id)
            title, note = told_of(story, self.report, self.model, drawn)
            self.app.save(run_id, title, note=note)
            print(f"{title}\n  {note}\n", flush=True)

    def _request(self, story: RawStory) -> CircuitRequest:
        return CircuitRequest(
            model=self.model,
            prompt=story.prompt,
            format="base",
            beside=Beside(prompt=story.beside) if story.beside else None,
            said=story.said,
            target=story.target,
            basis="neurons",
            n_nodes=200,
            n_edges=100,
            n_checked=16,
            midpoints=8,
            n_controls=RAW_CONTROLS,
        )


def told_of(story: RawStory, report: str, model: str, drawn: Recording) -> tuple[str, str]:
    """Title and note."""
    told = quoted(report, f"{story.section} ({model}", story.quoted)
    found = "Shown" if story.holds(told) else "Not found here"
    title = f"{found}: {story.claim[:1].lower()}{story.claim[1:]}, {model}, base"[:MAX_TITLE_CHARACTERS]
    target = drawn.circuit.target
    assert target.up and target.against
    first = "; ".join(f"“{side.top[0].text.strip()}” {side.top[0].prob:.2f}" for side in drawn.circuit.sides)
    here = (
        f"This circuit is of one such prompt, raw, why “{target.up.text.strip()}” and not "
        f"“{target.against.text.strip()}”; likeliest there: {first}. Beside each of its effects {RAW_CONTROLS} random "
        "pushes. One prompt is no rate; over the set:"
    )
    note = "\n\n".join((f"{found}, and this is how it was looked for. {here}", *in_sentences(told)))
    return title, note[:MAX_NOTE_CHARACTERS]


def in_sentences(told: str) -> list[str]:
    """Rows of a table with their heads before each cell; other lines as they are."""
    found: list[str] = []
    heads: list[str] = []
    for line in told.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            found.append(line.replace("`", ""))
            heads = []
        elif not heads:
            heads = cells
        elif cells != heads:
            found.append("; ".join(f"{head} {cell}" for head, cell in zip(heads, cells, strict=True)) + ".")
    return found


def quoted(report: str, heading: str, beginnings: Sequence[str]) -> str:
    """Lines of a section of the report, in their order."""
    _, found, behind = report.partition(heading)
    assert found, f"{STUDIED.name} has no section {heading}"
    lines = re.split(r"\n#{2,3} ", behind)[0].splitlines()
    return "\n".join(line for line in lines if line.startswith(tuple(beginnings)))


def _numbers(pattern: str, told: str) -> tuple[float, float]:
    match = re.search(pattern, told)
    assert match, f"the report does not say it: {pattern}"
    return _number(match[1]), _number(match[2])


def _number(text: str) -> float:
    return float(text.replace("−", "-"))


if __name__ == "__main__":
    url, name, *ended = sys.argv[1:]
    with Client(url) as client:
        RawStories(client, name, dict(one.split("=", 1) for one in ended)).tell()
