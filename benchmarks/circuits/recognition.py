"""`python -m benchmarks.circuits.recognition --model gemma-3-270m`: why the study's tests turn out as they do.

Of the study's pairs, the known name's question (and the unknown one's, for what is taken from it):
1. what m of two tokens is made of, which circuits had at first: whether the one against refusing is the name's own
   first token
2. the study's tests and stronger ones, each read by m, by the log-odds of refusing and by the likeliest token:
     hidden from the end; hidden from all tokens behind the name
     the name's last token, or all of the name, as the unknown name has it after each layer: the most that anything
     that stands there can do
     what the role rule calls recognised, off; that and what it calls not recognised, as on the unknown name
     the difference of means of the card, pushed as validated; its reading set to the unknown name's
   each beside random directions as long at the same places, hidden tokens beside as many others
3. how well nodes and direction tell names apart that they weren't chosen on: AUROC

Written to build/circuits, from where `make circuits-report` takes it. Nothing here is a test.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
import torch
from torch import Tensor

from benchmarks.circuits.changed_runs import end_of, hidden, random_like, replaced, said_after
from benchmarks.circuits.report import KEPT, Asking
from model_worker.circuits.groups.clamp import Clamp, scaled, to_other
from model_worker.circuits.groups.node_sets import by_role
from model_worker.circuits.groups.roles import RoleBook, Roles
from model_worker.circuits.groups.sites import Masks
from model_worker.circuits.inquiry import Inquiry
from model_worker.circuits.sequence_pass import widened
from model_worker.circuits.target import TwoTokens
from model_worker.model.loading import Loaded, load
from model_worker.model.pieces import token_text
from model_worker.model.registry import read_registry, row_of
from model_worker.steering.interventions import resolved_direction
from model_worker.studies.circuits.measure import inquiry_of, role_leaders
from model_worker.studies.patching.pairs import pairs_of
from model_worker.studies.shared.questions import questions_of
from model_worker.studies.shared.statistics import wilson
from protocol.app.experiments.directions import direction_of, held_along
from protocol.circuit import GroupRole
from protocol.steering import VectorTarget
from protocol.worker.circuits import OpeningTarget
from protocol.worker.studies import CircuitsRequest

CLEAR = 1.0
N_RANDOM = 4
STRICT_R = 0.7


@dataclass
class Outcomes:
    """Of one test over pairs: m and log-odds after it, what the likeliest token is; m and log-odds of its controls,
    pooled."""

    m: list[float] = field(default_factory=list)
    refuses: list[float] = field(default_factory=list)
    begins: Counter[str] = field(default_factory=Counter)
    random_m: list[float] = field(default_factory=list)
    random_refuses: list[float] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.circuits.recognition", description=__doc__)
    parser.add_argument("--model", default="gemma-3-270m")
    parser.add_argument("--basis", default="latents", choices=("latents", "neurons"))
    parser.add_argument("--pairs", type=int, default=44)
    options = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load(row_of(read_registry(()), options.model))
    request = Asking(options.model, options.basis, options.pairs, 8, 40, N_RANDOM, False).request
    request = request.model_copy(update={"target": OpeningTarget(weighs="two")})
    KEPT.mkdir(parents=True, exist_ok=True)
    for lines in _reports(loaded, request):
        (KEPT / f"{options.model}-{options.basis}-recognition.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def _reports(loaded: Loaded, request: CircuitsRequest) -> Iterator[list[str]]:
    """One after every few pairs, of all so far."""
    gemma = widened(loaded.gemma)
    pairs = pairs_of(end_of(questions_of(loaded, request.asked)).questions, request)
    first = inquiry_of(loaded, gemma, request, pairs[0].clean)
    apart = [one.taken.entity.name for pair in pairs for one in (pair.clean, pair.corrupted)]
    roles = end_of(RoleBook(request.n_role_names).roles(first, apart))
    found = Found(loaded, request, roles)
    for number, pair in enumerate(pairs, 1):
        inquiry = inquiry_of(loaded, gemma, request, pair.clean, pair.corrupted)
        found.add(inquiry, pair.clean.attribute.name, number)
        if number % TOLD_EVERY == 0 or number == len(pairs):
            yield list(found.told())


@dataclass
class Found:
    """Of the pairs so far."""

    loaded: Loaded
    request: CircuitsRequest
    roles: Roles
    n_pairs: int = 0
    echoed: list[bool] = field(default_factory=list)
    outcomes: dict[str, Outcomes] = field(default_factory=lambda: defaultdict(Outcomes))
    by_type: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    readings: dict[str, tuple[list[float], list[float]]] = field(default_factory=lambda: defaultdict(lambda: ([], [])))
    instead: Counter[str] = field(default_factory=Counter)

    def add(self, inquiry: Inquiry, attribute: str, number: int) -> None:
        self.n_pairs += 1
        _read(inquiry, self.roles, self.readings)
        if not (inquiry.m[0] < -CLEAR and inquiry.m[1] > CLEAR):
            return
        assert isinstance(inquiry.target, TwoTokens)
        _, against = inquiry.target.ids
        self.echoed.append(_same_word(self.loaded, against, inquiry.a.ids[inquiry.a.prompt.entity.start]))
        for test, x, random in _tests(inquiry, self.roles, number):
            _add(self.outcomes[test], inquiry, x, random, against)
            if test == HIDDEN_BEHIND:
                said = said_after(inquiry, x)
                self.by_type[attribute].append(said.refuses.item() > 0)
                self.instead[token_text(self.loaded.tokenizer, int(said.top)).strip()] += 1

    def told(self) -> Iterator[str]:
        name, basis, clear = self.loaded.card.id, self.request.basis, len(self.echoed)
        yield f"### Why: what the tests read, and what stronger ones do ({name}, {basis})"
        yield ""
        yield (
            f"By `python -m benchmarks.circuits.recognition --model {name} --basis {basis}`. {clear} clear pairs of "
            f"{self.n_pairs}, known names alone; {N_RANDOM} random directions each, or windows of other tokens. "
            f"The token against refusing is the name's own first one in {sum(self.echoed)} of {clear}: this model's "
            "answers begin so. Here m compares it with the token that opens a refusal, as circuits did at first; "
            "“refuses” is what m is now, the log-odds of all tokens that open one against all others; “begins”: "
            "what the likeliest token is."
        )
        yield ""
        head = "| test | m, median | m > 0 | controls | refuses (log-odds > 0) | low | high | controls "
        yield head + "| begins: refusing | as before | the unknown name | else |"
        yield "|---" * 12 + "|"
        for test, own in self.outcomes.items():
            yield _row(test, own)
        yield ""
        hid = "; ".join(f"{kind} {sum(own)} of {len(own)}" for kind, own in sorted(self.by_type.items()))
        first = ", ".join(f"“{token}” {n}" for token, n in self.instead.most_common(6))
        yield f"Hidden from all tokens behind it, refused by attribute: {hid}. It begins with {first}."
        yield ""
        yield from _apart(self.roles, self.readings)
        yield ""


TOLD_EVERY = 4
HIDDEN_BEHIND = "name hidden from all behind it"


def _same_word(loaded: Loaded, one: int, other: int) -> bool:
    return token_text(loaded.tokenizer, one).strip() == token_text(loaded.tokenizer, other).strip()


def _tests(inquiry: Inquiry, roles: Roles, number: int) -> Iterator[tuple[str, Tensor, Tensor | None]]:
    """Name, the last residual (1, d_model), that of its controls."""
    side, other = inquiry.sides
    start, end = side.prompt.entity.start, side.prompt.entity.end
    yield "untouched", side.residuals[-1][-1:], None
    windows = [one for one in range(1, side.n_pos - (end - start)) if one + end - start <= start or one >= end]
    spread = [windows[place * len(windows) // N_RANDOM] for place in range(min(N_RANDOM, len(windows)))]
    for words, alone in (("name hidden from the end", True), (HIDDEN_BEHIND, False)):
        rows = hidden(side, [start, *spread], end - start, from_end_alone=alone)
        yield words, rows[:1], rows[1:]
    for layer in sorted(inquiry.dictionaries)[::2] or range(3, inquiry.gemma.n_layers, 4):
        own, theirs = side.residuals[layer], other.residuals[layer]
        for words, at in (("last name token", slice(end - 1, end)), ("whole name", slice(start, end))):
            yield f"{words} as the unknown name's, L{layer}", *_pushed(inquiry, layer, at, theirs[at] - own[at], number)
    sets = by_role(inquiry, roles)
    both = _joined([sets.get("recognised", {}), sets.get("not_recognised", {})])
    strict = _strictly(inquiry, roles)
    for words, clamp, strength in (
        ("recognised off", scaled(inquiry, 0, sets.get("recognised", {})), -1.0),
        (f"the same of r > {STRICT_R:g} alone, off", scaled(inquiry, 0, strict), -1.0),
        (f"the same of r > {STRICT_R:g} alone, as the unknown name's", to_other(inquiry, 0, strict), 1.0),
        ("recognised as the unknown name's", to_other(inquiry, 0, sets.get("recognised", {})), 1.0),
        ("recognised and not recognised as the unknown name's", to_other(inquiry, 0, both), 1.0),
    ):
        if clamp.sites:
            yield words, *_clamped(clamp, strength)
    known = direction_of(inquiry.loaded.card, "known")
    held = held_along(known)
    if known and held:
        push = resolved_direction(inquiry.loaded, held, side.prompt.entity, side.prompt.tokens).delta(-known.strength)
        delta = (push.constant * push.write).expand(end - start, -1)
        words = f"pushed away from “{known.label}”, {known.strength:g} r̄, L{push.layer}"
        yield words, *_pushed(inquiry, push.layer, slice(start, end), delta, number)
    pushed = known.target.name if known and isinstance(known.target, VectorTarget) else ""
    for vector in inquiry.loaded.card.vectors:
        if vector.name != pushed:
            continue
        unit = torch.nn.functional.normalize(inquiry.loaded.vectors[vector.name].float(), dim=-1)
        gap = (other.residuals[vector.layer][end - 1] - side.residuals[vector.layer][end - 1]) @ unit
        words = f"{vector.name} read as the unknown name's, last name token"
        yield words, *_pushed(inquiry, vector.layer, slice(end - 1, end), (gap * unit).unsqueeze(0), number)


def _pushed(inquiry: Inquiry, layer: int, at: slice, delta: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """delta (pos, d_model), added after the layer; and the same along random directions."""
    side = inquiry.a
    rows = torch.cat([delta.unsqueeze(0), random_like(delta, N_RANDOM, 1_000 * number + layer)])
    x = side.residuals[layer][at.start :].expand(len(rows), -1, -1).clone()
    x[:, : at.stop - at.start] += rows
    last = replaced(side, layer, at.start, x)
    return last[:1], last[1:]


def _clamped(clamp: Clamp, strength: float) -> tuple[Tensor, Tensor]:
    ran = end_of(clamp.ran([strength]))
    norms = {layer: own[0] for layer, own in ran.norms.items()}
    return ran.x, end_of(clamp.controls(norms, N_RANDOM, clamp.inquiry.request.seed)).x


def _strictly(inquiry: Inquiry, roles: Roles) -> Masks:
    """What recognises beyond doubt, at the name's last token."""
    column = inquiry.positions(0).index(inquiry.a.prompt.entity.end - 1)
    found = {}
    for layer, own in inquiry.activations[0].items():
        r = roles.r.get(("name_last", layer))
        if r is not None and (r > STRICT_R).any():
            found[layer] = torch.zeros_like(own, dtype=torch.bool)
            found[layer][column] = r > STRICT_R
    return found


