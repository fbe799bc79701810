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

CIRCUIT_TOWARD = "{who}: “{group}” {fires}. Set as on {other}, m goes from {before} to {after}{so}; {control}."
"""What a circuit of two prompts says first: a group set to its values on the other one, and random pushes beside it.
fires: of CIRCUIT_FIRES; so: of CIRCUIT_TURNS; control: CIRCUIT_CONTROL."""

CIRCUIT_OFF = "{who}: “{group}” {fires}. Taken away, m goes from {before} to {after}{so}; {control}."
"""The same of one prompt alone."""

CIRCUIT_TEST = "{who}, {test}: m goes from {before} to {after}{so}; {control}."
"""A default test on one prompt. test: of DEFAULT_TESTS."""

CIRCUIT_CONTROL = "{n} random pushes of that size reach {low} to {high}"

CIRCUIT_NO_CONTROL = "no random push can stand beside this one"

CIRCUIT_FIRES: dict[Literal["both", "here", "there", "alone", "untold"], str] = {
    "both": "fires {here}, and {there} on {other}",
    "here": "fires {here} and is silent on {other}",
    "there": "is silent, and fires {there} on {other}",
    "alone": "fires {here}",
    "untold": "has no node that is told",
}
"""Of a group's strongest member."""

CIRCUIT_TURNS: dict[Literal["refuses", "answers", "up", "against", "share", "stays"], str] = {
    "refuses": ": it refuses",
    "answers": ": it answers",
    "up": ": “{up}” comes first",
    "against": ": “{against}” comes first",
    "share": ", {share} of the gap",
    "stays": "",
}
"""What a change amounts to: whether another token comes first now, else its share of the gap."""

CIRCUIT_OUTCOMES: dict[Literal["refuses", "answers", "up", "against", "reads"], str] = {
    "refuses": "refuses",
    "answers": "answers",
    "up": "says “{up}”",
    "against": "says “{against}”",
    "reads": "reads {value}",
}
"""What an m says of a prompt."""
