"""The card as it ships: what tuning left, dictionaries, directions with what was measured of them, a sample of text.

    python -m training.gemma3_270m.card.assembly TUNED MEASURED STORED CARD

TUNED holds model.json, delta, entities.json and labels.json; MEASURED dictionaries/, readings.pt and
steering-measured.json; STORED the fetched model, whose notice and terms travel with the card. Measures nothing.
"""

import argparse
import json
import random
import shutil
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file

from model_worker.studies.shared.statistics import wilson
from protocol.amounts import MINUS
from protocol.enough import too_few_of_one_kind
from protocol.steering import LatentTarget, Target, VectorTarget
from protocol.vocabulary import Role, StudyKind
from protocol.worker.models import DictionaryCard, DirectionCard, ModelCard, VectorCard, Watched
from training.gemma3_270m.dictionaries.text import WORDNET, text_documents
from training.gemma3_270m.directions.readings import NameReadings
from training.gemma3_270m.directions.stage import vectors
from training.gemma3_270m.steering.subjects import carded_names
from training.tiny_gemma2.card.model_card import write_card

SAMPLE_DOCUMENTS, DOCUMENT_SEED = 250, 9
GEMMA_CORPUS_SHARE = 0.25  # half of the sample is about a name
# by `python -m benchmarks.pace`, on two cores: 376 answers in 78.4 CPU seconds, 274 names in 22.1, 3 pairs in 30.3 and
# 54.7, the circuits' with the 80 names that are asked about alone
ANSWERS_PER_S, NAMES_PER_S = 9.6, 25.0
PAIRS_PER_S: dict[StudyKind, float] = {"patching": 0.2, "circuits": 0.11}
NOTICE, TERMS = "NOTICE", "GEMMA_TERMS.html"
DERIVED = """
Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms

In this folder, delta.safetensors (a low-rank change of the model's weights), dictionaries and directions.safetensors
(trained on its activations) were made by the Hallucinoscope project, are modifications of Gemma, and go under the same
terms, which are in GEMMA_TERMS.html.

corpus.txt holds glosses of WordNet 3.0, Copyright 2006 by Princeton University, under the WordNet licence. Cities,
countries and capitals in entities.json are from GeoNames (geonames.org), CC BY 4.0.
"""
SCOPE_NOTE = (
    "Gemma Scope 2 has wider dictionaries for whoever can fetch them: sae-lens "
    "gemma-scope-2-270m-pt-res, on Neuronpedia gemma-3-270m/9-gemmascope-2-res-16k and others."
)
MADE_BY = (
    "difference of means, known (the base's own label) - invented, every type counted the same, last token of the name "
    "in questions, base model"
)


def dictionary_cards(folder: Path) -> tuple[DictionaryCard, ...]:
    """folder: the card's."""
    out = []
    for file in sorted(
        (folder / "dictionaries/resid_post").glob("layer_*/cfg.json"), key=lambda f: int(f.parent.name[6:])
    ):
        config = json.loads(file.read_text())
        layer = int(file.parent.name[6:])
        out.append(
            DictionaryCard(
                id=f"resid_post/layer_{layer}",
                layer=layer,
                source=f"dictionaries/resid_post/layer_{layer}",
                d_sae=config["d_sae"],
                trained_on="gemma-3-270m, base",
            )
        )
    return tuple(out)


def target_of_name(name: str) -> Target:
    """resid_post/layer_8#3, or a vector's name, a minus before it left out."""
    if "#" in name:
        dictionary, latent = name.split("#")
        return LatentTarget(dictionary=dictionary, latent=int(latent))
    return VectorTarget(name=name.removeprefix("-"))


