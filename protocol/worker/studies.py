"""Studies: questions about a whole set of names, each a run in the background.

A study is a request and the stream of frames that answers it, like everything else: `study`, then `trial`, `tally`,
`ranking` and `figure` frames, then `done`. Who was interrupted goes on: a worker that is given the request and the
frames so far answers with the rest, and what it answers does not depend on where it was interrupted.

    discover      which latents tell known names from unknown ones   Ferrando et al. sections 3, 4; app. A
    label         which names the model knows, by asking it          section 3
    answers       what the model answers under every arm             section 5, figures 3, 11, 26, table 6; misfires
    attention     who looks at the name, and what a push changes     section 6, figures 4c-f, 15-21
    patching      where the answer comes from                        section 6, figures 4a, b, 12-14
    circuits      what excites and what inhibits the answer          Lindsey et al. 2025, entities
    knowledge     "are you sure you know ...?"                       section 6.1, figure 5
    transfer      a base dictionary on the chat model                sections 5, 8, equation 9
    uncertainty   latents before the answer: right against wrong     section 7, figures 6, 23, 24
    neurons       few neurons that tell errors, and turned           Gao et al. 2025
"""

from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from protocol.base import Message, Name, NotAllowed, Text, VisibleText
from protocol.steering import Held, LatentTarget, Strength
from protocol.vocabulary import (
    MAX_CHOSEN_ARMS,
    MAX_CONTROLLED_ARMS,
    MAX_HELD,
    MAX_STUDY_ARMS,
    MAX_STUDY_CONTROLS,
    MAX_STUDY_WATCHED,
    MAX_TEMPLATE_CHARACTERS,
    ControlKind,
    LengthUnit,
    Role,
    Scope,
)
from protocol.worker.circuits import CircuitRequest, OpeningTarget
from protocol.worker.names import Asked as Asked
from protocol.worker.names import Names, WorldNames, too_few_samples
from protocol.worker.requests import GenerateRequest
from protocol.worker.study_requests.neurons import NeuronsRequest as NeuronsRequest

Share = Annotated[float, Field(ge=0, le=1)]


class DiscoverRequest(Message):
    """Activation frequencies of every latent of every dictionary of the wanted kind, at each name's last token.

    s_known = f_known - f_unknown and s_unknown = -s_known per type; a latent's score is its worst type's. Ranked on
    the training half, reported on the test half; the corpus filter leaves out what fires on much of ordinary text.
    """

    kind: Literal["discover"] = "discover"
    model: Name
    names: Names = WorldNames()
    part: Literal["base", "chat"] = Field(default="base", description="whose residual stream is read")
    template: Text | None = Field(
        default=None,
        max_length=MAX_TEMPLATE_CHARACTERS,
        description="what each name is put into, with {name} once and perhaps {type}; None: the card's statement for "
        "base, its question for chat. Read up to the name's last token",
    )
    dictionaries: tuple[Name, ...] = Field(default=(), max_length=64, description="none: all but the last layer's")
    corpus_tokens: int = Field(default=10_000, ge=0, le=200_000, description="0: no corpus filter")
    max_corpus_share: Share | None = Field(
        default=None, description="of the corpus' tokens; None: what the card says, for most 0.02, the paper's"
    )
    top: int = Field(default=20, ge=1, le=200, description="ranked latents, known and unknown each")

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if self.template is not None and self.template.count("{name}") != 1:
            raise ValueError("the template must hold {name} once; say where the name goes")
        return self


class LabelRequest(Message):
    """Asks about every attribute of every name, once greedy and `n_samples` times at temperature 1.

    A name is known where at least `tau` attributes are right in at least `k` of the samples, unknown where none is;
    both can be moved afterwards, since every count is in the trials. (Section 3; the 3 of 10 stands in its code only.)
    """

    kind: Literal["label"] = "label"
    model: Name
    asked: Asked = Asked(split="all", per_name="all")
    n_samples: int = Field(default=10, ge=1, le=32)
    k: int = Field(default=3, ge=1, le=32, description="samples of an attribute that must be right")
    tau: int = Field(default=2, ge=1, le=20, description="attributes that must be")
    seed: int = Field(default=0, ge=0, lt=2**31)
    max_new_tokens: int = Field(default=32, ge=1, le=64)

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.k > self.n_samples:
            raise too_few_samples(self.k, self.n_samples)
        return self


class ArmSpec(Message):
    """A way of steering. `role` says what it pushes towards, and so its hue."""

    name: VisibleText = Field(max_length=60)
    role: Role = "other"
    hold: tuple[Held, ...] = Field(min_length=1, max_length=MAX_HELD)


