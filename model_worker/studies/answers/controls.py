"""What stands in for an arm: the same push, of its first intervention, along other latents or other directions.

silent    latents of the same dictionary that never fire at the last tokens of the names that are asked about (the
          paper's: its code draws them from those whose score is exactly 0, which are mostly silent or dead)
matched   latents of the same dictionary that fire there about as often as the one that they stand in for
random    directions drawn uniformly, as in Explore

Mode, scope and strength stay, and what is written has the same norm where it doesn't depend on what is read (add).
Where it does, a latent does to itself what the arm does to its own, and a random direction takes what the arm would
write. A direction that is no latent's stands among the latents of a dictionary of its layer; it fires where its
activation is above 0. A latent that writes the very direction that is pushed stands in for nothing.
"""

import random
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from model_worker.decoding.prefix import Passage
from model_worker.draw import draw
from model_worker.model.loading import Loaded
from model_worker.steering.targets import read_of, target_of
from model_worker.studies.shared.arms import PlannedArm, in_words, target_in_words
from model_worker.studies.shared.questions import Question
from protocol.refusal import Refused
from protocol.steering import Held, LatentTarget, PlainTarget, RandomTarget
from protocol.vocabulary import MODES, ControlKind
from protocol.worker.studies import AnswersRequest, ArmSpec, ControlSpec
from protocol.worker.study_frames import StudyArm

MOST_NAMES = 400
SAME = 0.95  # cosine from which on a latent writes what is pushed, and is no control of it
CONTROL_NAMES_AT_ONCE = 32  # names of a step, so that it stays short


def control_arms(
    loaded: Loaded, request: AnswersRequest, questions: Sequence[Question]
) -> Generator[None, None, list[PlannedArm]]:
    """In the request's order: of each arm that has some, kind by kind. In short steps. Raises Refused (422) where
    there is nothing to draw from."""
    arms = {arm.name: (number, arm) for number, arm in enumerate(request.arms, 1)}
    layers = {
        target_of(loaded, read_of(arms[one.of][1].hold[0].target)).layer
        for one in request.controls
        if set(one.kinds) != {"random"}
    }
    residuals = (yield from _at_names(loaded, questions, layers)) if layers else {}
    taken = {target for arm in request.arms for held in arm.hold for target in (read_of(held.target), held.to)}
    drawing = _Drawing(loaded, residuals, taken, request.seed)
    found: list[PlannedArm] = []
    for one in request.controls:
        number, arm = arms[one.of]
        for kind in one.kinds:
            for place, (held, why) in enumerate(drawing.stand_ins(arm.hold[0], kind, one.n), 1):
                hold = (held, *arm.hold[1:])
                told = StudyArm(
                    name=f"{arm.name}, {kind} {place}",
                    role=arm.role,
                    control_of=number,
                    control_kind=kind,
                    what=in_words(loaded, hold) + why,
                    hold=hold,
                )
                found.append(PlannedArm(told, hold))
            yield None
    return found


def doubts(arms: Sequence[ArmSpec], controls: Sequence[ControlSpec]) -> Iterator[str]:
    """What a reader must know of the controls before the numbers."""
    modes = {arm.name: arm.hold[0].mode for arm in arms}
    for one in controls:
        if "silent" in one.kinds and MODES[modes[one.of]].in_proportion:
            yield (
                f"Silent latents are no control of {one.of}: what doesn't fire has nothing to take away, so that they "
                "do nothing at all. Look at its matched and random ones."
            )
    controlled = {one.of for one in controls}
    for arm in arms:
        if arm.name not in controlled:
            yield f"{arm.name} has no control of its own: nobody knows what another push of its size would do."


