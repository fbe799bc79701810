"""Which names a set comes to: splits, lengths, and what is told before a study is begun."""

import dataclasses
from collections import Counter
from collections.abc import Sequence

import pytest

from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.model.world import World
from model_worker.studies.shared.names import NameSet, in_question, in_statement, length_auroc, names_of
from model_worker.studies.shared.names_summary import names_summary
from protocol.refusal import Refused
from protocol.worker.names import GivenName, GivenNames, Names, NamesRequest, WorldNames
from protocol.worker.study_frames import NamesChecked


def taken(loaded: Loaded, names: Names, template: str | None = None, part: str = "base") -> NameSet:
    reading = names_of(loaded, names, (in_statement if part == "base" else in_question)(loaded, template))
    while True:
        try:
            next(reading)
        except StopIteration as whole:
            return whole.value


def look(loaded: Loaded, names: Names, template: str | None = None) -> NamesChecked:
    request = NamesRequest(model=loaded.card.id, names=names, template=template)
    (found, done) = filter(None, names_summary(loaded, request))
    assert done.kind == "done"
    return found


def made_up(n: int, label: str, kind: str = "player", first: int = 0) -> list[GivenName]:
    return [GivenName(name=f"Name {k:05}", type=kind, label=label) for k in range(first, first + n)]


def given(*some: Sequence[GivenName], **more: object) -> GivenNames:
    return GivenNames(names=tuple(one for few in some for one in few), **more)


def splits(names: NameSet) -> dict[tuple[str, str], str]:
    return {(one.entity.type, one.entity.name): one.split for one in names.taken}


def test_of_each_type_and_label_half_is_to_rank_by_a_tenth_to_choose_by_and_four_tenths_to_test_on(
    embedded: Loaded,
) -> None:
    names = taken(embedded, WorldNames())
    cells: dict[tuple[str, str], Counter] = {}
    for one in names.taken:
        cells.setdefault((one.entity.type, one.group), Counter())[one.split] += 1
    assert len(cells) == 4 * 6
    for cell, found in cells.items():
        n = sum(found.values())
        for split, share in (("train", 0.5), ("validation", 0.1), ("test", 0.4)):
            assert abs(found[split] - share * n) <= 1, (cell, split)


def test_a_name_more_moves_one_other_at_each_border_at_the_most_and_none_of_another_type(embedded: Loaded) -> None:
    own = [
        made_up(40, label, kind, first)
        for kind, first in (("player", 0), ("city", 200))
        for label, first in (("known", first), ("unknown", first + 50))
    ]
    before = splits(taken(embedded, given(*own, match_lengths=False)))
    own.append(made_up(1, "known", "player", 900))
    after = splits(taken(embedded, given(*own, match_lengths=False)))
    moved = [key for key in before if after[key] != before[key]]
    assert len(after) == len(before) + 1 == 161
    assert len(moved) <= 2 and all(kind == "player" for kind, _ in moved)


def test_another_order_or_seed_deals_the_same_or_others(embedded: Loaded) -> None:
    own = made_up(30, "known") + made_up(30, "unknown", first=50)
    dealt = splits(taken(embedded, given(own)))
    assert splits(taken(embedded, given(own[::-1]))) == dealt
    assert splits(taken(embedded, given(own, seed=7))) != dealt


def test_matched_names_of_a_type_have_the_same_lengths_known_and_unknown(embedded: Loaded) -> None:
    names = taken(embedded, WorldNames())
    lengths: dict[tuple[str, str], Counter] = {}
    for one in names.taken:
        if one.label:
            lengths.setdefault((one.entity.type, one.label), Counter())[one.placed.n_tokens] += 1
    for kind in ("player", "city", "movie", "song"):
        assert lengths[kind, "known"] == lengths[kind, "unknown"] and sum(lengths[kind, "known"].values()) > 200
    assert length_auroc(names.taken) == 0.5
    whole = taken(embedded, WorldNames(match_lengths=False))
    assert len(whole.taken) == len(whole.everyone) > len(names.taken)
    told = length_auroc(whole.taken)
    assert told is not None and told > 0.52


def test_names_without_a_label_are_not_matched_away(embedded: Loaded) -> None:
    unlabelled = [GivenName(name=f"Some {'very ' * k}long one", type="player") for k in range(9)]
    names = taken(embedded, given(made_up(5, "known"), made_up(5, "unknown", first=9), unlabelled))
    assert sum(one.label is None for one in names.taken) == 9


@pytest.mark.parametrize("part", ["base", "chat"])
def test_a_name_is_read_up_to_its_last_token_in_its_place(embedded: Loaded, part: str) -> None:
    names = taken(embedded, WorldNames(types=("city",), most=30), part=part)
    for one in names.taken:
        text = embedded.tokenizer.decode(one.placed.ids)
        assert text.startswith("<bos>") and text.endswith(one.entity.name), text
        assert embedded.tokenizer.decode(one.placed.ids[one.placed.first :]).strip() == one.entity.name
        assert ("The city " in text) == (part == "base") and ("<start_of_turn>user" in text) == (part == "chat")


def test_a_template_says_where_the_name_stands_and_what_comes_behind_it_is_not_read(embedded: Loaded) -> None:
    (one, *_) = taken(
        embedded, given(made_up(2, "known"), match_lengths=False), "Of all {type}s {name} is the one"
    ).taken
    assert embedded.tokenizer.decode(one.placed.ids) == "<bos>Of all players Name 00000"


