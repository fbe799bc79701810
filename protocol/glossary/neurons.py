"""What a study of hallucination neurons says: the page Neurons."""

from protocol.glossary.term import Source, Term

NEURON_TERMS: dict[str, Term] = {
    "h_neurons": Term(
        "H-neurons",
        "The few neurons to which an L1 fit of wrong against right answers gives a positive weight.",
        "They are one draw: fitted to other names of the same kind, most of them are others.",
        ("model_worker/studies/neurons/analysis.py",),
        sources=(Source("h_neurons", "§2"),),
        marks=("H-neurons",),
    ),
    "l1": Term(
        "C, how much a fit may use",
        "The weight of the data against the sum of all weights: the smaller C, the fewer neurons have a weight at all.",
        "How many neurons there are is a choice of C, not a fact about the model.",
        ("model_worker/studies/neurons/sparse.py", "model_worker/studies/neurons/fits.py"),
        symbol="C",
        formula="minimise Σ|w| + C · Σ s log(1 + exp(−y (x · w + b)))",
        sources=(Source("h_neurons", "§2"),),
        labels=("C",),
    ),
    "within_attribute": Term(
        "within one attribute",
        "Only pairs count of a right and a wrong answer to one question, about two names.",
        "Pooled over questions a score can be good by telling what was asked: some are answered wrong more often.",
        ("model_worker/studies/shared/within/auroc.py", "model_worker/studies/neurons/readers.py"),
        marks=("within one attribute", "Within one attribute", "same attribute"),
    ),
    "kept_out": Term(
        "answers kept out",
        "No answer is scored by a fit that saw another one saying the same.",
        "A model falls back on a few answers, so what is said alone can tell errors; a fit may read just that.",
        ("model_worker/studies/neurons/fits.py", "model_worker/studies/neurons/sides.py"),
        marks=("answers kept out",),
    ),
    "stability": Term(
        "Jaccard, drawn again",
        "Of two sets fitted to names drawn again, the share of their neurons that is in both.",
        "Beside it stands what two sets drawn by lot would share, which is nearly nothing.",
        ("model_worker/studies/neurons/analysis.py",),
        formula="neurons in both / neurons in either, mean over pairs of fits",
        unit="share",
        marks=("Jaccard",),
        labels=("drawn again",),
    ),
    "dial": Term(
        "α, the dial",
        "The factor by which the chosen neurons are scaled while the model reads and answers: 0 silences them, 1 is "
        "the untouched model.",
        "The norm behind the MLP rescales all others with them, and text may break far from 1: broken answers are "
        "counted apart.",
        ("model_worker/studies/neurons/dial.py", "model_worker/neurons/scaled.py"),
        formula="zⱼ ← α · zⱼ for each chosen neuron",
        sources=(Source("h_neurons", "§3"),),
        labels=("factor",),
    ),
    "slope": Term(
        "slope",
        "By how much the share of an outcome changes per unit of the factor, from 1 to the highest one.",
        "Only beyond all of the random sets, with an interval that leaves 0 out, does it say that neurons steer.",
        ("model_worker/studies/neurons/dial.py", "model_worker/studies/neurons/claims.py"),
        formula="(share at the highest factor − share at 1) / (highest factor − 1), mean over prompts",
        labels=("slope", "per unit of the factor"),
    ),
    "false_premise": Term(
        "false premise",
        "A real name is asked what only another type of name has, as in “What sport does Paris play?”; to state a fact "
        "is to comply.",
        "It is one kind of over-compliance, one that leaves a model room both ways; others are not measured by it.",
        ("model_worker/studies/neurons/dial.py",),
        marks=("false premise", "false premises"),
    ),
}