class _Drawing:
    """residuals: by layer (names, d_model). taken: never stand in."""

    def __init__(
        self, loaded: Loaded, residuals: Mapping[int, Tensor], taken: Collection[PlainTarget | None], seed: int
    ) -> None:
        self._loaded, self._residuals, self._taken, self._seed = loaded, residuals, taken, seed

    def stand_ins(self, held: Held, kind: ControlKind, n: int) -> Iterator[tuple[Held, str]]:
        """With what is known of each. Fewer than n where there are no more."""
        target = read_of(held.target)
        if kind == "random":
            for index in range(n):
                drawn = RandomTarget(like=target, seed=self._seed, index=index)
                yield held.model_copy(update={"target": drawn}), ""
            return
        name = self._dictionary(target)
        rates, own = self._rates(name, target)
        names = len(self._residuals[self._loaded.layer_of[name]])
        for latent in self._latents(name, target, kind, rates, own)[:n]:
            stand_in = LatentTarget(dictionary=name, latent=latent)
            fires = f"; it fires at {rates[latent]:.1%} of {names} names, the one it stands in for at {own:.1%}"
            yield held.model_copy(update={"target": stand_in} | self._strength(held, stand_in)), fires

    def _latents(
        self, name: str, target: PlainTarget, kind: ControlKind, rates: Sequence[float], own: float
    ) -> Sequence[int]:
        taken = {one.latent for one in self._taken if isinstance(one, LatentTarget) and one.dictionary == name}
        written = self._loaded.dictionaries[name].W_dec.float()
        pushed = target_of(self._loaded, target).direction.float().to(written.device)
        along = (torch.nn.functional.cosine_similarity(written, pushed, dim=-1) >= SAME).tolist()
        writes = (written.norm(dim=-1) > 0).tolist()
        free = [one for one in range(len(rates)) if one not in taken and writes[one] and not along[one]]
        # arms that push the same harder or softer have the same stand-ins, so that a dose has one band
        random.Random(f"{self._seed} {kind} {target.model_dump_json()}").shuffle(free)
        if kind == "silent":
            free = [latent for latent in free if rates[latent] == 0]
        else:
            free = sorted((one for one in free if rates[one] > 0), key=lambda latent: abs(rates[latent] - own))
        if not free:
            raise Refused(
                422,
                "no_control",
                f"Controls of the kind {kind} asked.",
                f"No latent of {name} is {kind} at these names.",
                "Ask for random ones.",
            )
        return free

    def _strength(self, held: Held, stand_in: LatentTarget) -> dict[str, float]:
        """In raw units, so that what is written has the norm that the arm writes."""
        if held.measured_in != "raw":
            return {}
        norms = [target_of(self._loaded, one).direction.norm().item() for one in (read_of(held.target), stand_in)]
        return {"strength": held.strength * norms[0] / norms[1]}

    @torch.inference_mode()
    def _rates(self, name: str, target: PlainTarget) -> tuple[list[float], float]:
        """Share of the names at which each latent fires, and at which the target does."""
        residuals = self._residuals[self._loaded.layer_of[name]]
        rates = (self._loaded.dictionaries[name].encode(residuals) > 0).float().mean(0).tolist()
        if isinstance(target, LatentTarget):
            return rates, rates[target.latent]
        reading = target_of(self._loaded, target).reading
        return rates, (residuals.float() @ reading.read + reading.bias > 0).float().mean().item()

    def _dictionary(self, target: PlainTarget) -> str:
        if isinstance(target, LatentTarget):
            return target.dictionary
        layer = target_of(self._loaded, target).layer
        for name in self._loaded.dictionaries:
            if self._loaded.layer_of[name] == layer:
                return name
        raise Refused(
            422,
            "no_control",
            f"Latents that stand in for {target_in_words(self._loaded, target)} asked.",
            f"No dictionary reads layer {layer}, which it is added to.",
            "Ask for random ones.",
        )


def _at_names(
    loaded: Loaded, questions: Sequence[Question], layers: Collection[int]
) -> Generator[None, None, dict[int, Tensor]]:
    """By layer (names, d_model), each name's last token as it is asked about; of many names some, drawn by a hash."""
    first = {question.name: question for question in questions[::-1]}
    some = sorted(first.values(), key=lambda one: draw(0, "read", one.taken.entity.type, one.taken.entity.name))
    rows = sorted((one.prompt.ids[1 : one.prompt.entity.end] for one in some[:MOST_NAMES]), key=len)
    begin = questions[0].prompt.ids[:1]  # BOS
    found: dict[int, list[Tensor]] = {layer: [] for layer in layers}
    while rows:
        passage = Passage(loaded.gemma, begin, rows[:CONTROL_NAMES_AT_ONCE], layers, "last")
        passage.read(max(layers))
        for layer in layers:
            found[layer].append(passage.residuals(layer))
        rows = rows[CONTROL_NAMES_AT_ONCE:]
        yield None
    return {layer: torch.cat(parts) for layer, parts in found.items()}