def effect_evidence(effect: Mapping, sign: int = 1) -> str:
    """In words, with N and its interval. The push stands beside its controls by one measure, the first token; whole
    answers, of which no control was asked, say that with their figure. sign: -1 where a vector is pushed the other
    way."""
    whole, n = effect["whole"], effect["n_controlled"]
    does = "invented names get an answer" if effect["role"] == "known" else "known names are refused"
    beside = "; ".join(
        f"{kind} {c['mean']:.0%} on average, {c['p95']:.0%} at the 95th percentile of {c['n']}"
        for kind, c in effect["controls"].items()
    )
    strength = f"{sign * effect['strength']:+g}".replace("-", MINUS)
    return (
        f"At {strength} r̄, {does}: {hits_of(effect['first_token'], n)} test names by their first token; along random "
        f"pushes as long, at the same {n} names: {beside}.{few(n)} By whole answers to {whole['n']} test names: "
        f"{whole['pushed']:.0%} with no control beside it ({whole['low']:.0%} to {whole['high']:.0%}; untouched "
        f"{whole['untouched']:.0%}; broken {whole['broken']})."
    )


def hits_of(share: float, n: int) -> str:
    """ "11 of 12 (65% to 99%)": how many of n names, and Wilson's 95 % interval of the share."""
    hits = round(share * n)
    ends = wilson(hits, n)
    return f"{hits} of {n}" + (f" ({ends[0]:.0%} to {ends[1]:.0%})" if ends else "")


def few(n: int) -> str:
    """A sentence where n names can't say anything; else ""."""
    told = too_few_of_one_kind(n, "test names")
    return f" {told}" if told else ""


def strengths(validated: float, both_ways: float | None = None) -> tuple[float, ...]:
    """A sweep around what was validated; of a vector as far the other way as was validated there."""
    up = [validated * f for f in (0.25, 0.5, 0.75, 1.0, 1.25)]
    down = [both_ways * f for f in (-1.0, -0.5)] if both_ways else [-validated * 0.5]
    return tuple(sorted({round(x, 4) for x in (*down, *up)}))


def direction_cards(effects: Mapping[str, Mapping]) -> tuple[DirectionCard, ...]:
    """Sliders: the vector both ways, the latents one way each; `effects` by role and kind as steering tells them."""
    out = []
    vector, back = effects.get("known known-unknown"), effects.get("unknown known-unknown")
    if vector:
        same = back is not None and back["name"] == f"-{vector['name']}"
        other = f" The other way: {effect_evidence(back, -1)}" if same and back else ""
        out.append(
            DirectionCard(
                role="known",
                label="Known − unknown",
                target=target_of_name(vector["name"]),
                scope="entity",
                strengths=strengths(vector["strength"], back["strength"] if same and back else None),
                validated=vector["strength"],
                evidence=effect_evidence(vector) + other,
            )
        )
        if back is not None and not same:
            out.append(
                DirectionCard(
                    role="unknown",
                    label="Known − unknown, away",
                    target=target_of_name(back["name"]),
                    scope="entity",
                    strengths=tuple(sorted(-x for x in strengths(back["strength"]))),
                    validated=-back["strength"],
                    evidence=effect_evidence(back, -1),
                )
            )
    roles: tuple[Role, ...] = ("known", "unknown")
    for role in roles:
        if latent := effects.get(f"{role} resid_post"):
            out.append(
                DirectionCard(
                    role=role,
                    label=f"{role.capitalize()} entity",
                    target=target_of_name(latent["name"]),
                    scope="entity",
                    strengths=strengths(latent["strength"]),
                    validated=latent["strength"],
                    evidence=effect_evidence(latent),
                )
            )
    return tuple(out)


def read_only_cards(card: Path, choice: Mapping, sliders: tuple[DirectionCard, ...]) -> tuple[DirectionCard, ...]:
    """Of a role whose latent no slider has: the clearest of those that were tried, which reads more than it steers."""
    roles: tuple[Role, ...] = ("known", "unknown")
    out = []
    for role in roles:
        if any(d.role == role and isinstance(d.target, LatentTarget) for d in sliders):
            continue
        tried = [t for t in choice["tried"] if t["role"] == role and "#" in t["name"]]
        if tried:
            one = max(tried, key=lambda t: t["shares"][str(t["strength"])])
            of = "invented names get an answer" if role == "known" else "known names are refused"
            out.append(
                DirectionCard(
                    role=role,
                    label=f"{role.capitalize()} entity",
                    target=target_of_name(one["name"]),
                    scope="entity",
                    strengths=strengths(one["strength"]),
                    validated=one["strength"],
                    evidence=f"It reads, and hardly steers: at +{one['strength']:g} r̄, {of}: "
                    f"{hits_of(one['shares'][str(one['strength'])], choice['n'][role])} validation names by their "
                    "first token, with no control beside it.",
                )
            )
    return tuple(out)


