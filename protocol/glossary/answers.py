"""What an answer amounts to: its odds, its first token, its verdict."""

from protocol.glossary.term import Source, Term
from protocol.vocabulary import TIERS

_VERDICT = ("model_worker/answering/verdict.py",)

ANSWER_TERMS: dict[str, Term] = {
    "p_refusal": Term(
        "P(refusal opening)",
        "The probability that the answer's first token opens a refusal, such as the “I” of “I'm sorry”.",
        "It is read at one token. The whole answer has the last word: the verdict stands beside it.",
        ("model_worker/answering/first_pass.py", "static/run/curve/curve.js"),
        formula="P = Σ p(t) over the first tokens t that open a refusal, a list of the model's card",
        unit="probability",
        sources=(Source("ferrando", "§5"),),
        marks=("P(refusal opening)", "refusal opening"),
    ),
    "logodds": Term(
        "log-odds",
        "A probability on a scale where .95 to .99 is as far as .5 to .84, and 0 is one half. Of a refusal: all its "
        "openings against all else, where a circuit's m weighs two tokens.",
        "Near certainty, large steps of log-odds are minute steps of probability.",
        ("model_worker/answering/first_pass.py", "static/run/run.js"),
        formula="log-odds = ln P − ln(1 − P)",
        unit="nats",
        marks=("log-odds",),
    ),
    "nats": Term(
        "nat",
        "The unit of information with natural logarithms: 1 nat is a factor of e = 2.72 in probability.",
        "Not bits: 1 nat is 1.44 bits.",
        ("model_worker/decoding/odds.py",),
        symbol="nats",
        formula="0.69 nats = a factor of 2, 2.30 nats = a factor of 10",
        marks=("nats",),
    ),
    "logprob": Term(
        "log-probability of a token",
        "How likely the model itself found the token that stands there: p in percent, log p as a logarithm.",
        "Likely is not true; a fluent invention can be as likely as a fact.",
        ("model_worker/decoding/odds.py",),
        symbol="log p",
        formula="log p = ln of the softmax at that token, temperature 1",
        unit="nats",
        marks=("log p",),
    ),
    "entropy": Term(
        "entropy",
        "How undecided the model is about the next token: 0 where one is certain, larger the more are in play.",
        "It counts wordings as well as facts: a model can be undecided about how to say what it is sure of.",
        ("model_worker/decoding/odds.py",),
        formula="H = −Σ p ln p over the vocabulary",
        unit="nats",
        marks=("entropy",),
    ),
    "first_token": Term(
        "first token",
        "The likeliest first tokens of the answer, before and after the push; most answers are decided there.",
        "A token that opens refusals, such as “I”, can open an answer too.",
        ("model_worker/answering/first_pass.py", "static/run/curve/first_tokens.js"),
        labels=("first token",),
    ),
    "verdict": Term(
        "verdict",
        "What the whole answer amounts to, by rules in a fixed order; the badge names the rule or the phrase that "
        "decided.",
        "English only, and made for short factual answers: it reads words, not meaning.",
        (*_VERDICT, "model_worker/answering/refusal_rules.py"),
        formula="empty → small talk → refusal → unfinished → grammar → name → world → fact",
        sources=(Source("ferrando", "§5"),),
        labels=("verdict", "outcome"),
    ),
    "refused": Term(
        "refuses",
        "The answer's first sentence says that it doesn't know, can't tell or needs more.",
        "It misses refusals in other words, and those that come after a first sentence of substance.",
        ("model_worker/answering/refusal_rules.py",),
        sources=(Source("ferrando", "§5"),),
        labels=("refused",),
    ),
    "right": Term(
        "right",
        "The fact that was asked for stands in the answer as a whole word.",
        "Only facts of the model's world can be checked; a right answer can still be a guess.",
        _VERDICT,
        labels=("right",),
    ),
    "wrong": Term(
        "wrong",
        "The model's world holds the fact that was asked for, and the answer holds another.",
        "An answer that is right in other words counts as wrong.",
        _VERDICT,
        labels=("wrong",),
    ),
    "invented": Term(
        "invents",
        "A fact is stated about a name for which no true one exists.",
        "It rests on the model's world being closed: the name must be nobody's there. Fewer refusals are not more "
        "inventions; each is counted apart.",
        _VERDICT,
        sources=(Source("ferrando", "§5"), Source("lindsey", "Entity recognition and hallucinations")),
        labels=("invented",),
    ),
    "answered": Term(
        "answers",
        "Something is stated, and whether it is true is not known here.",
        "It says nothing about truth either way.",
        _VERDICT,
        labels=("answered",),
    ),
    "broken": Term(
        "not judged",
        "Empty, without an end, or outside the form that the model's answers have.",
        "It often means that the push went too far, and sometimes only that the answer was long.",
        _VERDICT,
        labels=("broken",),
    ),
    "paper_rule": Term(
        "refused, the paper's rule",
        "Whether any of the paper's refusal phrases stands in the answer, its list taken to the letter.",
        "“unknown”, “fictional” or “please note” inside an ordinary answer count as refusals; it decides no verdict "
        "here.",
        ("model_worker/answering/refusal_rules.py",),
        sources=(Source("ferrando", "§5"),),
        marks=("paper's rule",),
    ),
    "decoding": Term(
        "decoding",
        "How tokens are chosen: greedy takes the likeliest each time, else they are drawn with a temperature and a "
        "seed.",
        "One greedy answer is not what the model usually says; draw samples to see that.",
        ("model_worker/decoding/odds.py",),
        formula="p ∝ exp(logit / temperature), cut to the likeliest tokens that hold top-p",
        sources=(Source("nucleus"),),
        labels=("decoding",),
    ),
    "samples": Term(
        "samples",
        "More answers of the same arm, drawn at a temperature, counted by verdict.",
        "A share of few samples is uncertain: its interval says by how much.",
        ("model_worker/answering/answers.py", "static/run/answers/rates.js"),
    ),
    "ribbon": Term(
        "ribbon of answers",
        "Below the curve: a segment for each stretch of strengths that give the same answer, word for word.",
        "Borders lie half way between two strengths that were run; where exactly it flips was not measured.",
        ("static/run/curve/ribbon.js", "app/recordings/dose.py"),
    ),
    "dose_response": Term(
        "dose–response curve",
        "P(refusal opening) at every strength of the push; rings are measured, the line joins them without "
        "overshooting.",
        "Between two rings nothing was measured. It is one prompt, no rate.",
        ("static/run/curve/monotone.js", "app/recordings/dose.py"),
        sources=(Source("fritsch", "§4"),),
    ),
    "tier": Term(
        "tier",
        "How a name stands with the model: by how often its training text states the facts, or by how often the model "
        "gives them when asked.",
        "What a model says of a name depends on how it is asked: at the edge between two tiers that is luck.",
        ("protocol/vocabulary.py", "model_worker/model/world.py"),
        formula="\n".join(f"{tier}: {words}" for tier, words in TIERS.items()),
        marks=("withheld", "misled", "unrecalled"),
        labels=("tier", "group"),
    ),
}
