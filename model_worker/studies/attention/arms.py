"""The baseline, then each push with its controls behind it. Knows nothing about what is measured under them."""

from model_worker.studies.shared.pushes import AIM
from protocol.vocabulary import Label
from protocol.worker.names import LABELS
from protocol.worker.studies import AttentionRequest, Push
from protocol.worker.study_frames import StudyArm


class AttentionArms:
    def __init__(self, request: AttentionRequest) -> None:
        self.pushes: dict[Label, Push] = {role: push for role in LABELS if (push := getattr(request, role)) is not None}
        self.told: tuple[StudyArm, ...] = (StudyArm(name="original", role="baseline"),)
        self._of: dict[Label, tuple[int, ...]] = {}
        for role, push in self.pushes.items():
            first = len(self.told)
            what = f"latent {push.target.latent} of {push.target.dictionary}"
            controls = (
                StudyArm(name=f"random {n}", role=role, control_of=first, control_kind="random")
                for n in range(1, push.n_controls + 1)
            )
            self.told += (StudyArm(name=f"towards {role}", role=role, what=what), *controls)
            self._of[role] = (0, *range(first, len(self.told)))

    def of(self, label: Label) -> tuple[int, ...]:
        """Those that a name of this label has."""
        return self._of.get(AIM[label], (0,))
