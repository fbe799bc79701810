"""What a worker says about a model it can load: the row of its registry, which is also public.

Paths are relative to the folder of the card, or ids of a public hub.
Layers are sae-lens layers: `resid_post` of block `layer`; the paper's layer is one more.
"""

from typing import Literal

from pydantic import Field, PositiveFloat

from protocol.base import Message, Name, Text
from protocol.steering import LatentTarget, Strength, Target
from protocol.vocabulary import Role, Scope, Story, StudyKind, Unit


class DictionaryCard(Message):
    """A published or local SAE on `resid_post`; or, among `transcoders`, one from what an MLP reads to what it adds."""

    id: Name = Field(description="what requests and pages call it; no two of a card have one")
    layer: int = Field(
        ge=0,
        description="sae-lens' layer: it reads what block `layer` puts out; a transcoder reads that block's MLP. Held "
        "against its config",
    )
    source: Text = Field(
        description="folder relative to the card, with sae-lens' cfg.json and sae_weights.safetensors; or "
        "sae-lens:release/sae_id of sae-lens' list"
    )
    d_sae: int = Field(gt=0, description="how many latents. Held against its config")
    trained_on: Text = Field(
        description="which model's activations; a search on the base model reads those that end in 'base', studies of "
        "the chat model prefer those with 'chat' in it"
    )
    neuronpedia: Name | None = Field(default=None, description="its page, e.g. 'gemma-2-2b/12-gemmascope-res-16k'")
    missed_at_end: float | None = Field(
        default=None,
        ge=0,
        description="share of the squared norm of what it is to write that it misses at the last token of the card's "
        "example questions; Circuit says it where a transcoder is chosen",
    )


class VectorCard(Message):
    """A named direction in `directions.safetensors` beside the card, one fp32 vector (d_model,) by its name."""

    name: Name = Field(description="of its tensor in the file, and in requests")
    layer: int = Field(ge=0, description="sae-lens' layer, after which it is added and read")
    made_by: Text = Field(description="e.g. 'difference of means, known - unknown, last entity token, base model'")
    offset: float = Field(default=0.0, description="mu . d^: what the activation (x - mu) . d^ takes off x . d^")


class DirectionCard(Message):
    """A slider: a target with the scope and the strengths that were validated for it."""

    role: Role = Field(description="which names it stands for; its colour")
    label: Text = Field(description="the slider's name")
    target: Target = Field(description="what is pushed")
    scope: Scope = Field(description="at which tokens, as it was validated")
    unit: Unit = Field(default="residual_norm", description="of the strengths; `residual_norm` needs the card's own")
    strengths: tuple[Strength, ...] = Field(description="the sweep drawn by default, ascending, without 0")
    validated: Strength | None = Field(
        default=None, description="the strength that the evidence is about; None: the card doesn't say"
    )
    evidence: Text = Field(description="what was measured, with N and its control, in one sentence")

    @property
    def strength(self) -> Strength:
        """What a push along it has where nobody names another: as it was validated, else the most that is drawn."""
        return max(self.strengths) if self.validated is None else self.validated


class Watched(Message):
    """A latent that is read on every token, with the role it was found to have."""

    target: LatentTarget = Field(description="which latent")
    role: Role = Field(description="on which names it fires; its colour")
    label: Text = Field(description="what the page calls it")


class Example(Message):
    """A prompt worth a click. `story`: what the untouched model makes of it, greedy: known and answered right;
    unknown and refused; rare, and answered wrong; recognised and answered, though this fact was never told."""

    role: Role = Field(description="of the name: known or unknown")
    name: Text = Field(description="the entity, as the button says it")
    prompt: Text = Field(description="what is asked")
    entity_type: Name | None = Field(default=None, description="of the name, such as player")
    story: Story | None = Field(default=None, description="what the untouched model makes of it; None: nobody tried")


class Attribute(Message):
    """A question the model's world has an answer to."""

    name: Name = Field(description="as the world's facts call it, such as sport")
    entity_type: Name = Field(description="whose attribute it is, such as player")
    cues: tuple[Text, ...] = Field(description="lower-case words of a prompt that ask for it")
    question: Text | None = Field(default=None, description="a prompt that asks for it, with {name} for the name")
    opening: Text | None = Field(
        default=None, description="a text that a base model reads on to the fact, with {name} for the name"
    )

    @property
    def can_be_put(self) -> bool:
        """About any name."""
        return self.question is not None and "{name}" in self.question


