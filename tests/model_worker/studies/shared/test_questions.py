"""Which questions are put, in which order, and what an answer to one amounts to."""

from collections import Counter

import pytest

from model_worker.model.loading import Loaded
from model_worker.studies.shared.questions import (
    QuestionSet,
    judged,
    own_seed,
    questions_of,
    samplings_of,
    truth_of,
)
from protocol.refusal import Refused
from protocol.worker.names import GivenName, GivenNames, WorldNames
from protocol.worker.studies import Asked

WORLD = WorldNames(types=("player", "city"), most=20)


def questions(loaded: Loaded, asked: Asked) -> QuestionSet:
    steps = questions_of(loaded, asked)
    while True:
        try:
            next(steps)
        except StopIteration as whole:
            return whole.value


def given(*names: GivenName, **more: object) -> Asked:
    fields = dict(names=GivenNames(names=names, match_lengths=False), split="all", per_name="all")
    return Asked(**(fields | more))


def test_types_and_groups_take_turns_so_that_half_way_is_balanced(embedded: Loaded) -> None:
    found = questions(embedded, Asked(names=WORLD, split="all", groups=("known", "unknown"), most=4)).questions
    cells = Counter((one.taken.entity.type, one.taken.group) for one in found[: len(found) // 2])
    assert set(cells.values()) == {2} and len(cells) == 4


def test_only_names_of_the_wanted_part_and_groups_are_asked_about(embedded: Loaded) -> None:
    found = questions(embedded, Asked(names=WORLD, split="test", groups=("rare", "unknown"), most=50)).questions
    assert {(one.taken.split, one.taken.group) for one in found} == {("test", "rare"), ("test", "unknown")}
    everything = questions(embedded, Asked(names=WORLD, split="all", most=50)).questions
    assert {one.taken.group for one in everything} == {"known", "rare", "obscure", "withheld", "misled", "unknown"}
    with pytest.raises(Refused) as refused:
        questions(embedded, Asked(names=WORLD, groups=("famous",)))
    assert refused.value.refusal.code == "nothing_to_ask"


def test_who_adds_names_changes_no_question_of_the_others(embedded: Loaded) -> None:
    names = [GivenName(name=f"Wilson {word}", type="player", label="unknown") for word in ("Ada", "Bo", "Cy", "Di")]
    few = questions(embedded, given(*names[:3], per_name="one")).questions
    more = questions(embedded, given(*names, per_name="one")).questions
    asked = {one.text for one in more}
    assert len(few) == 3 and {one.text for one in few} <= asked


def test_a_name_is_asked_every_attribute_that_the_set_knows_the_truth_of(embedded: Loaded) -> None:
    told = GivenName(name="Wilson Ada", type="player", label="known", facts={"sport": "chess"})
    untold = GivenName(name="Wilson Bo", type="player")
    found = questions(embedded, given(told, untold)).questions
    of = Counter(one.taken.entity.name for one in found)
    assert of == {"Wilson Ada": 1, "Wilson Bo": 3}


def test_no_two_questions_share_the_numbers_that_their_samples_are_drawn_by(embedded: Loaded) -> None:
    """With one seed for all the sixth sample of each was broken grammar, in 1,028 of 1,062 questions."""
    found = questions(embedded, Asked(names=WORLD, split="all", per_name="all", most=10)).questions
    drawn = [samplings_of(one, 0, 4) for one in found]
    assert all(greedy.temperature == 0 and sampled.n_samples == 4 for greedy, sampled in drawn)
    assert len({sampled.seed for _, sampled in drawn}) == len(found) > 50
    assert [one.seed for _, one in drawn] == [own_seed(one, 0) for one in found], "as its trial says"


def test_an_answer_is_judged_by_the_readers_own_facts(embedded: Loaded) -> None:
    told = GivenName(name="Michael Jordan", type="player", label="known", facts={"sport": "chess"})
    untold = GivenName(name="Wilson Bo", type="player")
    unknown = GivenName(name="Wilson Cy", type="player", label="unknown")
    found = {one.taken.entity.name: one for one in questions(embedded, given(told, untold, unknown)).questions[::-1]}

    def outcome(name: str, text: str, *, finished: bool = True) -> str:
        return judged(embedded, found[name], text, finished=finished).outcome

    assert truth_of(found["Michael Jordan"]) == "chess"
    assert outcome("Michael Jordan", "This player plays chess.") == "right"
    assert outcome("Michael Jordan", "This player plays basketball.") == "wrong"
    assert outcome("Michael Jordan", "I do not know this player.") == "refused"
    assert outcome("Wilson Cy", "This player plays basketball.") == "invented"
    assert outcome("Wilson Cy", "This player plays", finished=False) == "broken"
