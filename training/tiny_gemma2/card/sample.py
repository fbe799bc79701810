"""A sample of the text that the base model read, in which the page looks up what makes a latent fire.

Fresh documents of the same author, drawn with a seed of their own: training never drew them, though a short one may
say by chance what a document there says. Two kinds are left out: chat turns, which have line breaks where the file has
a document a line, and the facts of obscure names, of which training has one document in five hundred.
Knows nothing about models.
"""

from dataclasses import replace
from itertools import islice
from pathlib import Path

from training.tiny_gemma2.language_model.author import matched_author
from training.tiny_gemma2.world.entities import TrainingWorld

FILE = "corpus.txt"
SAMPLE = 400  # seed + offset, beside those of corpus.py
N_DOCUMENTS = 1000


def sample(world: TrainingWorld, tokenizer, seed: int) -> list[str]:
    """Documents without line breaks; `seed` is the recipe's."""
    told = replace(world, entities=tuple(e for e in world.entities if e.tier != "obscure"))
    author = matched_author(told, tokenizer, seed + SAMPLE)
    documents = (d for d in author.base_documents(2 * N_DOCUMENTS) if "\n" not in d)
    return list(islice(documents, N_DOCUMENTS))


def write_sample(documents: list[str], folder: Path) -> None:
    (folder / FILE).write_text("".join(f"{d}\n" for d in documents), encoding="utf-8", newline="\n")
