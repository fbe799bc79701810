"""Studies run to their end, or from where they were interrupted, as the step loop does it."""

from collections.abc import Sequence
from pathlib import Path

import torch

from model_worker.engine import Engine
from model_worker.model.loading import Loaded, load
from model_worker.model.registry import RegistryRow, read_row
from protocol.worker.frames import Frame
from protocol.worker.models import Attribute
from protocol.worker.names import GivenName, GivenNames
from protocol.worker.study_frames import Figure, Trial
from tests.model_worker import random_gemma
from tests.model_worker.reference import teacher_forced


def studied(engine: Engine, request, recorded: Sequence[Frame] = ()) -> list[Frame]:
    """Of a study, a step of it and one of its batch in turn. Without `done`, which has a clock."""
    found = []
    for frame in engine.study(request, recorded):
        engine.advance("background")
        if frame is not None and frame.kind != "done":
            found.append(frame)
    return found


def trials_of(frames: Sequence[Frame]) -> list[Trial]:
    return [frame for frame in frames if isinstance(frame, Trial)]


def figure(frames: Sequence[Frame], name: str) -> Figure:
    """The last one with this id."""
    return [frame for frame in frames if isinstance(frame, Figure) and frame.id == name][-1]


def rows_of(frames: Sequence[Frame], name: str) -> list[dict]:
    """Of that figure, cells by column."""
    last = figure(frames, name)
    return [dict(zip((column.name for column in last.columns), row, strict=True)) for row in last.rows]


def asked_in_template(loaded: Loaded, text: str, begun: str = "") -> list[int]:
    """Ids of a chat prompt by transformers' own template and tokenizer."""
    turn = [{"role": "user", "content": text}]
    templated = loaded.tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
    return loaded.tokenizer(templated + begun, add_special_tokens=False)["input_ids"]


def at_last(loaded: Loaded, ids: Sequence[int]) -> torch.Tensor:
    """resid_post of every block at the last token, (n_layers, d_model), by transformers."""
    return teacher_forced(loaded.model, ids).residuals[:, -1]


def check_resumes_anywhere(engine: Engine, request, frames: Sequence[Frame], stops: Sequence[int]) -> None:
    """stops: how many frames were recorded."""
    for n in stops:
        assert studied(engine, request, frames[:n]) == list(frames[n:]), f"after {n} frames"


TEN_NAMES = GivenNames(
    names=tuple(GivenName(name=f"Name {n}", label="known" if n % 2 else "unknown") for n in range(10, 20))
)


def asking_engine(folder: Path, family: str) -> Engine:
    """Random weights in bf16, which are their own base, and a question about what has no type."""
    row = read_row(random_gemma.write(folder, family=family))
    question = Attribute(name="colour", entity_type="entity", cues=("colour",), question="What colour has {name}?")
    changes = {"dtype": "bfloat16", "base": "weights", "attributes": (question,)}
    dictionaries = tuple(one.model_copy(update={"trained_on": "base"}) for one in row.card.dictionaries)
    row = RegistryRow(row.card.model_copy(update=changes | {"dictionaries": dictionaries}), row.folder)
    return Engine(load(row), row=row)
