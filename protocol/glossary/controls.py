"""What an effect is held against, and how sure a number is."""

from protocol.glossary.term import Source, Term

CONTROL_TERMS: dict[str, Term] = {
    "control": Term(
        "control: random directions",
        "The same push at the same tokens, along directions drawn at random and just as long.",
        "Random directions are mostly unlike anything the model uses, so it is an easy test to pass; silent and "
        "matched latents are harder ones.",
        ("model_worker/steering/random_directions.py",),
        formula="d_random = ‖d‖ · z / ‖z‖,  z normal",
        sources=(Source("ferrando", "§5"),),
        labels=("controls", "control", "control arms"),
    ),
    "push_size": Term(
        "of that size",
        "As long as the push that it stands beside, at the same tokens and in the same layers: as much is added to the "
        "residual stream, only along a direction drawn at random.",
        "As long is not as far: what the model reads can lie in few directions, which one at random hardly meets.",
        (
            "model_worker/steering/random_directions.py",
            "model_worker/circuits/groups/clamp.py",
            "model_worker/circuits/groups/default_tests.py",
        ),
        formula="‖δ random‖ = ‖δ‖ at each token and layer; δ: α · d of a push, Σ (a″ − a) d of a group",
        marks=("of that size",),
    ),
    "band": Term(
        "band, 5–95 %",
        "Where nine in ten of the random directions end up: from their 5 % quantile to their 95 % quantile.",
        "Fewer than 20 directions have no such quantiles: then the band is their range, from the least to the most, "
        "and is called that.",
        ("app/recordings/dose.py", "static/run/run.js"),
        formula="quantiles of the log-odds under N directions, linear between the two nearest",
        marks=("5–95 %",),
    ),
    "random_mean": Term(
        "mean of the random directions",
        "The mean of the log-odds under the random directions, shown as a probability: the dashed line.",
        "The mean of log-odds is not the mean of probabilities.",
        ("app/recordings/dose.py",),
        labels=("random: mean", "random, mean"),
    ),
    "n": Term(
        "N",
        "How many were counted: directions of a control, prompts or names of a study, samples of an arm.",
        "In Explore N is one prompt: a curve there is no rate.",
        ("model_worker/studies/shared/counts.py",),
        labels=("N", "n"),
    ),
    "seed": Term(
        "seed",
        "The number from which everything random is drawn: the same seed gives the same directions, names and samples.",
        "A result that needs one particular seed is none: change it and look again.",
        ("model_worker/steering/random_directions.py", "model_worker/decoding/odds.py"),
        marks=("seed",),
    ),
    "silent": Term(
        "silent latents",
        "Controls of a study: latents of the same layer that never fire at these names, pushed just as hard.",
        "Many silent latents are dead, and pushing along those is not unlike a random direction.",
        ("model_worker/studies/answers/controls.py",),
        sources=(Source("ferrando", "§5"),),
    ),
    "matched": Term(
        "matched latents",
        "Controls of a study: latents of the same layer that fire at these names about as often, pushed just as hard.",
        "They may be for names too, so they can share some of the effect.",
        ("model_worker/studies/answers/controls.py",),
    ),
    "interval": Term(
        "95 % interval",
        "Where the true value would lie in 95 of 100 repetitions: Wilson's for "
        "shares, Newcombe's for their differences and for AUROC, Student's for means.",
        "It knows how few were counted, not whether they were chosen fairly; 3 of 3 is no certainty.",
        ("model_worker/studies/shared/statistics.py", "static/core/shares.js"),
        formula="Wilson: (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n),  z = 1.96",
        sources=(Source("wilson"), Source("newcombe"), Source("newcombe_auroc")),
        marks=("95 %",),
        labels=("low", "high"),
    ),
    "crossing": Term(
        "“None of 32 random pushes”",
        "Counted at the first answer token: how many random directions make the other opening the likelier one.",
        "A random push that does not cross can still have moved the answer; the band shows how far.",
        ("static/run/verdicts.js", "app/wording/words.py"),
    ),
}
