"""What a reader is told of a push and of its control, in sentences that pages and exports share. Knows no number.

Words in braces are filled as those of protocol/vocabulary.py are.
"""

from typing import Literal

from protocol.vocabulary import OutcomeTerm

OUTSIDE_WORLD = "no such name in its world"
"""The rule by which an answer about a name is invented that a closed world hasn't, though it may be real."""

OUTSIDE = OutcomeTerm(
    "Invents", "*invents a fact* of a name outside its world", "invent", "invented", why="outside its world"
)
"""What is said of an answer by that rule, in place of its outcome's words: short, so that a badge has room for it."""

CROSSING = "{who} random pushes of that size {open} with {what}."
"""How many of a control's directions open the other way than the baseline does. who: "None of 32", "All 32"."""

NOR_CROSSING = "Nor does any of {n} random pushes of that size open with {what}."
"""The same of a push that crosses no more than any of its controls."""

TURN_WITHIN = " This turn is within what they do."
"""Behind CROSSING, where more of the random pushes than BAND leaves out turn the answer as this push does."""

THEY_TURN = " They turn it, this push does not."
"""Behind CROSSING, where at least half of them turn the answer, and this push does not."""

NO_CONTROL = "No control was run."

CONTROLS_FOLLOW = "{n} random pushes of that size follow: until then this tells nothing of the direction."
"""While a run goes on: no push is judged before its control."""

HELD_ALONE = "No control was run for what is held alone."

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

CIRCUIT_TOWARD = "{who}: “{group}” {fires}. Set as on {other}, m goes from {before} to {after}{so}; {control}{back}."
"""What a circuit of two prompts says first: a group set to its values on the other one, and random pushes beside it.
fires: of CIRCUIT_FIRES; so: of CIRCUIT_TURNS; control: CIRCUIT_CONTROL; back: CIRCUIT_BACK, where one way turns."""

CIRCUIT_OFF = "{who}: “{group}” {fires}. Taken away, m goes from {before} to {after}{so}; {control}{back}."
"""The same of one prompt alone, and of two where only that turns."""

CIRCUIT_TITLES: dict[Literal["toward", "off"], str] = {
    "toward": "{who}: with “{group}” as on {other}{so}",
    "off": "{who}: with “{group}” taken away{so}",
}
"""What a circuit is called where nobody names it: its claim without the numbers."""

CIRCUIT_BACK = "; the other way, {before} to {after}{so}; {control}"

CIRCUIT_BACK_OFF = "; taken away there, m goes from {before} to {after}{so}; {control}"
"""Behind CIRCUIT_BACK, where that turns after all."""

CIRCUIT_NO_GAP: dict[Literal["refuses", "answers", "up", "against", "small"], str] = {
    "refuses": "Both refuse, {who} with m {m} and {other} with m {other_m}: there is no gap to explain.",
    "answers": "Both answer, {who} with m {m} and {other} with m {other_m}: there is no gap to explain.",
    "up": "Both say “{up}”, {who} with m {m} and {other} with m {other_m}: there is no gap to explain.",
    "against": "Both say “{against}”, {who} with m {m} and {other} with m {other_m}: there is no gap to explain.",
    "small": "{who} with m {m} and {other} with m {other_m} are nearer than random pushes move m: there is no gap to "
    "explain.",
}
"""In place of a claim and of every share, where two prompts do not differ."""

CIRCUIT_NO_PUSH = (
    "{who} {does}, m {m}. Taken away, no group{named} moves m back from that farther than random pushes: nothing "
    "measured here pushes towards it."
)
"""Of one prompt alone, where no group speaks for what is said."""

CIRCUIT_NO_PUSH_BETWEEN = "Set as on the other prompt, no group{named} moves m towards it farther than random pushes."

CIRCUIT_NAMED_GROUPS = " that tells names apart"
"""`named` in both, where a name was seen."""

CIRCUIT_NOTHING: dict[Literal["toward", "off", "test"], str] = {
    "toward": "{who}: “{group}” is here as it is on {other}; there is nothing to set.",
    "off": "{who}: “{group}” did not fire here; there is nothing to take away.",
    "test": "{who}, {test}: nothing of it was there, so m stays {before} and there is nothing to compare.",
}
"""In place of an effect and its control, where the push came to none."""