class ControlSpec(Message):
    """Arms that stand in for another one: the same push, of its first intervention, along other directions."""

    of: VisibleText = Field(max_length=60, description="name of an arm")
    kinds: tuple[ControlKind, ...] = Field(default=("silent", "matched", "random"), min_length=1, max_length=3)
    n: int = Field(default=5, ge=1, le=MAX_STUDY_CONTROLS, description="of each kind")


class AnswersRequest(Message):
    """Greedy answers of a baseline and of every arm to every question; outcomes counted apart.

    by   what the counts are told apart by, beside arms: the name's type, its group (label or tier), or what the
         untouched model makes of the question
    """

    kind: Literal["answers"] = "answers"
    model: Name
    asked: Asked = Asked()
    arms: tuple[ArmSpec, ...] = Field(min_length=1, max_length=MAX_CHOSEN_ARMS)
    controls: tuple[ControlSpec, ...] = Field(default=(), max_length=MAX_CONTROLLED_ARMS)
    by: tuple[Literal["type", "group", "baseline"], ...] = Field(default=("type", "group"), min_length=1, max_length=3)
    plot: Literal["arms", "dose", "scopes", "misfires", "risk"] = Field(
        default="arms",
        description="how its figures are laid out; but for `risk` nothing else depends on it: that reads answers' risk",
    )
    watch: tuple[LatentTarget, ...] = Field(
        default=(), max_length=MAX_STUDY_WATCHED, description="read at each name's last token"
    )
    seed: int = Field(default=0, ge=0, lt=2**31, description="draws the controls")
    max_new_tokens: int = Field(default=32, ge=1, le=64)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = [arm.name for arm in self.arms]
        if len(set(names)) != len(names):
            raise NotAllowed("Two arms have one name.", "Each has its own.", "Leave one out, or name it otherwise.")
        for control in self.controls:
            if control.of not in names:
                raise ValueError("a control stands in for an arm that isn't there; name one of the arms")
        if self.n_arms > MAX_STUDY_ARMS:
            raise NotAllowed(
                f"{self.n_arms} arms are asked, the baseline among them.",
                f"{MAX_STUDY_ARMS} are allowed.",
                "Use fewer arms, or fewer controls of each.",
            )
        return self

    @property
    def n_arms(self) -> int:
        """With the baseline and the controls."""
        return 1 + len(self.arms) + sum(control.n * len(control.kinds) for control in self.controls)


class Push(Message):
    """What a study pushes and how it is controlled; the strength is in the mode's own unit."""

    target: LatentTarget
    strength: Strength
    unit: LengthUnit = "residual_norm"
    scope: Scope = "last_entity"
    n_controls: int = Field(default=10, ge=0, le=MAX_STUDY_CONTROLS, description="random directions of the same norm")


class AttentionRequest(Message):
    """Attention from the last token of the prompt to the name's last token, of every head, with and without a push.

    Pushed: `known` on unknown names, `unknown` on known ones, as in the paper (App. M), each with its random band.
    Significance by prompt: a prompt's mean over the heads behind the push, against its random pushes.
    """

    kind: Literal["attention"] = "attention"
    model: Name
    part: Literal["base", "chat"] = "chat"
    asked: Asked = Asked()
    known: Push | None = None
    unknown: Push | None = None
    value_weighted: bool = Field(default=False, description="|attention x value| instead of attention")
    knockout: tuple[Share, ...] = Field(
        default=(1.0,),
        max_length=8,
        description="shares of the edge last token <- name that are cut, in the heads that read the name most; each is "
        "held against as many other heads",
    )
    n_heads: int = Field(default=3, ge=1, le=16, description="heads that are knocked out together")
    seed: int = Field(default=0, ge=0, lt=2**31)


class PatchingRequest(Message):
    """Denoising: what a known name's activation, put into an unknown name's run, brings back of the answer.

    (LD_patched - LD_corrupted) / (LD_clean - LD_corrupted), LD the logit of the clean answer's first token less that
    of the corrupted one's: the metric of the paper's code; its equation 13 leaves out the baseline. Pairs have one
    attribute and one length. Sites: the residual stream by layer and token; heads' outputs at the last token.
    """

    kind: Literal["patching"] = "patching"
    model: Name
    part: Literal["base", "chat"] = "chat"
    asked: Asked = Asked()
    n_pairs: int = Field(default=32, ge=2, le=256)
    seed: int = Field(default=0, ge=0, lt=2**31)


