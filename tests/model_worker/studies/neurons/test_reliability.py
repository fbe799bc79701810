"""What a score is worth, on planted scores."""

import numpy as np

from model_worker.studies.neurons.reliability import FIFTHS, fifths


def test_fifths_are_taken_inside_a_stratum_and_where_it_has_both_sides() -> None:
    """A score that only says which question it was puts as many errors into each fifth."""
    noise = np.random.default_rng(0)
    strata = [str(n % 4) for n in range(2_000)]
    rates = {"0": 0.9, "1": 0.1, "2": 0.5, "3": 0.0}
    is_error = np.array([noise.random() < rates[one] for one in strata])
    asked = np.array([rates[one] for one in strata]) + 1e-6 * noise.random(2_000)
    told = asked - asked + is_error + noise.random(2_000)
    for values, gap in ((asked, 0.15), (told, None)):
        place = fifths(values, is_error, strata)
        assert set(place[[one == "3" for one in strata]].tolist()) == {-1}
        shares = [is_error[place == one].mean() for one in range(len(FIFTHS))]
        counts = np.bincount(place[place >= 0])
        assert counts.max() - counts.min() <= 3
        assert max(shares) - min(shares) < gap if gap else shares == sorted(shares) and shares[-1] - shares[0] > 0.5
