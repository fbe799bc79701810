"""What differs from Ferrando et al. on Gemma 2 2B: their figures, written down, beside those of a report.

Theirs are from the paper and the files published with it. Measures nothing.
"""

from protocol.worker.report import ModelReport, ReportTable
from training.tiny_gemma2.evaluation.findings import short_number

CONTROLS = "the same, controls as long, mean of the worst kind"
KNOWN_2B, UNKNOWN_2B = (".649 (block 12 of 26, #7957)", ".287 (block 14, #11898)")


def against_the_paper(report: ModelReport) -> ReportTable:
    """Gemma 2 2B beside what the report says; what the report lacks is left open."""

    def one(words: str, at_most: float | None = None) -> str:
        named = (f for f in report.figures if words in f.what and at_most in (None, f.at_most))
        found = next(named, None)
        return "not measured" if found is None or found.value is None else short_number(found.value)

    refused = " · ".join(f"{kind} {one(f'invented {kind}: refused')}" for kind in ("player", "city", "movie", "song"))
    return ReportTable(
        title="What differs from the paper on 2B",
        note="Ferrando et al., Do I Know This Entity?, Gemma 2 2B with Gemma Scope; refusals of 100 questions about "
        "unknown players / cities / movies / songs.",
        columns=("what", "the paper, Gemma 2 2B", "here, Gemma 3 270M"),
        rows=(
            ("the best known latent, separation of its worst type", KNOWN_2B, one("single known latent")),
            (
                "the best unknown latent, the same",
                UNKNOWN_2B,
                f"{one('single unknown latent')}; by type it is stronger",
            ),
            (
                "dictionaries",
                "Gemma Scope, 16,384 latents, every layer, latents found by search alone",
                "4,096 at five layers; the two latents are of six that saw little but names' last tokens",
            ),
            (
                "who refuses, and by whom it was taught",
                "2B-it by Google: 33 / 67 / 21 / 7 of 100 refused untouched",
                f"a delta tuned here to refuse: {refused}",
            ),
            (
                "known, by which label",
                "two attributes right in 3 of 10 samples, of Wikidata's",
                "one attribute right in all of 8 samples",
            ),
            (
                "where it is pushed",
                "one latent, at the name's last token and all behind it; at that token alone it does next to nothing "
                "(43 / 71 / 22 / 13)",
                "a difference of means, at the name's tokens and nowhere behind them",
            ),
            (
                "pushed towards unknown",
                "unknown names: 100 / 97 / 92 / 82 refused; ten silent latents 26 / 36 / 20 / 8",
                f"known names refused: {one('push towards unknown, -')}, by the unknown latent "
                f"{one('push towards unknown, resid')}; differences of random names as long "
                f"{one(CONTROLS, 0.2)}",
            ),
            (
                "pushed towards known",
                "refusals of unknown names: 14 / 20 / 8 / 10, of which random latents do most (30 / 24 / 13 / 11)",
                f"invented names answered: {one('push towards known')}; differences of random names as long "
                f"{one(CONTROLS, 0.1)}. The known latent reads, and "
                "moves nothing",
            ),
        ),
    )