CIRCUIT_TEST = "{who}, {test}: m goes from {before} to {after}{so}; {control}."
"""A default test on one prompt. test: of DEFAULT_TESTS."""

CIRCUIT_CONTROL: dict[Literal["pushes", "few", "none", "back", "hidden", "hidden_few", "hidden_none"], str] = {
    "pushes": "{n} random pushes of that size reach {low} to {high}",
    "few": "random pushes of that size ({n} tried), {low} to {high}: too few, nothing follows",
    "none": "no random push can stand beside this one",
    "back": "random {low} to {high}",
    "hidden": "with as many other tokens hidden instead ({n} tried), {low} to {high}",
    "hidden_few": "with as many other tokens hidden instead ({n} tried), {low} to {high}: too few, nothing follows",
    "hidden_none": "there are no other tokens as many to hide instead",
}
"""What an effect is held against. few: fewer than FEWEST_CONTROLS of enough.py; none: of none. back: in CIRCUIT_BACK,
behind a sentence that said what is random. hidden: of the test that hides the name, which is no push."""

CIRCUIT_FIRES: dict[Literal["both", "here", "there", "alone", "stands", "stands_alone", "untold"], str] = {
    "both": "fires {here}, and {there} on {other}",
    "here": "fires {here} and is silent on {other}",
    "there": "is silent, and fires {there} on {other}",
    "alone": "fires {here}",
    "stands": "is at {here}, and at {there} on {other}",
    "stands_alone": "is at {here}",
    "untold": "has no node that is told",
}
"""Of a group's strongest member. stands: of a neuron, which can be below nought and has no threshold."""

UNDECIDED_M = 0.5
UNDECIDED_P = (0.4, 0.6)
"""Nearer to nought, or with such a likeliest token, an m says neither."""

CIRCUIT_TURNS: dict[
    Literal["refuses", "answers", "up", "against", "undecided", "elsewhere", "still", "share", "stays"], str
] = {
    "refuses": ": it refuses",
    "answers": ": it answers",
    "up": ": “{up}” comes first",
    "against": ": “{against}” comes first",
    "undecided": ", undecided: {p}",
    "elsewhere": ", and “{top}” comes first",
    "still": " and it still {does}",
    "share": ", {share} of the gap",
    "stays": "",
}
"""What a change amounts to: whether another token comes first now and m left its random band, else its share of the
gap. elsewhere: m changed its sign, and neither of its tokens comes first. does: of CIRCUIT_OUTCOMES."""

CIRCUIT_OUTCOMES: dict[Literal["refuses", "answers", "up", "against", "elsewhere", "undecided", "reads"], str] = {
    "refuses": "refuses",
    "answers": "answers",
    "up": "says “{up}”",
    "against": "says “{against}”",
    "elsewhere": "says “{top}”, neither of the two",
    "undecided": "is undecided: {p}",
    "reads": "reads {value}",
}
"""What an m says of a prompt."""

CIRCUIT_AIMS: dict[Literal["opening", "tokens", "reading"], str] = {
    "opening": "refusing",
    "tokens": "saying “{up}”",
    "reading": "{reads}",
}
"""What m goes up with, by the target's kind: what acts on m excites or inhibits this, whatever the model says."""

TURN_VERDICTS: dict[
    Literal["own", "nothing", "inside", "undecided", "turns", "elsewhere", "stays", "few", "alone"], str
] = {
    "own": "Nothing is turned yet.",
    "nothing": "Nothing moved: there is nothing here to turn.",
    "inside": "No farther than random pushes go.",
    "undecided": "Beyond the band, and undecided.",
    "turns": "Beyond the band, and the answer turns.",
    "elsewhere": "Beyond the band, and another token comes first.",
    "stays": "Beyond the band; the answer does not turn.",
    "few": "Too few random pushes stand beside it: nothing follows.",
    "alone": "No random push stands beside one node.",
}
"""Of a place of a turn's slider."""