def _joined(sets: Sequence[Masks]) -> Masks:
    found: dict[int, Tensor] = {}
    for one in sets:
        for layer, mask in one.items():
            found[layer] = found[layer] | mask if layer in found else mask
    return found


def _add(outcomes: Outcomes, inquiry: Inquiry, x: Tensor, random: Tensor | None, opening: int) -> None:
    said = said_after(inquiry, x)
    outcomes.m.append(said.m.item())
    outcomes.refuses.append(said.refuses.item())
    firsts = [own.ids[own.prompt.entity.start] for own in inquiry.sides]
    top = int(said.top)
    if inquiry.loaded.opens_refusal[top]:
        outcomes.begins["refusal"] += 1
    elif top == opening:
        outcomes.begins["same"] += 1
    else:
        outcomes.begins["other name" if _same_word(inquiry.loaded, top, firsts[1]) else "else"] += 1
    if random is not None and len(random):
        beside = said_after(inquiry, random)
        outcomes.random_m += beside.m.tolist()
        outcomes.random_refuses += beside.refuses.tolist()


def _row(test: str, own: Outcomes) -> str:
    n, refused = len(own.m), sum(one > 0 for one in own.refuses)
    low, high = wilson(refused, n) or (0.0, 1.0)
    cells = [
        test,
        f"{median(own.m):.2f}",
        f"{sum(one > 0 for one in own.m) / n:.2f}",
        _share(own.random_m),
        f"{refused / n:.2f}",
        f"{low:.2f}",
        f"{high:.2f}",
        _share(own.random_refuses),
        *(f"{own.begins[what] / n:.2f}" for what in ("refusal", "same", "other name", "else")),
    ]
    return "| " + " | ".join(cells).replace("-", "−") + " |"


