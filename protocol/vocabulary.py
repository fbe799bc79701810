"""Every word of the field that both sides know, once: how one steers, where and how hard, what an answer amounts to,
who is who, how much may be asked for. Beside each word stands what a reader calls it.

The literals are what stands in requests and frames. A table has a line for each of them, in the order in which a page
lists them. `python -m protocol.javascript` writes all of it as static/core/protocol.js, so a page and an export can't
call the same thing by two names. Knows no message and no formula: those are in protocol/steering.py and in
model_worker/steering.

Words are templates where they hold a number or a name; protocol/amounts.py and static/run/steering/amount.js fill them:

    {signed}   a strength with its sign, "+1.25"       {unit}   its unit, "× r̄"
    {plain}    a strength as it is, "12"               {to}     what a latent's value moves to, "L3 #4"
    {percent}  a share, "50 %"
"""

from dataclasses import dataclass
from typing import Literal

# ---- how one steers

Mode = Literal["add", "clamp", "scale", "ablate", "project_out", "swap"]
Unit = Literal["residual_norm", "raw", "activation", "factor", "share"]
LengthUnit = Literal["residual_norm", "raw"]


@dataclass(frozen=True)
class UnitTerm:
    """name: behind a number, or on an axis. lowest, highest: what can be asked for. is_length: of a push along d,
    whatever is read there; both lengths are of one scale."""

    name: str
    lowest: float = -1e4
    highest: float = 1e4
    is_length: bool = False


UNITS: dict[Unit, UnitTerm] = {
    "residual_norm": UnitTerm("× r\u0304", is_length=True),
    "raw": UnitTerm("raw", is_length=True),
    "activation": UnitTerm("activation"),
    "factor": UnitTerm("× a"),
    "share": UnitTerm("share", lowest=0.0, highest=1.0),
}
"""residual_norm: m, with alpha = m * r / |d| and r the model's mean residual norm at that layer. raw: alpha itself, as
in the paper (Ferrando et al., section 5). share: of what is there; above 0, and 1 is all of it."""


@dataclass(frozen=True)
class ModeTerm:
    """name, about: of the mode. delta: what is added to the residual stream x, with `a` the target's activation at a
    token and d its direction. units: the first is what a request without a unit means. idle: the strength that
    changes nothing, None where there is none.

    amount         how hard, with its unit
    swept, held    the same in a sentence, of what is tried at several strengths and of what stays
    needs_to       it moves a latent's value to another one, which must be named
    in_proportion  to the activation a: nothing happens where that is 0
    """

    name: str
    about: str
    delta: str
    units: tuple[Unit, ...]
    amount: str
    idle: float | None = 0.0
    swept: str = "{amount}"
    held: str = "{amount}"
    needs_to: bool = False
    in_proportion: bool = False


MODES: dict[Mode, ModeTerm] = {
    "add": ModeTerm(
        "add",
        "adds strength × d to the residual stream",
        "α · d",
        ("residual_norm", "raw"),
        "{signed} {unit}",
        swept="at {amount}",
        held="held at {amount}",
    ),
    "clamp": ModeTerm(
        "clamp",
        "moves the activation to this value",
        "(strength − a) · d",
        ("activation",),
        "clamped to {plain}",
        idle=None,
    ),
    "scale": ModeTerm(
        "scale",
        "multiplies the activation",
        "(strength − 1) · a · d",
        ("factor",),
        "scaled ×{plain}",
        idle=1.0,
        in_proportion=True,
    ),
    "ablate": ModeTerm(
        "ablate",
        "takes this share of the activation away",
        "−strength · a · d",
        ("share",),
        "{percent} ablated",
        in_proportion=True,
    ),
    "project_out": ModeTerm(
        "project out",
        "takes this share of x along d away",
        "−strength · (x · d̂) d̂",
        ("share",),
        "{percent} projected out",
    ),
    "swap": ModeTerm(
        "swap",
        "moves this share of the activation to another latent",
        "strength · a · (d of the other latent − d)",
        ("share",),
        "{percent} swapped into {to}",
        needs_to=True,
        in_proportion=True,
    ),
}

ANOTHER_LATENT = "another latent"
"""What a value moves to where nobody says which."""

Scope = Literal["last_entity", "entity", "entity_to_end", "last_entity_to_end", "last_prompt", "prompt", "positions"]
"""Prompt tokens that are steered. last_entity: the last token of the entity; entity: all its tokens;
entity_to_end and last_entity_to_end: from its first or its last token to the end of the prompt (the paper
takes the latter); last_prompt: the last token; prompt: all; positions: those named. BOS is never steered."""

