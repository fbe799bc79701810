"""What a study answers with: `study`, then what it found as it finds it, then `done`.

Everything that is counted is counted from these frames, so they are its checkpoint too: a worker that is given those
that were recorded goes on behind them. Floats are rounded to six significant digits; activations in units of their
latent.
"""

from typing import Literal

from pydantic import Field

from protocol.base import Message, Name, Text
from protocol.steering import Held
from protocol.vocabulary import ControlKind, Label, Outcome, Role, Split
from protocol.worker.ran import DictionaryUsed, ModelUsed
from protocol.worker.studies import StudyRequest


class StudyName(Message):
    """A name that the study takes, in the order in which later frames count them from 0. `group`: its label, or its
    tier where it has none."""

    name: Text
    type: Name
    label: Label | None
    group: Text
    split: Split
    n_tokens: int = Field(description="of the name in its place")


class StudyArm(Message):
    """One way of steering; the baseline is the first. `control_of`: index of the arm that it stands in for; `what`:
    the direction, in words; `hold`: all that it pushes, so that it can be pushed again. None: it is no push (weights
    without a direction), or it was recorded before arms said it."""

    name: Text
    role: Role | Literal["baseline"]
    control_of: int | None = None
    control_kind: ControlKind | None = None
    what: Text = ""
    hold: tuple[Held, ...] | None = None


class Study(Message):
    """The request as resolved, and what ran. n_steps: what `progress` counts to. warnings: what a reader must know
    before the numbers, such as a set that lengths alone tell apart. too_few: those of them that leave nothing to be
    said, which stand over the result too. order: counts up when frames come in another order, so that none that was
    begun before is gone on with."""

    kind: Literal["study"] = "study"
    seq: int
    protocol: int
    request: StudyRequest
    request_sha256: str
    model: ModelUsed
    base: ModelUsed | None = None
    dictionaries: tuple[DictionaryUsed, ...] = ()
    names: tuple[StudyName, ...] = ()
    arms: tuple[StudyArm, ...] = ()
    n_steps: int
    warnings: tuple[Text, ...] = ()
    too_few: tuple[Text, ...] = ()
    order: int = 1


class Progress(Message):
    """How many of the steps are done, and with what it is busy."""

    kind: Literal["progress"] = "progress"
    seq: int
    n_done: int
    doing: Text = ""


class Tally(Message):
    """On how many of `n` names a latent fired, names of one cell, since the last tally of that cell and dictionary.

    latents, counts: base64 of little-endian u32 and of little-endian u16; latents that fired on none are left out.
    """

    kind: Literal["tally"] = "tally"
    seq: int
    dictionary: Name
    type: Name
    label: Label
    split: Split
    n: int
    latents: str
    counts: str


class CorpusTally(Message):
    """On how many of `n` tokens of ordinary text each latent fired, BOS left out; as in Tally, but counts are u32."""

    kind: Literal["corpus"] = "corpus"
    seq: int
    dictionary: Name
    n: int
    latents: str
    counts: str


class TypeScore(Message):
    """Shares of known and of unknown names of a type on which a latent fires."""

    type: Name
    f_known: float
    f_unknown: float


class RankedLatent(Message):
    """`score`: of its role, in its worst type, on the training half; `test_score` the same on the test half, with its
    95 % interval; `auroc` of its activation on the test half, types pooled. None: not read yet.
    `only`: it is the best for this type alone; its score is this type's."""

    dictionary: Name
    layer: int
    latent: int
    score: float
    train: tuple[TypeScore, ...]
    corpus_share: float | None = None
    only: Name | None = None
    test_score: float | None = None
    test_low: float | None = None
    test_high: float | None = None
    test: tuple[TypeScore, ...] = ()
    auroc: float | None = None
    auroc_low: float | None = None
    auroc_high: float | None = None


class Ranking(Message):
    """The best latents by what was read so far; a later ranking replaces an earlier one. n_names: of the training
    half. final: it is whole and the test half stands beside it. Only latents with a positive score."""

    kind: Literal["ranking"] = "ranking"
    seq: int
    n_names: int
    final: bool
    known: tuple[RankedLatent, ...]
    unknown: tuple[RankedLatent, ...]
    specialists_known: tuple[RankedLatent, ...] = ()
    specialists_unknown: tuple[RankedLatent, ...] = ()