def _share(values: Sequence[float]) -> str:
    return f"{np.mean([one > 0 for one in values]):.2f}" if values else ""


def _read(inquiry: Inquiry, roles: Roles, readings: dict[str, tuple[list[float], list[float]]]) -> None:
    """Of both names: the leader of each role, the sum of each role's group, the card's vectors; at the last token."""
    leaders = role_leaders(roles)
    roled: tuple[GroupRole, ...] = ("recognised", "not_recognised")
    sets = by_role(inquiry, roles)
    for which, side in enumerate(inquiry.sides):
        last = side.prompt.entity.end - 1
        column = inquiry.positions(which).index(last)
        for role in roled:
            layer, index = leaders[role]
            readings[f"strongest {role.replace('_', ' ')}, L{layer} #{index}"][which].append(
                inquiry.activations[which][layer][column, index].item()
            )
            whole = sum(
                (inquiry.activations[which][at][column] * mask[column]).sum().item()
                for at, mask in sets.get(role, {}).items()
            )
            readings[f"all that is {role.replace('_', ' ')}, summed"][which].append(whole)
        for vector in inquiry.loaded.card.vectors:
            unit = torch.nn.functional.normalize(inquiry.loaded.vectors[vector.name].float(), dim=-1)
            readings[f"{vector.name}"][which].append((side.residuals[vector.layer][last] @ unit).item())


