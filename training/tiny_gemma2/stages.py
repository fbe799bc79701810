"""The work of a stage: where it is kept, under a name that changes with every setting that it depends on.

Knows no stage.
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from training.tiny_gemma2.recipe import RECIPE_VERSION, Recipe

# settings that no weight depends on, but of the first the chat model's
CHOOSING = ("n_check", "n_latents", "n_steer", "n_pushed", "n_random", "n_controls")


def stage_key(recipe: Recipe, *later: str) -> str:
    """Names the work of a stage: changes with every setting but those that begin with `later`."""
    settings = {k: v for k, v in asdict(recipe).items() if not k.startswith(later)}
    return hashlib.sha256(repr((RECIPE_VERSION, settings)).encode()).hexdigest()[:10]


def write_whole(folder: Path, write: Callable[[Path], None]) -> None:
    """`write` fills a folder that gets its name only when it is whole."""
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    write(unfinished)
    unfinished.rename(folder)