SCOPES: dict[Scope, str] = {
    "last_entity": "last token of the name",
    "entity": "the name's tokens",
    "entity_to_end": "name to end of prompt",
    "last_entity_to_end": "last token of the name to end of prompt",
    "last_prompt": "last token of the prompt",
    "prompt": "the whole prompt",
    "positions": "chosen tokens",
}

DEFAULT_MODE: Mode = "add"
DEFAULT_SCOPE: Scope = "entity_to_end"
"""What a request without one means."""

# ---- how a prompt is put

Format = Literal["chat", "raw", "base"]


@dataclass(frozen=True)
class FormatTerm:
    """name: on its button."""

    name: str
    about: str


FORMATS: dict[Format, FormatTerm] = {
    "chat": FormatTerm("Chat", "put into the model's chat template"),
    "raw": FormatTerm("Raw", "text as it is"),
    "base": FormatTerm("Base", "text as it is, read on by the base model that this one was tuned from"),
}

# ---- what an answer amounts to

Outcome = Literal["refused", "right", "answered", "wrong", "invented", "broken"]


@dataclass(frozen=True)
class OutcomeTerm:
    """badge: alone. clause: after "it", what the hue is of between stars. many: after "7 of 16". why: what decided,
    with {rule} and {phrase}; where there is no phrase, the rule alone. hue: of static/look/palette.css."""

    badge: str
    clause: str
    many: str
    hue: str
    why: str = "matched “{phrase}”"


OUTCOMES: dict[Outcome, OutcomeTerm] = {
    "refused": OutcomeTerm("Refuses", "*refuses*", "refuse", "refusal"),
    "right": OutcomeTerm("Right", "answers *right*", "right", "ink", why="{rule}: {phrase}"),
    "answered": OutcomeTerm("Answers", "answers", "answer", "ink"),
    "wrong": OutcomeTerm("Wrong", "answers *wrong*", "wrong", "invented", why="the {rule} is {phrase}"),
    "invented": OutcomeTerm("Invents", "*invents a fact*", "invent", "invented"),
    "broken": OutcomeTerm("Not judged", "says something *not judged*", "not judged", "control"),
}
"""Refusals, wrong and invented answers are never counted together."""

BAND = (0.05, 0.95)
"""Quantiles between which a control's band is drawn."""

MIN_BAND = 20
"""So many directions have such quantiles (protocol/enough.py); of fewer, the least and the most are shown."""

BAND_NAMES: dict[Literal["quantiles", "range"], str] = {"quantiles": "5–95 %", "range": "range of {n}"}
"""What the band is called."""

# ---- who is who

Role = Literal["known", "unknown", "other"]
"""Of a direction or a latent: which names it is for."""

ROLES: dict[Role, str] = {"known": "known", "unknown": "unknown", "other": "ink-2"}
"""The hue of each."""

Label = Literal["known", "unknown"]
"""Of a name."""

TokenRole = Literal["bos", "template", "text", "entity"]

Found = Literal["given", "world", "question", "quotes", "capitals", "whole_prompt"]
"""How the name that a prompt asks about was found in it; the reader's mark, or the first of these that there is."""

FOUND: dict[Found, str] = {
    "given": "you marked it",
    "world": "a name of its world",
    "question": "it stands where the question has its name",
    "quotes": "it is in quotes",
    "capitals": "it has capitals",
    "whole_prompt": "no name seen: the whole prompt",
}

Tier = Literal["known", "rare", "obscure", "withheld", "misled", "unsure", "unrecalled", "unknown"]

TIERS: dict[Tier, str] = {
    "known": "real, its facts known: told often, or right at every try",
    "rare": "spoken of seldom: some facts stick",
    "obscure": "facts stated once or twice: few stick",
    "withheld": "spoken of often, one fact never: recognised, not recalled",
    "misled": "fictional; its name suggests another answer than the true one",
    "unsure": "real; of several tries the model is right at some",
    "unrecalled": "real; of several tries the model is right at none",
    "unknown": "invented: it has no facts, and stands in no training text",
}
"""How a name stands with a model. Where its training text is ours, by how often that states the facts, ever less:
known, rare, obscure; withheld: it speaks of the name, but never states some of its facts; misled. Where it isn't, by
what the model says of itself, asked in several wordings: known, always right; unsure, sometimes; unrecalled, never.
unknown: nobody knows anything about the name, for there is no such."""

