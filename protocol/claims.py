"""What a reader is told of a push and of its control, in sentences that pages and exports share. Knows no number.

Words in braces are filled as those of protocol/vocabulary.py are.
"""

from typing import Literal

CROSSING = "{who} random pushes of that size {open} with {what}."
"""How many of a control's directions open the other way than the baseline does. who: "None of 32", "All 32"."""

NOTHING_PUSHED = "Nothing was pushed: {what} was {value} at each steered token, so there is nothing to compare."
"""In place of the control's sentence, where the push came to none."""

NO_TOKEN_PUSHED = "Nothing was pushed: no token is steered."

READ_BACK = ", read back as {value}"
"""Behind an amount, where what was measured afterwards is another: "clamped to 50, read back as 33.4"."""

OPENINGS: dict[Literal["refusal", "answer"], str] = {"refusal": "a refusal", "answer": "an answer"}

DOSE_COLUMNS = (
    "strength, {unit}",
    "α",
    "P(refusal opening)",
    "log-odds",
    "random: mean",
    "{band}",
    "N",
    "verdict",
    "answer",
)
"""Of the table of dose and response."""