def _apart(roles: Roles, readings: dict[str, tuple[list[float], list[float]]]) -> Iterator[str]:
    yield (
        f"Roles were read off {roles.n_known} known and {roles.n_unknown} unknown names. Told apart on the pairs, on "
        "which nothing was chosen (AUROC of known against unknown; half is chance):"
    )
    yield ""
    yield "| reads | AUROC | known, median | unknown, median |"
    yield "|---|---|---|---|"
    for name, (known, unknown) in readings.items():
        a, b = np.array(known), np.array(unknown)
        auroc = float((a[:, None] > b).mean() + 0.5 * (a[:, None] == b).mean())
        yield f"| {name} | {auroc:.2f} | {median(known):.4g} | {median(unknown):.4g} |".replace("-", "−")
    counts = {
        place: {
            layer: ((own > bound).sum().item(), (own < -bound).sum().item())
            for (at, layer), own in roles.r.items()
            if at == place
        }
        for place, bound in (("name_last", 0.4), ("end", 0.3))
    }
    yield ""
    yield (
        "Nodes with a role, recognised | not, at the name's last token: "
        + ", ".join(f"L{layer} {high} | {low}" for layer, (high, low) in sorted(counts["name_last"].items()))
        + "; say the answer | can't answer, at the end: "
        + ", ".join(f"L{layer} {high} | {low}" for layer, (high, low) in sorted(counts["end"].items()))
        + "."
    )


if __name__ == "__main__":
    main()