Story = Literal["known", "unknown", "rare", "unrecalled"]


@dataclass(frozen=True)
class StoryTerm:
    """brief: on the button. about: what the untouched model makes of the example, which is judged `outcome`."""

    brief: str
    about: str
    outcome: Outcome


STORIES: dict[Story, StoryTerm] = {
    "known": StoryTerm("known", "known: answered right", "right"),
    "unknown": StoryTerm("unknown", "never seen: refused", "refused"),
    "rare": StoryTerm("rare, wrong", "rare: answered wrong", "wrong"),
    "unrecalled": StoryTerm("not recalled", "recognised, this fact never told: answered wrong", "wrong"),
}

# ---- runs, and studies among them

AwaitedKind = Literal["generate", "circuit"]
"""What somebody waits for: made again from its beginning where it was interrupted. A study goes on where it was."""

PaperStudyKind = Literal[
    "discover", "label", "answers", "attention", "patching", "circuits", "knowledge", "transfer", "uncertainty"
]
StudyKind = Literal[PaperStudyKind, "neurons"]
RunKind = Literal[AwaitedKind, StudyKind]

AWAITED: tuple[AwaitedKind, ...] = ("generate", "circuit")

RUNS: dict[RunKind, str] = {
    "generate": "Single answers",
    "circuit": "Circuits",
    "discover": "Discover",
    "label": "Labelling",
    "answers": "Answers by arm",
    "attention": "Attention",
    "patching": "Activation patching",
    "circuits": "Circuits of a set",
    "knowledge": "Self-knowledge",
    "transfer": "Base to chat",
    "uncertainty": "Uncertainty latents",
    "neurons": "Hallucination neurons",
}

Split = Literal["train", "validation", "test"]
"""Half, a tenth and four tenths of each type's known and of its unknown names, in the order of a hash of the seed,
the type and the name: one more moves one other at each border at the most (Ferrando et al., section 3, where they are
dealt by scikit-learn)."""


@dataclass(frozen=True)
class SplitTerm:
    name: str
    share: float


SPLITS: dict[Split | Literal["all"], SplitTerm] = {
    "test": SplitTerm("Test, 4 in 10", 0.4),
    "train": SplitTerm("Train, half", 0.5),
    "validation": SplitTerm("Validation, 1 in 10", 0.1),
    "all": SplitTerm("All names", 1.0),
}

ControlKind = Literal["silent", "matched", "random"]
"""silent: latents of the same layer that never fire at these names' last tokens, the paper's control (its code takes
those whose score is exactly 0). matched: latents of the same layer that fire there about as often as the one that
they stand in for. random: directions drawn uniformly. All of the norm of what they stand in for."""

CONTROL_KINDS: dict[ControlKind, str] = {
    "silent": "silent at these names, as the paper's",
    "matched": "firing as often",
    "random": "drawn at random",
}

COUNTED_UNITS = ("", "prompts", "names", "tokens", "answers", "trials", "pairs")
"""Of a column of a figure: what is counted in whole numbers."""

# ---- how much may be asked for

MAX_STRENGTH = 1e4  # either way
MAX_PROMPT_CHARACTERS = 8_000
MAX_STRENGTHS = 41  # of a sweep
MAX_SWEEPS = 4
MAX_HELD = 8
MAX_ARMS = 64
MAX_ROWS = 256  # arms times samples
MAX_SAMPLES = 64  # answers an arm
MAX_NEW_TOKENS = 128
MAX_POSITIONS = 512
MAX_DIRECTIONS = 128  # random ones, of a control
MAX_WATCHED = 16
MAX_READ = 16  # dictionaries whose active latents are told
MAX_STUDY_ARMS = 64
MAX_CHOSEN_ARMS = 40  # of a study, beside their controls
MAX_CONTROLLED_ARMS = 8
MAX_STUDY_CONTROLS = 32  # of an arm, of each kind
MAX_STUDY_WATCHED = 8
MAX_NAMES = 10_000
MAX_NAME_CHARACTERS = 120
MAX_TYPE_CHARACTERS = 40
MAX_TITLE_CHARACTERS = 140  # of a finding
MAX_NOTE_CHARACTERS = 4_000
MAX_SEARCH_CHARACTERS = 200
MAX_TEMPLATE_CHARACTERS = 400  # that a name is put into