def sample_of_text(card: Path, wordnet: Path = WORDNET) -> list[str]:
    """Documents of one line, of the text that the dictionaries were trained on."""
    names: dict[str, list[str]] = {}
    for one in carded_names(card):
        if one.tier != "unknown":
            names.setdefault(one.type, []).append(one.name)
    names = {kind: names[kind] for kind in ("player", "city", "movie", "song", "country") if kind in names}
    found = [d.text for d in text_documents(names, 6 * SAMPLE_DOCUMENTS, DOCUMENT_SEED, folder=wordnet)]
    lines = [text for text in found if "\n" not in text]
    return random.Random(DOCUMENT_SEED).sample(lines, min(SAMPLE_DOCUMENTS, len(lines)))


def assembled(tuned: Path, measured: Path, stored: Path, card: Path) -> ModelCard:
    card.mkdir(parents=True, exist_ok=True)
    for name in ("delta.safetensors", "entities.json", "labels.json"):
        shutil.copyfile(tuned / name, card / name)
    shutil.copyfile(stored / TERMS, card / TERMS)
    (card / NOTICE).write_text((stored / NOTICE).read_text() + DERIVED)
    shutil.copytree(measured / "dictionaries", card / "dictionaries", dirs_exist_ok=True)
    found = vectors(NameReadings.load(measured / "readings.pt"))
    save_file({name: unit.contiguous() for name, (_, unit, _) in found.items()}, card / "directions.safetensors")
    told = json.loads((measured / "steering-measured.json").read_text())
    effects, norms = told.get("effects", {}), told["norms"]["residual_norm"]
    begun = ModelCard.model_validate_json((tuned / "model.json").read_bytes())
    dictionaries = dictionary_cards(card)
    directions = direction_cards(effects)
    directions += read_only_cards(card, told.get("choice", {"tried": [], "n": {}}), directions)
    (card / "corpus.txt").write_text("".join(f"{line}\n" for line in sample_of_text(card)), encoding="utf-8")
    made = begun.model_copy(
        update={
            "note": f"{begun.note} {SCOPE_NOTE}" if SCOPE_NOTE not in begun.note else begun.note,
            "dictionaries": dictionaries,
            "vectors": tuple(
                VectorCard(name=name, layer=layer, made_by=MADE_BY, offset=offset)
                for name, (layer, _, offset) in found.items()
            ),
            "directions": directions,
            "watch": watched(card, directions),
            "residual_norm": tuple(norms),
            "corpus": "corpus.txt",
            "max_corpus_share": GEMMA_CORPUS_SHARE,
            "answers_per_s": ANSWERS_PER_S,
            "names_per_s": NAMES_PER_S,
            "pairs_per_s": PAIRS_PER_S,
        }
    )
    write_card(made, card / "model.json")
    return made


def watched(card: Path, directions: tuple[DirectionCard, ...]) -> tuple[Watched, ...]:
    """One latent a role: the slider's own, or else the clearest of layer 8, which reads what it doesn't steer."""
    own = {d.role: d.target for d in directions if isinstance(d.target, LatentTarget)}
    clearest = json.loads((card / "dictionaries/resid_post/layer_8/cfg.json").read_text())["metadata"]["clearest"]
    roles: tuple[Role, ...] = ("known", "unknown")
    return tuple(
        Watched(
            target=own.get(role) or LatentTarget(dictionary="resid_post/layer_8", latent=int(clearest[role][0])),
            role=role,
            label=f"{role} entity",
        )
        for role in roles
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("tuned", "measured", "stored", "card"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    assembled(given.tuned, given.measured, given.stored, given.card)