class TrialAnswer(Message):
    """An answer of one arm. kl_nats: of the first answer token's distribution, this arm from the baseline.
    surprise_nats: what the answer's tokens cost the untouched model, the mean per token. risk, entropy_nats: at the
    first token of the value that it states, by the fit of untouched answers; None where it states none or begins a
    refusal, and where the study doesn't ask for them."""

    arm: int = 0
    sample: int = Field(default=0, description="0 is greedy where there are both")
    text: Text
    outcome: Outcome
    rule: Text
    phrase: Text | None = None
    paper_phrase: Text | None = None
    refusal_logodds: float | None = None
    kl_nats: float | None = None
    surprise_nats: float | None = None
    n_tokens: int = 0
    risk: float | None = Field(default=None, exclude_if=lambda risk: risk is None)
    entropy_nats: float | None = Field(default=None, exclude_if=lambda entropy: entropy is None)


class Trial(Message):
    """What one prompt came to. `name`: its number among the study's. `numbers`: what was measured besides, by what
    it is called; the study's kind says in which order. `seed`: of the answers that are sampled, at temperature 1; their
    samples are counted from 1."""

    kind: Literal["trial"] = "trial"
    seq: int
    trial: int
    name: int
    attribute: Name | None = None
    prompt: Text
    answers: tuple[TrialAnswer, ...] = ()
    seed: int | None = None
    numbers: dict[Name, tuple[float, ...]] = Field(default={})


Cell = Text | int | float | None


class Column(Message):
    """`unit`: "share", "nats", "logits", "prompts", ...; empty for words and plain counts."""

    name: Text
    unit: Text = ""


class Plot(Message):
    """How a table is drawn: columns by their number.

    bars    y for each x; low, high its interval; a group of bars for each series
    line    y along x, a line for each series; low, high a band
    points  a dot for each row
    heat    value by x and y: y is the row, `value` the colour, centred on zero where `diverging`
    roc     y (hits) along x (false alarms), a line for each series
    box     low, q1, y (median), q3, high for each x; a group for each series

    role: column that names the hue of a row or series (known, unknown, control, refused, right, wrong, ...). panel: a
    plot of its own for each value of this column. control: of bars, what was run beside each, drawn over it.
    """

    form: Literal["bars", "line", "points", "heat", "roc", "box"]
    x: int
    y: int
    low: int | None = None
    high: int | None = None
    q1: int | None = None
    q3: int | None = None
    value: int | None = None
    series: int | None = None
    role: int | None = None
    panel: int | None = None
    control: int | None = Field(default=None, exclude_if=lambda control: control is None)
    diverging: bool = False
    y_min: float | None = None
    y_max: float | None = None


class Figure(Message):
    """A table, and perhaps how to draw it. A later figure with the same id replaces an earlier one: it has seen more.

    claim: what it shows, with its control, in a sentence. notes: how it was measured and where it differs from the
    paper.
    """

    kind: Literal["figure"] = "figure"
    seq: int
    id: Name
    title: Text
    claim: Text = ""
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    plot: Plot | None = None
    notes: tuple[Text, ...] = ()


class LengthsOf(Message):
    """How many names of a type and label have how many tokens."""

    type: Name
    label: Label | None
    n_tokens: int
    n: int
    n_kept: int = Field(description="after matching")


class NamesChecked(Message):
    """What a set amounts to for this model. n_left_out: by length matching. length_auroc: how well the length in
    tokens alone tells known from unknown, of the names that are kept; 0.5 is not at all."""

    kind: Literal["names"] = "names"
    seq: int
    n: int
    n_known: int
    n_unknown: int
    n_left_out: int
    types: tuple[Name, ...]
    lengths: tuple[LengthsOf, ...]
    length_auroc: float | None
    length_auroc_unmatched: float | None
    attributes: dict[Name, tuple[Name, ...]] = Field(default={}, description="type -> attributes that can be asked")
    warnings: tuple[Text, ...] = ()
