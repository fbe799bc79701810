"""What one pair's circuit holds, and one name's.

Two trials of a pair, a known name's question (a) beside an unknown one's (b), one of default tests, one of groups:
    m                               in a, in b; m > 0 refuses
    group/ROLE/other, /off          change of m in a, in b; group/ROLE/nodes: how many
    group/ROLE/predicted            of the four changes, by the graph
    group/ROLE/other_a, …_b, off_a, off_b    of its random directions
    arrow/SOURCE/TARGET             share of the way in a, in b (TARGET m: of m); …/a, …/b of the random directions
    default/TEST                    m in a, in b; …/a, …/b of its controls
and of a name alone
    m
    fires                           values of the strongest recognising and of the strongest not recognising node

Knows nothing about figures.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.circuits.groups.arrows import way_to_other
from model_worker.circuits.groups.default_tests import default_tests
from model_worker.circuits.groups.gauges import RoleGauges
from model_worker.circuits.groups.group_runs import NO_ARROWS, GroupRuns, group_runs
from model_worker.circuits.groups.node_sets import by_role, n_nodes
from model_worker.circuits.groups.roles import Roles
from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.rounding import all_rounded
from model_worker.studies.patching.pairs import Pair
from model_worker.studies.shared.questions import Question, trial_of
from model_worker.studies.shared.script import TrialNumbers
from protocol.worker.circuits import Beside, CircuitRequest
from protocol.worker.requests import Span
from protocol.worker.studies import CircuitsRequest
from protocol.worker.study_frames import Trial

SIDE_KEYS = ("a", "b")


@dataclass(frozen=True)
class Measuring:
    """gemma: as `widened`."""

    loaded: Loaded
    gemma: Gemma
    request: CircuitsRequest
    roles: Roles

    def tested(self, pair: Pair, number: int) -> Iterator[Trial | None]:
        """Where the model can't know the name: the quick part."""
        inquiry = inquiry_of(self.loaded, self.gemma, self.request, pair.clean, pair.corrupted)
        yield None
        numbers: TrialNumbers = {"m": all_rounded(inquiry.m)}
        tried = yield from default_tests(inquiry, self.roles)
        for test, sides in tried.items():
            numbers[f"default/{test}"] = all_rounded(one.m for one in sides)
            for side, one in zip(SIDE_KEYS, sides, strict=True):
                numbers[f"default/{test}/{side}"] = _numbers(one.controls)
        yield _pair_trial(pair, number, numbers)

    def clamped(self, pair: Pair, number: int) -> Iterator[Trial | None]:
        """What every group does."""
        inquiry = inquiry_of(self.loaded, self.gemma, self.request, pair.clean, pair.corrupted)
        yield None
        numbers: TrialNumbers = {"m": all_rounded(inquiry.m)}
        sets = by_role(inquiry, self.roles)
        if not self.request.rest:
            sets.pop("rest", None)
        gauges, runs = RoleGauges(inquiry, sets), []
        for role in sets:
            runs.append((yield from group_runs(inquiry, role, sets, gauges)))
            numbers |= _of_group(inquiry, runs[-1])
        yield _pair_trial(pair, number, numbers | _of_arrows(inquiry, runs))

    def alone(self, question: Question, number: int) -> Iterator[Trial | None]:
        inquiry = inquiry_of(self.loaded, self.gemma, self.request, question)
        yield None
        last = question.prompt.entity.end - 1
        values = [
            inquiry.activations[0][layer][last, index].item() for layer, index in role_leaders(self.roles).values()
        ]
        yield trial_of(question, number, numbers={"m": all_rounded(inquiry.m), "fires": all_rounded(values)})


def inquiry_of(
    loaded: Loaded, gemma: Gemma, request: CircuitsRequest, question: Question, beside: Question | None = None
) -> Inquiry:
    asked = CircuitRequest(
        model=loaded.card.id,
        prompt=question.text,
        entity=_span(question),
        beside=None if beside is None else Beside(prompt=beside.text, entity=_span(beside)),
        basis=request.basis,
        dictionaries=request.dictionaries,
        target=request.target,
        n_controls=request.n_controls,
        seed=request.seed,
    )
    return read_inquiry(loaded, gemma, asked)


def role_leaders(roles: Roles) -> Mapping[str, tuple[int, int]]:
    """Layer and index of the node at the name's last token that recognises best, and of that which best doesn't."""
    found = {}
    for name, sign in (("recognised", 1.0), ("not_recognised", -1.0)):
        best = {layer: (sign * own).max(0) for (place, layer), own in roles.r.items() if place == "name_last"}
        layer = max(best, key=lambda one: best[one].values.item())
        found[name] = (layer, int(best[layer].indices))
    return found


def _pair_trial(pair: Pair, number: int, numbers: TrialNumbers) -> Trial:
    return Trial(
        seq=0,
        trial=number,
        name=pair.clean.name,
        attribute=pair.clean.attribute.name,
        prompt=f"{pair.clean.text} | {pair.corrupted.text}",
        numbers=numbers,
    )


def _span(question: Question) -> Span:
    return question.prompt.span


def _of_group(inquiry: Inquiry, runs: GroupRuns) -> TrialNumbers:
    key = f"group/{runs.role}"
    found: TrialNumbers = {f"{key}/nodes": (float(n_nodes(runs.masks)),)}
    predicted = []
    for name, sides in (("other", runs.to_other), ("off", runs.off)):
        found[f"{key}/{name}"] = all_rounded(one.ran.m[0].item() - inquiry.m[one.which] for one in sides)
        predicted += [one.predicted for one in sides]
        for side, one in zip(SIDE_KEYS, sides, strict=True):
            random = torch.zeros(0) if one.random is None else one.random.m - inquiry.m[one.which]
            found[f"{key}/{name}_{side}"] = _numbers(random)
    return found | {f"{key}/predicted": all_rounded(predicted)}


def _of_arrows(inquiry: Inquiry, runs: list[GroupRuns]) -> TrialNumbers:
    found: TrialNumbers = {}
    roles = [one.role for one in runs if one.role not in NO_ARROWS]
    for source in runs:
        if source.role in NO_ARROWS or not all(one.ran.norms for one in source.to_other):
            continue
        for target in (*(role for role in roles if role != source.role), None):
            if target is not None and not all(target in one.ran.moved for one in source.to_other):
                continue
            key = f"arrow/{source.role}/{target or 'm'}"
            found[key] = all_rounded(way_to_other(inquiry, one, one.ran, target)[0].item() for one in source.to_other)
            for side, one in zip(SIDE_KEYS, source.to_other, strict=True):
                if one.random is not None:
                    found[f"{key}/{side}"] = _numbers(way_to_other(inquiry, one, one.random, target))
    return found


def _numbers(values: Tensor) -> tuple[float, ...]:
    return all_rounded(values.tolist())
