"""What is taken out of the chat model: nothing, the known and the unknown latent's direction, and random ones.

Each direction is taken out twice, in the paper's way and exactly (orthogonal.py). Knows nothing about answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from model_worker.model.loading import Loaded
from model_worker.steering.random_directions import random_directions
from model_worker.studies.shared.arms import target_in_words
from model_worker.studies.transfer.orthogonal import Way
from protocol.refusal import Refused
from protocol.vocabulary import Role
from protocol.worker.names import LABELS
from protocol.worker.studies import TransferRequest
from protocol.worker.study_frames import StudyArm

BOTH_WAYS: tuple[Way, ...] = ("paper", "exact")
EDITS = {"untouched": "untouched", "paper": "paper's edit", "exact": "exact"}
"""A reader's words for each."""


@dataclass(frozen=True)
class AblationArm:
    """direction (d_model,): what is taken out, in which way. role: of the latent that it is; None: a random one."""

    told: StudyArm
    direction: Tensor | None = None
    way: Way | None = None
    role: Role | None = None

    @property
    def is_random(self) -> bool:
        return self.direction is not None and self.role is None


def ablation_arms(loaded: Loaded, request: TransferRequest) -> Iterator[AblationArm]:
    yield AblationArm(StudyArm(name="untouched", role="baseline", hold=()))
    for role in LABELS:
        target = request.known if role == "known" else request.unknown
        assert target is not None
        direction = loaded.dictionaries[target.dictionary].W_dec[target.latent]
        if direction.norm() == 0:
            raise Refused(
                422,
                "no_direction",
                f"The direction of latent {target.latent} of {target.dictionary} asked, which has norm 0.",
                "It writes nothing.",
                "Choose another latent.",
            )
        for way in BOTH_WAYS:
            what = f"{target_in_words(loaded, target)} taken out, {EDITS[way]}"
            yield AblationArm(StudyArm(name=f"− {role}, {EDITS[way]}", role=role, what=what), direction, way, role)
    assert request.known is not None
    like = loaded.dictionaries[request.known.dictionary].W_dec[request.known.latent]
    drawn = random_directions(like, request.n_controls, request.seed)
    for place, way in enumerate(BOTH_WAYS, 1):
        for index, direction in enumerate(drawn):
            told = StudyArm(
                name=f"− random {index + 1}, {EDITS[way]}",
                role="other",
                control_of=place,
                control_kind="random",
                what=f"a random direction taken out, {EDITS[way]}; it stands in for the unknown latent's too",
            )
            yield AblationArm(told, direction, way)
