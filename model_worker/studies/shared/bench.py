"""What a study works with, and how it opens. Knows nothing about any particular study."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from model_worker.answering.used import dictionary_used, model_used
from model_worker.decoding.batch import Decoding
from model_worker.decoding.states import Prompts
from model_worker.model.base import Base, Part
from model_worker.model.loading import Loaded
from model_worker.studies.shared.names import Taken
from protocol.canonical import sha256
from protocol.version import PROTOCOL
from protocol.worker.ran import DictionaryUsed, ModelUsed
from protocol.worker.study_frames import Study, StudyArm

AnyRequest = Any


ORDER = 2
"""Of the frames of every study; see Study."""


@dataclass(frozen=True)
class Bench:
    """decoding: the lane's batch, which others may share."""

    loaded: Loaded
    prompts: Prompts
    decoding: Decoding
    base: Base

    def part(self, which: str) -> Part:
        """`base` or `chat`. Raises Refused (422) where there is no base model."""
        return self.base.part() if which == "base" else Part(self.loaded.gemma, self.chat_used)

    @property
    def chat_used(self) -> ModelUsed:
        return model_used(self.loaded)

    def opening(
        self,
        request: AnyRequest,
        *,
        names: Iterable[Taken],
        n_steps: int,
        dictionaries: Iterable[str] = (),
        base: ModelUsed | None = None,
        arms: tuple[StudyArm, ...] = (),
        warnings: tuple[str, ...] = (),
        too_few: tuple[str, ...] = (),
    ) -> Study:
        """request: as it was resolved."""
        return Study(
            seq=0,
            protocol=PROTOCOL,
            request=request,
            request_sha256=sha256(request),
            model=self.chat_used,
            base=base,
            dictionaries=tuple(self.dictionary_used(name) for name in dictionaries),
            names=tuple(one.told for one in names),
            arms=arms,
            n_steps=n_steps,
            warnings=warnings,
            too_few=too_few,
            order=ORDER,
        )

    def dictionary_used(self, name: str) -> DictionaryUsed:
        return dictionary_used(self.loaded, name)