class CircuitsRequest(Message):
    """Circuits over a whole set: a known name's question beside an unknown one's, of one attribute and one length.

    What each group of nodes does where it is set to the other's values or taken away, what that does to the other
    groups, and what the model does where it can't know the name; and of names of every tier whether recognition
    fires, beside whether the model refuses. Random directions of equal norm beside every effect.
    """

    kind: Literal["circuits"] = "circuits"
    model: Name
    asked: Asked = Asked()
    n_pairs: int = Field(default=40, ge=2, le=256)
    basis: Literal["latents", "neurons"] = "latents"
    dictionaries: tuple[Name, ...] = Field(default=(), max_length=64, description="none: as a circuit's")
    target: OpeningTarget = Field(default=OpeningTarget(), description="two tokens: what studies without it meant")
    n_role_names: int = Field(default=120, ge=8, le=480, description="known and unknown, each, that roles are read off")
    n_tier: int = Field(default=20, ge=0, le=200, description="names a tier, each alone; 0: none")
    rest: bool = Field(default=True, description="the group of the question and the template too, which costs most")
    n_controls: int = Field(default=8, ge=1, le=MAX_STUDY_CONTROLS, description="random directions beside each effect")
    seed: int = Field(default=0, ge=0, lt=2**31)


class KnowledgeRequest(Message):
    """logit(Yes) - logit(No) after "Are you sure you know the {type} {name}? Answer yes or no.", answer begun.

    A model that never learned to say yes or no answers out of what it knows: the figure says how much probability the
    two words have together.

    yes, no   one token each in their place, else refused; None: the first token of " Yes" and of " No", and the study
              says which it is
    """

    kind: Literal["knowledge"] = "knowledge"
    model: Name
    asked: Asked = Asked()
    known: Push | None = None
    unknown: Push | None = None
    question: Text = Field(
        default="Are you sure you know the {type} {name}? Answer yes or no.",
        min_length=1,
        max_length=MAX_TEMPLATE_CHARACTERS,
    )
    prefill: Text = Field(default="Answer:", max_length=60)
    yes: Text | None = Field(default=None, min_length=1, max_length=20)
    no: Text | None = Field(default=None, min_length=1, max_length=20)
    seed: int = Field(default=0, ge=0, lt=2**31)

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if self.question.count("{name}") != 1:
            raise ValueError("the question must hold {name} once; say where the name goes")
        return self


class TransferRequest(Message):
    """The same dictionary on base and on chat model: separation, FVU, residual norm. And what is left of a direction
    after weight orthogonalisation as in the paper (eq. 9) and after exact projection, with the answers of both."""

    kind: Literal["transfer"] = "transfer"
    model: Name
    asked: Asked = Asked(groups=("known", "unknown"))
    known: LatentTarget | None = None
    unknown: LatentTarget | None = None
    n_controls: int = Field(
        default=5, ge=1, le=MAX_STUDY_CONTROLS, description="random directions that are taken out instead"
    )
    seed: int = Field(default=0, ge=0, lt=2**31)


class UncertaintyRequest(Message):
    """Latents of the chat model right before its answer: right against wrong, by Welch's t on the training half.

    AUROC and F1 on the test half, beside what needs no dictionary: entropy and log-probability of the first token, a
    logistic probe, a difference of means. Refusals are left out. (Section 7; the baselines are ours.)
    """

    kind: Literal["uncertainty"] = "uncertainty"
    model: Name
    asked: Asked = Asked(split="all", most=200)
    dictionaries: tuple[Name, ...] = Field(default=(), max_length=64, description="none: those trained on chat, or all")
    n_samples: int = Field(default=0, ge=0, le=32, description="0: right is what greedy says; else k of n at T = 1")
    k: int = Field(default=3, ge=1, le=32)
    top: int = Field(default=10, ge=1, le=100)
    seed: int = Field(default=0, ge=0, lt=2**31)

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.n_samples and self.k > self.n_samples:
            raise too_few_samples(self.k, self.n_samples)
        return self


StudyRequest = Annotated[
    DiscoverRequest
    | LabelRequest
    | AnswersRequest
    | AttentionRequest
    | PatchingRequest
    | CircuitsRequest
    | KnowledgeRequest
    | TransferRequest
    | UncertaintyRequest
    | NeuronsRequest,
    Field(discriminator="kind"),
]
STUDY: TypeAdapter[StudyRequest] = TypeAdapter(StudyRequest)

AwaitedRequest = GenerateRequest | CircuitRequest
"""What somebody waits for: vocabulary's AWAITED."""

RunRequest = Annotated[
    GenerateRequest
    | CircuitRequest
    | DiscoverRequest
    | LabelRequest
    | AnswersRequest
    | AttentionRequest
    | PatchingRequest
    | CircuitsRequest
    | KnowledgeRequest
    | TransferRequest
    | UncertaintyRequest
    | NeuronsRequest,
    Field(discriminator="kind"),
]
"""What the app can be asked to run. A study always runs in the background."""
RUN: TypeAdapter[RunRequest] = TypeAdapter(RunRequest)