class ModelCard(Message):
    """One row of the registry."""

    id: Name = Field(description="what requests, addresses and `--model` call it")
    title: Text = Field(description="its name for a reader")
    note: Text = Field(description="what it is and what it is not, one or two sentences")
    licence: Text = Field(description="of the weights, as a reader should know it")
    weights: Text = Field(
        description="chat model: Hugging Face folder relative to the card, store:NAME of what was fetched, or hub id"
    )
    delta: Text | None = Field(
        default=None,
        description="safetensors file relative to the card, low-rank: added to `weights`, which then are the base's, "
        "it makes the chat model; base and chat model share what it leaves alone",
    )
    base: Text | None = Field(
        default=None,
        description="the model that it was tuned from, of the same tokenizer: as `weights`, and with a delta the same; "
        "None: not here",
    )
    statement: Text = Field(
        default="The {type} '{name}'", description="what the base model reads a name in, when latents are searched"
    )
    dtype: Literal["float32", "bfloat16"] = Field(
        description="what the weights are loaded as; dictionaries are float32"
    )
    n_layers: int = Field(gt=0, description="blocks of the model. Held against its config")
    d_model: int = Field(gt=0, description="width of the residual stream. Held against its config")
    max_prompt_tokens: int = Field(gt=0, description="longer prompts are refused")
    dictionaries: tuple[DictionaryCard, ...] = Field(
        description="may be none; those that the card itself reads are "
        "loaded at start, the others when somebody asks for them"
    )
    transcoders: tuple[DictionaryCard, ...] = Field(
        default=(),
        description="of MLPs, one a layer at most: a circuit's basis `transcoder`. Loaded when one is asked for",
    )
    vectors: tuple[VectorCard, ...] = Field(default=(), description="named directions in directions.safetensors")
    directions: tuple[DirectionCard, ...] = Field(description="the page's sliders")
    more_directions: tuple[DirectionCard, ...] = Field(default=(), description="validated too, no sliders by default")
    watch: tuple[Watched, ...] = Field(description="latents that are read on every token by default; may be none")
    residual_norm: tuple[float, ...] = Field(
        description="r, mean |resid_post| at last entity tokens of validation prompts, by layer; empty: raw units only"
    )
    refusal_openings: tuple[Text, ...] = Field(description="first answer tokens that open a refusal, as decoded text")
    fact_grammar: tuple[Text, ...] = Field(
        default=(), description="regular expressions of whole answers that state a fact; empty: not checked"
    )
    other_grammar: tuple[Text, ...] = Field(
        default=(), description="of whole answers that state none: small talk. What matches neither list is broken"
    )
    attributes: tuple[Attribute, ...] = Field(default=(), description="questions of which answers can be judged")
    world: Text | None = Field(default=None, description="JSON file of entities and facts, relative to the card")
    other_words: dict[Text, tuple[Text, ...]] = Field(
        default={}, description="what else counts as a value of its facts, such as USA; a word may stand for two"
    )
    closed_world: bool = Field(default=False, description="True: no text ever stated a fact about a name not listed")
    corpus: Text | None = Field(
        default=None, description="a sample of text, one document a line, UTF-8, relative to the card"
    )
    max_corpus_share: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="latents that fire on as large a share of it are left out of a search. A world that speaks of "
        "little else than names needs more than the paper's 0.02",
    )
    answers_per_s: float | None = Field(
        default=None, gt=0, description="in a study, many at once, on two CPU cores, as measured; null: nobody measured"
    )
    pairs_per_s: dict[StudyKind, PositiveFloat] = Field(
        default={}, description="of two names, by study (patching, circuits), on two CPU cores, as measured"
    )
    names_per_s: float | None = Field(
        default=None,
        gt=0,
        description="in a search, its text included, on two CPU cores, as measured; null: no figure",
    )
    risk: Text | None = Field(
        default=None, description="JSON file of the risk strip's heads and figures (RiskFile), relative to the card"
    )
    examples: tuple[tuple[Example, ...], ...] = Field(description="a group an entity type: known first, then unknown")


class Models(Message):
    """The answer of `/v1/models` and of `/api/models`: the row that this worker holds first, then those that
    a worker here could be started with."""

    models: tuple[ModelCard, ...]
    reports: tuple[Name, ...] = Field(default=(), description="ids of the rows that have a report")
    absent: tuple[Name, ...] = Field(default=(), description="ids of the rows whose weights the store has yet to fetch")