def test_the_readers_own_name_takes_its_facts_from_the_world_and_keeps_those_it_brings(embedded: Loaded) -> None:
    (entity,) = next(e for e in embedded.world.entities.values() if len(e) == 1 and e[0].tier == "known")
    own = [
        GivenName(name=f" {entity.name.upper()} ", type=entity.type, label="known"),
        GivenName(name="Somebody", type=entity.type, label="known", facts={"team": "Nobody's"}),
    ]
    first, second = taken(embedded, given(own, match_lengths=False)).taken
    assert (first.entity.facts, first.entity.name) == (entity.facts, entity.name.upper())
    assert second.entity.facts == {"team": "Nobody's"}


def test_a_few_of_each_type_and_tier_are_the_same_few_each_time(embedded: Loaded) -> None:
    few = taken(embedded, WorldNames(most=12, match_lengths=False))
    counts = Counter((one.entity.type, one.group) for one in few.taken)
    assert set(counts.values()) == {12}
    more = taken(embedded, WorldNames(most=13, match_lengths=False))
    assert splits(few).keys() < splits(more).keys()


def test_a_type_that_the_world_does_not_have_is_refused(embedded: Loaded) -> None:
    with pytest.raises(Refused) as refused:
        taken(embedded, WorldNames(types=("mayor",)))
    assert (refused.value.status, refused.value.refusal.code) == (422, "unknown_type")
    assert "city, movie, player, song" in refused.value.refusal.allowed


def test_a_name_that_tokenises_to_nothing_is_refused(random_model: Loaded) -> None:
    """A normaliser that drops control characters leaves nothing of this one."""
    from tokenizers import Regex, normalizers

    from tests.model_worker.random_gemma import tokenizer

    bare = tokenizer()
    bare.backend_tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Replace(Regex("\u200b"), ""), normalizers.Replace(" ", "▁")]
    )
    loaded = dataclasses.replace(random_model, tokenizer=bare)
    own = [GivenName(name="x"), GivenName(name="\u200b")]
    with pytest.raises(Refused) as refused:
        taken(loaded, given(own))
    assert (refused.value.status, refused.value.refusal.code) == (422, "empty_entity")
    assert refused.value.refusal.name_number == 2


def test_a_name_that_is_longer_than_the_model_takes_is_refused(random_model: Loaded) -> None:
    with pytest.raises(Refused) as refused:
        taken(random_model, given(made_up(2, "known")), template="x" * 390 + "{name}")
    assert (refused.value.status, refused.value.refusal.code) == (422, "prompt_too_long")


def test_a_model_without_a_world_says_so(embedded: Loaded) -> None:
    with pytest.raises(Refused) as refused:
        taken(dataclasses.replace(embedded, world=World()), WorldNames())
    assert (refused.value.status, refused.value.refusal.code) == (422, "no_world")


def test_what_a_set_amounts_to_adds_up(embedded: Loaded) -> None:
    found = look(embedded, WorldNames())
    assert (found.n, found.n_known + found.n_unknown + found.n_left_out) == (
        len([e for some in embedded.world.entities.values() for e in some]),
        sum(e.tier in ("known", "unknown") for some in embedded.world.entities.values() for e in some),
    )
    assert found.types == ("city", "movie", "player", "song")
    assert sum(one.n for one in found.lengths) == found.n
    assert sum(one.n_kept for one in found.lengths) == found.n - found.n_left_out
    assert found.length_auroc == 0.5 < (found.length_auroc_unmatched or 0)
    assert any("left out" in one for one in found.warnings)
    assert {"team", "sport", "country"} <= set(found.attributes["player"])


def test_a_set_that_lengths_alone_tell_apart_is_warned_of(embedded: Loaded) -> None:
    long = [GivenName(name=f"Name {k:05} of the many", type="player", label="unknown") for k in range(25)]
    found = look(embedded, given(made_up(25, "known"), long, match_lengths=False))
    assert found.length_auroc == 1.0 and any("AUROC 1.00" in one for one in found.warnings)
    matched = look(embedded, given(made_up(25, "known"), long))
    assert matched.n_known == 0 and matched.n_left_out == 50 and matched.length_auroc is None


def test_few_names_are_warned_of_and_one_class_can_be_looked_at(embedded: Loaded) -> None:
    found = look(embedded, given(made_up(5, "known"), match_lengths=False))
    assert (found.n_known, found.n_unknown, found.length_auroc) == (5, 0, None)
    assert found.warnings == ("Only 5 known names of the type player: each moves a share by 20 points.",)


def test_names_too_few_to_say_anything_are_counted_as_they_are_dealt(embedded: Loaded) -> None:
    both = [*made_up(6, "known"), *made_up(6, "unknown", first=6)]
    found = look(embedded, given(both, match_lengths=False))
    told = found.warnings[-1]
    assert told.startswith("Among the four tenths of player names that a search tests on, 2 known and 2 unknown names")


def test_many_names_are_looked_at_in_short_steps(embedded: Loaded) -> None:
    request = NamesRequest(
        model=embedded.card.id, names=given(made_up(500, "known"), made_up(500, "unknown", first=600))
    )
    assert list(names_summary(embedded, request)).count(None) > 10


def test_a_set_that_was_looked_at_is_not_read_again(embedded_engine: Engine) -> None:
    """Every opening of Discover and of Experiments asks about the same. Red while each cost a second."""
    request = NamesRequest(model=embedded_engine.loaded.card.id, names=WorldNames(types=("player",), most=70))
    first = list(embedded_engine.names(request))
    assert None in first and list(embedded_engine.names(request)) == [frame for frame in first if frame]
