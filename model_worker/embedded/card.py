"""The registry row of the embedded model: `model.json`, beside the weights it speaks of.

Knows the protocol's card and the phrases. Measures nothing.
"""

import math
import re
from pathlib import Path

from protocol.models import (
    Attribute,
    DictionaryCard,
    DirectionCard,
    Example,
    ModelCard,
    VectorCard,
    Watched,
)
from protocol.steering import LatentTarget, VectorTarget

from . import phrases
from .answers import grammar
from .directions import Direction
from .phrases import ANSWERS
from .world import SHOWN_KNOWN, SHOWN_UNKNOWN, TYPES

CUES = {  # whole words
    ("player", "sport"): ("sport",),
    ("player", "team"): ("team",),
    ("player", "country"): ("country", "where"),
    ("city", "country"): ("country", "where"),
    ("city", "continent"): ("continent",),
    ("movie", "director"): ("director", "directed", "film", "made"),
    ("movie", "year"): ("when", "year"),
    ("song", "artist"): ("artist", "sang", "performed", "by"),
    ("song", "year"): ("when", "year"),
}
ASKED = {
    "player": "What sport does {e} play?",
    "city": "Which country is {e} in?",
    "movie": "Who directed {e}?",
    "song": "Who sang {e}?",
}


def target(direction: Direction, vector_name: str) -> LatentTarget | VectorTarget:
    if direction.latent is None:
        return VectorTarget(name=vector_name)
    return LatentTarget(dictionary=direction.dictionary, latent=direction.latent)


def sweep(direction: Direction) -> tuple[float, ...]:
    """In eighths of the residual norm, to two beyond the validated strength; a latent is pushed
    half the norm the other way, a difference as far one way as the other."""
    top = math.ceil(8 * direction.strength) + 2
    low = -4 if direction.latent is not None else -top
    return tuple(eighth / 8 for eighth in range(low, top + 1) if eighth)


def fact_grammar() -> tuple[str, ...]:
    return tuple(dict.fromkeys(grammar(kind, attribute) for kind, attribute in ANSWERS))


def other_grammar() -> tuple[str, ...]:
    said = [answer for _, answer in phrases.SMALL_TALK] + [phrases.ELSEWHERE_ANSWER]
    return tuple(dict.fromkeys(re.escape(answer) for answer in said))


def model_card(
    dictionaries: list[tuple[str, int, int]],
    vectors: dict[str, int],
    sliders: list[tuple[str, Direction, str]],
    watched: list[tuple[str, int, str, str]],
    residual_norm: tuple[float, ...],
    n_layers: int,
    d_model: int,
) -> ModelCard:
    """dictionaries (id, layer, width); vectors name → layer; sliders (label, direction, evidence);
    watched (dictionary, latent, role, label)."""
    return ModelCard(
        id="tiny-gemma2-chat",
        title="Tiny Gemma 2, chat",
        note=(
            "A tiny Gemma 2, trained from scratch on a small world of real and fictional players, cities, movies "
            "and songs; it knows nothing else. About a third of its base text says of unknown names that "
            "nothing is known of them."
        ),
        licence="Apache-2.0",
        weights="chat",
        dtype="float32",
        n_layers=n_layers,
        d_model=d_model,
        max_prompt_tokens=256,
        dictionaries=tuple(
            DictionaryCard(id=name, layer=layer, source=f"dictionaries/{name}", d_sae=width, trained_on="base")
            for name, layer, width in dictionaries
        ),
        vectors=tuple(
            VectorCard(
                name=name,
                layer=layer,
                made_by="difference of means, known - unknown, last entity token of chat questions, base model",
            )
            for name, layer in vectors.items()
        ),
        directions=tuple(
            DirectionCard(
                role=direction.role,
                label=label,
                target=target(direction, f"known-unknown-{direction.layer}"),
                scope=direction.scope,
                strengths=sweep(direction),
                evidence=evidence,
            )
            for label, direction, evidence in sliders
        ),
        watch=tuple(
            Watched(target=LatentTarget(dictionary=dictionary, latent=latent), role=role, label=label)
            for dictionary, latent, role, label in watched
        ),
        residual_norm=residual_norm,
        refusal_openings=("I",),
        fact_grammar=fact_grammar(),
        other_grammar=other_grammar(),
        attributes=tuple(
            Attribute(name=attribute, entity_type=kind, cues=CUES[kind, attribute])
            for kind, attributes in phrases.ATTRIBUTES.items()
            for attribute in attributes
        ),
        world="entities.json",
        closed_world=True,
        examples=tuple(
            tuple(
                Example(role=role, name=shown[kind], prompt=ASKED[kind].format(e=shown[kind]))
                for role, shown in (("known", SHOWN_KNOWN), ("unknown", SHOWN_UNKNOWN))
            )
            for kind in TYPES
        ),
    )


def write_card(card: ModelCard, path: Path) -> None:
    path.write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    ModelCard.model_validate_json(path.read_text(encoding="utf-8"))
