"""The one rule that makes a claim's sentence, on planted data: one causal neuron, and none."""

import numpy as np

from model_worker.studies.neurons.claims import ReadIn, adds_claim, carries_claim, reads_claim, seen_from, steers_claim
from model_worker.studies.neurons.dial import NOT_RECALLED, DialArm, slope_of
from model_worker.studies.neurons.dial_figures import dial_figure
from protocol.worker.study_frames import Trial, TrialAnswer
from protocol.worker.study_requests.neurons import NeuronsDial

ARMS = (DialArm("H-neurons", 3.0), *(DialArm("H-neurons", 3.0, number) for number in range(8)))


def dialled(own: float, random: float, n: int = 60, seed: int = 0) -> list[Trial]:
    """own, random: shares of prompts that turn wrong at the highest factor; untouched a tenth is."""
    noise = np.random.default_rng(seed)

    def answer(arm: int, wrong: bool) -> TrialAnswer:
        return TrialAnswer(arm=arm, text="", outcome="wrong" if wrong else "right", rule="")

    def trial(number: int) -> Trial:
        was = noise.random() < 0.1
        turned = [was or noise.random() < share for share in (own, *[random] * 8)]
        answers = (answer(0, was), *(answer(arm, one) for arm, one in enumerate(turned, 1)))
        return Trial(seq=0, trial=number, name=0, prompt="", answers=answers)

    return [trial(number) for number in range(n)]


def claimed(trials: list[Trial]):
    found = slope_of(trials, ARMS, "H-neurons", ("wrong",), 3.0)
    return steers_claim("the neurons", "errors", found.slope, found.interval, found.random, found.n)


def test_one_causal_neuron_steers_and_none_does_not() -> None:
    yes, no = claimed(dialled(0.5, 0.05)), claimed(dialled(0.05, 0.05, seed=1))
    assert yes.holds and "move errors" in yes.sentence
    assert no.holds is False and "would have been seen" in no.sentence


def test_what_random_neurons_do_too_is_no_steering() -> None:
    found = claimed(dialled(0.5, 0.5))
    assert found.interval[0] > 0 and found.holds is False and "random neurons" in found.sentence


def test_where_nobody_moves_the_sentence_says_what_would_have_been_seen() -> None:
    found = claimed(dialled(0.0, 0.0))
    assert found.holds is False and "none changed sides" in found.sentence and "1 in 20" in found.sentence


def test_a_handful_of_prompts_says_neither_yes_nor_no() -> None:
    for own in (0.0, 1.0):
        found = claimed(dialled(own, 0.0, n=5))
        assert found.holds is None and "not told by 5 prompts" in found.sentence


def test_reading_is_above_chance_and_above_every_random_set() -> None:
    good, usual = ReadIn(0.7, (0.6, 0.8), [0.5, 0.65]), ReadIn(0.7, (0.6, 0.8), [0.5, 0.72])
    assert reads_claim("they", good, good, 300).holds
    assert reads_claim("they", usual, usual, 300).holds is False
    chance = ReadIn(0.55, (0.45, 0.65), [0.5])
    below = reads_claim("they", chance, chance, 300)
    assert (
        below.holds is False
        and "not told from chance" in below.sentence
        and "0.64 would have been seen" in below.sentence
    )
    assert "what is said" not in below.sentence
    nothing = ReadIn(None, None, [])
    assert reads_claim("they", good, nothing, 0).holds is None


def test_what_reads_only_while_the_fit_saw_the_answer_reads_what_is_said() -> None:
    found = reads_claim("they", ReadIn(0.63, (0.58, 0.68), [0.6]), ReadIn(0.5, (0.44, 0.56), [0.55]), 1046)
    assert found.holds is False and found.value == 0.5
    assert "answers let in, AUROC 0.63 (0.58 to 0.68), random neurons up to 0.60: what is said may" in found.sentence


def test_adding_is_an_interval_above_nought_and_carrying_one_above_a_half() -> None:
    assert adds_claim("they", 0.03, (0.01, 0.05), 300).holds
    assert adds_claim("they", 0.03, (-0.01, 0.07), 300).holds is False
    assert "worse" in adds_claim("they", -0.03, (-0.05, -0.01), 300).sentence
    assert carries_claim("they", 0.6, (0.55, 0.65), 300).holds
    assert carries_claim("they", 0.6, (0.48, 0.72), 300).holds is False


def test_what_would_have_been_seen_is_two_point_eight_standard_errors() -> None:
    assert abs(seen_from((-1.96, 1.96)) - 2.8) < 1e-3 and seen_from(None) is None


def test_where_nothing_is_scaled_random_sets_stand_beside_the_neurons_with_the_same_answers() -> None:
    sets = {"H-neurons": [(0, 0)], "refusing neurons": []}
    figure = dial_figure(NeuronsDial(alphas=(0.0, 3.0)), ARMS, sets, {NOT_RECALLED: dialled(0.5, 0.05)})
    untouched, factors = dict[object, dict[object, object]](), dict[object, set[object]]()
    for panel, factor, whose, outcome, _, share, *_ in figure.rows:
        factors.setdefault(panel, set()).add(factor)
        if factor == "×1":
            untouched.setdefault(whose, {})[outcome] = share
    assert untouched["random"] == untouched["themselves"] and len(untouched["random"]) > 1
    assert list(factors.values()) == [{"×1", "×3"}] * 2
