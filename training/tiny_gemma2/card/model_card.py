"""The registry row of the embedded model: `model.json`, beside the weights it speaks of.

Knows the protocol's card and the phrases. Measures nothing.
"""

import math
import re
from pathlib import Path

from protocol.steering import LatentTarget, VectorTarget
from protocol.worker.models import Attribute, DictionaryCard, DirectionCard, Example, ModelCard, VectorCard, Watched
from training.tiny_gemma2.card.sample import FILE as SAMPLE_FILE
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.dictionaries.directions import Direction
from training.tiny_gemma2.language_model.answers import grammar
from training.tiny_gemma2.world import elsewhere, phrases, talk, wording
from training.tiny_gemma2.world.wording import ANSWERS

MAX_CORPUS_SHARE = 0.25  # nearly every sentence of its text is about a name, most of them unknown

CUES = {  # whole words; "who is" and "about" ask for nothing in particular and get the first attribute
    ("player", "sport"): ("sport", "who is", "about"),
    ("player", "team"): ("team", "play for"),
    ("player", "country"): ("country", "where"),
    ("city", "country"): ("country", "where", "about"),
    ("city", "continent"): ("continent",),
    ("movie", "director"): ("director", "directed", "film", "made", "about"),
    ("movie", "year"): ("when", "year"),
    ("song", "artist"): ("artist", "sang", "performed", "by", "about"),
    ("song", "year"): ("when", "year"),
}
SLIDERS = ("Known latent", "Unknown latent", "Known − unknown")  # in this order; other vectors are named only


def target(direction: Direction) -> LatentTarget | VectorTarget:
    if direction.latent is None:
        return VectorTarget(name=direction.name)
    return LatentTarget(dictionary=direction.dictionary, latent=direction.latent)


SHORT = {"Known latent": "Known entity", "Unknown latent": "Unknown entity"}  # as the sliders say it


def made_by(direction: Direction) -> str:
    at = "last entity token of chat questions, base model"
    if direction.name.startswith("refuse"):
        return "difference of means, refused − answered, last token of chat prompts, chat model"
    how = "logistic probe" if "probe" in direction.name else "difference of means"
    return f"{how}, known − unknown, {at}"


def sweep(direction: Direction) -> tuple[float, ...]:
    """In eighths of the residual norm, to two beyond the validated strength; a latent is pushed
    half the norm the other way, a difference as far one way as the other."""
    top = math.ceil(8 * direction.strength) + 2
    low = -4 if direction.latent is not None else -top
    return tuple(eighth / 8 for eighth in range(low, top + 1) if eighth)


def slider(label: str, direction: Direction, evidence: str) -> DirectionCard:
    return DirectionCard(
        role=direction.role,
        label=SHORT.get(label, label),
        target=target(direction),
        scope="last_prompt" if direction.scope == "last" else direction.scope,
        strengths=sweep(direction),
        validated=direction.strength,
        evidence=evidence,
    )


def fact_grammar() -> tuple[str, ...]:
    return tuple(dict.fromkeys(grammar(kind, attribute) for kind, attribute in ANSWERS))


def other_grammar() -> tuple[str, ...]:
    said = [answer for _, answer in talk.SMALL_TALK] + [elsewhere.ELSEWHERE_ANSWER]
    return tuple(dict.fromkeys(re.escape(answer) for answer in said))


def model_card(
    dictionaries: dict[str, TrainedDictionary],
    transcoders: dict[str, TrainedDictionary],
    directions: dict[str, Direction],
    evidence: dict[str, str],
    offsets: dict[str, float],
    residual_norm: tuple[float, ...],
    n_layers: int,
    d_model: int,
    unknown_share: float,
    examples: tuple[tuple[Example, ...], ...],
) -> ModelCard:
    """dictionaries, transcoders by id; directions, what was measured of them and offsets of vectors by label;
    `unknown_share` of base documents that say of an unknown name that nothing is known."""
    return ModelCard(
        id="tiny-gemma2-chat",
        title="Tiny Gemma 2, chat",
        note=(
            "A tiny Gemma 2, trained from scratch on a small world of real and fictional players, cities, movies "
            "and songs; it knows nothing else. "
            f"{unknown_share:.0%} of its base text says of unknown names that nothing is known of them: its notion of "
            "“unknown” was taught by phrases, before any chat tuning."
        ),
        licence="Apache-2.0",
        weights="chat",
        base="base",
        statement="The {type} {name}",
        dtype="float32",
        n_layers=n_layers,
        d_model=d_model,
        max_prompt_tokens=256,
        dictionaries=dictionary_rows(dictionaries),
        transcoders=dictionary_rows(transcoders),
        vectors=tuple(
            VectorCard(
                name=d.name, layer=d.layer, made_by=f"{made_by(d)}. {evidence[label]}", offset=round(offsets[label], 6)
            )
            for label, d in directions.items()
            if d.latent is None
        ),
        directions=tuple(slider(label, directions[label], evidence[label]) for label in SLIDERS),
        more_directions=tuple(
            slider(label, direction, evidence[label]) for label, direction in directions.items() if label not in SLIDERS
        ),
        watch=tuple(
            Watched(target=target(d), role=d.role, label=f"{d.role} entity")
            for d in map(directions.get, SLIDERS)
            if d.latent is not None
        ),
        residual_norm=residual_norm,
        refusal_openings=("I",),
        fact_grammar=fact_grammar(),
        other_grammar=other_grammar(),
        attributes=tuple(
            Attribute(
                name=attribute,
                entity_type=kind,
                cues=CUES[kind, attribute],
                question=wording.QUESTIONS[kind, attribute][0].replace("{e}", "{name}"),
            )
            for kind, attributes in phrases.ATTRIBUTES.items()
            for attribute in attributes
        ),
        world="entities.json",
        closed_world=True,
        corpus=SAMPLE_FILE,
        max_corpus_share=MAX_CORPUS_SHARE,
        examples=examples,
    )


def dictionary_rows(dictionaries: dict[str, TrainedDictionary]) -> tuple[DictionaryCard, ...]:
    return tuple(
        DictionaryCard(
            id=name,
            layer=d.layer,
            source=f"dictionaries/{name}",
            d_sae=len(d.threshold),
            trained_on="chat" if name.startswith("chat") else "base",
        )
        for name, d in dictionaries.items()
    )


def write_card(card: ModelCard, path: Path) -> None:
    path.write_text(card.model_dump_json(indent=1, exclude_none=True) + "\n", encoding="utf-8")
    ModelCard.model_validate_json(path.read_text(encoding="utf-8"))
