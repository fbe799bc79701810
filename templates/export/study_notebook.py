"""The cells of a study's exported notebook, in the percent format: app/exports/study/notebook.py puts in the record.
Nothing here is imported by us, and nothing of ours is imported here: public libraries alone.
"""

# ruff: noqa: E402

# %% [markdown] what-this-is
# # A study, counted again
#
# This notebook counts the figures of a Hallucinoscope study again from the trials that were recorded, with `numpy`
# alone, and draws them with `plotly`. Nothing of the instrument that made the recording is used, and no model: what
# the model answered is taken as it was recorded. Whether it still answers so is what *Verify* on the study's page asks.
#
# Every figure is printed with how many of its numbers were counted again and the largest difference; the last cell
# fails if one is beyond rounding. Student's intervals, those of names drawn again, p-values and F1 are not counted
# again. What needs the residual stream, which no recording holds (probes, differences of means, what latents read in
# it, FVU, the tokens that a head writes, fits to neurons' activations) is drawn as it was recorded, and each such
# figure says so.
#
# Needs: `pip install numpy plotly`

# %% record
import json

# What was recorded, as data: nothing in it is run.
RECORDED = json.loads(r"""RECORDED_JSON""")


def line(text: str) -> str:
    """On one line, without what would steer a terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


print("Finding  ", RECORDED["finding"]["slug"], "of", RECORDED["finding"]["created"])
print("Title    ", line(RECORDED["finding"]["title"]))
print("Study    ", RECORDED["request"]["kind"], "of", RECORDED["model"]["id"], RECORDED["model"]["sha256"][:12])
print("Trials   ", len(RECORDED["trials"]), RECORDED["part"])
print("Note     ", line(RECORDED["finding"]["note"]) or "none")
print("Recording", RECORDED["finding"]["recording_sha256"])

# %% [markdown] how-it-is-counted
# ## How shares are counted
#
# A share is hits over prompts, its interval 95 % by Wilson (1927). An arm's controls are arms of their own: their mean,
# their least and most, and the standard deviation between them.

# %% counting
import base64
import hashlib
from collections import Counter
from itertools import pairwise

import numpy as np

REQUEST, NAMES, ARMS, TRIALS = (RECORDED[key] for key in ("request", "names", "arms", "trials"))
OUTCOMES = RECORDED["outcomes"]
BY = REQUEST.get("by", [])


def wilson(hits: int, n: int) -> tuple[float, float]:
    z, share = 1.959963984540054, hits / n
    middle, half = share + z * z / (2 * n), z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return (low if hits else 0.0), (high if hits < n else 1.0)


def newcombe(hits: int, n: int, other_hits: int, n_other: int) -> tuple[float, float, float]:
    """A share less another, low, high (Newcombe 1998, method 10)."""
    (low, high), (other_low, other_high) = wilson(hits, n), wilson(other_hits, n_other)
    one, other = hits / n, other_hits / n_other
    down = ((one - low) ** 2 + (other_high - other) ** 2) ** 0.5
    up = ((high - one) ** 2 + (other - other_low) ** 2) ** 0.5
    return one - other, one - other - down, one - other + up


EARLIER = {
    "known - unknown": "known − unknown",
    "pushed - original": "pushed − original",
    "mean |resid_post|": "mean |x|",
}


def rows_of(figure: dict) -> list[dict]:
    """By column, by the names that it has now."""
    heads = [EARLIER.get(column["name"], column["name"]) for column in figure["columns"]]
    return [dict(zip(heads, row, strict=True)) for row in figure["rows"]]


def refused(answer: dict) -> bool:
    return answer["outcome"] == "refused"


def refused_by_paper(answer: dict) -> bool:
    return answer["paper_phrase"] is not None


def word(trial: dict, by: str) -> str:
    return trial["answers"][0]["outcome"] if by == "baseline" else NAMES[trial["name"]][by]


def cells(by: list[str]) -> dict[tuple, list[dict]]:
    found: dict[tuple, list[dict]] = {}
    for trial in TRIALS:
        found.setdefault(tuple(word(trial, one) for one in by), []).append(trial)
    return found


def main_arms() -> list[int]:
    return [number for number, arm in enumerate(ARMS) if number and arm["control_of"] is None]


def controls(arm: int, kind: str | None = None) -> list[int]:
    own = (number for number, one in enumerate(ARMS) if one["control_of"] == arm)
    return [number for number in own if kind in (None, ARMS[number]["control_kind"])]


def kinds(arm: int) -> list[str]:
    return [kind for kind in ("silent", "matched", "random") if controls(arm, kind)]


def share(trials: list[dict], arm: int, hit=refused) -> tuple[float, float, float]:
    """Value, low, high."""
    hits = sum(hit(trial["answers"][arm]) for trial in trials)
    return hits / len(trials), *wilson(hits, len(trials))


def spread(trials: list[dict], arms: list[int], hit=refused) -> tuple[float, float, float, float | None]:
    """Mean, least, most, standard deviation, over arms."""
    shares = [sum(hit(trial["answers"][arm]) for trial in trials) / len(trials) for arm in arms]
    return np.mean(shares), min(shares), max(shares), np.std(shares, ddof=1) if len(shares) > 1 else None


def tally(trials: list[dict], arms: list[int]) -> dict[str, int]:
    found = Counter(trial["answers"][arm]["outcome"] for trial in trials for arm in arms)
    return {"n": found.total()} | {outcome: found[outcome] for outcome in OUTCOMES}


# %% [markdown] the-figures
# ## The figures, row by row
#
# Each function gives the rows of one figure: the words that name a row, and the numbers that were counted again.

# %% answers
PAPERS = "refused, paper's rule"


def outcomes(by: list[str]):
    for words, own in cells(by).items():
        where = {" · ".join(by): " · ".join(words)}
        for arm in (0, *main_arms()):
            name = {"arm": ARMS[arm]["name"]}
            numbers = tally(own, [arm])
            for head, hit in (("refused", refused), (PAPERS, refused_by_paper)):
                numbers |= zip((f"{head}, share", f"{head}, low", f"{head}, high"), share(own, arm, hit), strict=True)
            yield where | name | {"series": "arm"}, numbers
            for kind in kinds(arm):
                numbers = tally(own, controls(arm, kind)) | {"control arms": len(controls(arm, kind))}
                for head, hit in (("refused", refused), (PAPERS, refused_by_paper)):
                    *three, sd = spread(own, controls(arm, kind), hit)
                    numbers |= zip((f"{head}, share", f"{head}, low", f"{head}, high"), three, strict=True)
                    numbers |= {"sd": sd} if head == "refused" else {}
                yield where | name | {"series": f"{kind} controls"}, numbers


def flips():
    for arm in main_arms():
        for (before,), own in cells(["baseline"]).items():
            after = tally(own, [arm])
            for outcome in OUTCOMES:
                numbers = {"n": after[outcome], "of them": after[outcome] / len(own)}
                yield {"arm": ARMS[arm]["name"], "untouched": before, "steered": outcome}, numbers


def strengths() -> list[tuple[int, float]]:
    idle = RECORDED["idle"]
    return sorted([(0, idle), *((arm, REQUEST["arms"][arm - 1]["hold"][0]["strength"]) for arm in main_arms())])


def dose():
    for words, own in cells(BY).items():
        for arm, strength in strengths():
            where = {" · ".join(BY): " · ".join(words), "strength": strength}
            for outcome in OUTCOMES:
                value, low, high = share(own, arm, lambda answer, outcome=outcome: answer["outcome"] == outcome)
                yield where | {"outcome": outcome}, {"n": len(own), "share": value, "low": low, "high": high}
            if controls(arm):
                value, low, high, _ = spread(own, controls(arm))
                yield where | {"outcome": "refused, controls"}, {"share": value, "low": low, "high": high}


def logodds():
    for words, own in cells(BY).items():
        for arm, strength in strengths():
            where = {" · ".join(BY): " · ".join(words), "strength": strength}
            mean = np.mean([trial["answers"][arm]["refusal_logodds"] for trial in own])
            yield where | {"series": "arm"}, {"n": len(own), "mean log-odds": mean}
            others = [np.mean([trial["answers"][one]["refusal_logodds"] for trial in own]) for one in controls(arm)]
            if others:
                numbers = {"mean log-odds": np.mean(others), "low": min(others), "high": max(others)}
                yield where | {"series": "controls"}, numbers


def repeated(answer: dict) -> float:
    pairs = list(pairwise(answer["text"].split()))
    return 1 - len(set(pairs)) / len(pairs) if pairs else 0.0


GUARDS = {
    "KL of the first answer token, nats": lambda answer: answer["kl_nats"],
    "cost to the untouched model, nats per token": lambda answer: answer["surprise_nats"],
    "repeated word pairs, share": repeated,
    "broken answers, share": lambda answer: float(answer["outcome"] == "broken"),
}


def coherence():
    for measure, number in GUARDS.items():
        for arm in (0, *main_arms()):
            for series, arms in (("arm", [arm]), ("controls", controls(arm))):
                values = [number(trial["answers"][one]) for trial in TRIALS for one in arms]
                values = [value for value in values if value is not None]
                if values:
                    yield {"measure": measure, "arm": ARMS[arm]["name"], "series": series}, {"mean": np.mean(values)}


def scopes():
    for words, own in cells(BY).items():
        for arm in (0, *main_arms()):
            where = {" · ".join(BY): " · ".join(words), "arm": ARMS[arm]["name"]}
            yield where | {"series": "arm"}, dict(zip(("refused", "low", "high"), share(own, arm), strict=True))
            if controls(arm):
                three = spread(own, controls(arm))[:3]
                yield where | {"series": "controls"}, dict(zip(("refused", "low", "high"), three, strict=True))


CLASSES = {"wrong or invented": ("wrong", "invented"), "right": ("right",), "refused": ("refused",)}


LAYER_OF = {one["id"]: one["layer"] for one in RECORDED["dictionaries"]}


def as_recorded(name: str, target: dict) -> str:
    """A latent as this recording names it: earlier ones spelled its dictionary."""
    spelled = f"latent {target['latent']} of {target['dictionary']}"
    said = {cell for figure in RECORDED["figures"] for row in figure["rows"] for cell in row[:1]}
    return spelled if spelled in said else name


def quantities():
    """What is read at each prompt: its name, and how."""
    for place, target in enumerate(REQUEST["watch"]):
        name = as_recorded(f"L{LAYER_OF[target['dictionary']]} #{target['latent']}", target)
        yield name, lambda trial, place=place: trial["numbers"]["watched"][place]
    yield "refusal log-odds", lambda trial: trial["answers"][0]["refusal_logodds"]


def misfires():
    quartiles = {"least": 0, "lower quartile": 0.25, "median": 0.5, "upper quartile": 0.75, "most": 1}
    groups = {name: [t for t in TRIALS if word(t, "baseline") in which] for name, which in CLASSES.items()}
    groups |= {f"{outcome}, {group}": own for (outcome, group), own in cells(["baseline", "group"]).items()}
    for name, read in quantities():
        for answer, own in groups.items():
            values = np.quantile([read(trial) for trial in own], list(quartiles.values())) if own else [None] * 5
            yield {"read": name, "answer": answer}, {"n": len(own)} | dict(zip(quartiles, values, strict=True))


# Before there were two views, all pairs were counted with attributes mixed.
VIEWED = any(column["name"] == "view" for figure in RECORDED["figures"] for column in figure["columns"])


def about(trial: dict) -> str:
    return f"{NAMES[trial['name']]['type']}: {trial['attribute']}"


def views(errors: list[dict], others: list[dict], read):
    """Of all pairs and of those about one attribute: the view, AUROC, number of pairs."""
    same = np.array([[about(one) == about(other) for other in others] for one in errors], dtype=bool)
    over = np.array([read(one) for one in errors])[:, None] - np.array([read(other) for other in others])[None]
    won = (over > 0) + 0.5 * (over == 0)
    if won.size:
        yield "all questions, attributes mixed", won.mean(), won.size
    if won.size and same.any():
        yield "same attribute", won[same].mean(), int(same.sum())


def auroc():
    ours = [trial for trial in TRIALS if word(trial, "baseline") in CLASSES["wrong or invented"]]
    for name, read in quantities():
        for other in ("right", "refused"):
            theirs = [trial for trial in TRIALS if word(trial, "baseline") == other]
            for view, value, pairs in views(ours, theirs, read):
                where = {"read": name, "wrong or invented": f"against {other}"}
                if VIEWED:
                    yield where | {"view": view}, {"AUROC": value, "n misfires": len(ours), "pairs": pairs}
                elif view != "same attribute":
                    yield where, {"AUROC": value, "n misfires": len(ours)}


def ablation():
    for untouched, which in CLASSES.items():
        own = [trial for trial in TRIALS if word(trial, "baseline") in which]
        for arm in main_arms() if own else ():
            where = {"untouched": untouched, "arm": ARMS[arm]["name"]}
            yield where | {"series": "arm"}, dict(zip(("refused", "low", "high"), share(own, arm), strict=True))
            for kind in kinds(arm):
                three = spread(own, controls(arm, kind))[:3]
                numbers = dict(zip(("refused", "low", "high"), three, strict=True))
                yield where | {"series": f"{kind} controls"}, numbers


# %% risk-under-a-push
def judged(arms: list[int]) -> list[dict]:
    """Answers with a risk that are right, wrong or invented, each with its trial; of names that are in no fit."""
    held_out = (trial for trial in TRIALS if trial["numbers"].get("held_out") == [1.0])
    every = (trial | {"said": trial["answers"][arm]} for trial in held_out for arm in arms)
    outcomes = ("right", "wrong", "invented")
    return [one for one in every if one["said"].get("risk") is not None and one["said"]["outcome"] in outcomes]


def pushed():
    """Of each arm, and of its controls together: arm, series, answers."""
    for arm in (0, *main_arms()):
        for series, arms in (("arm", [arm]), ("random directions", controls(arm))):
            if arms:
                yield ARMS[arm]["name"], series, judged(arms)


def errs(one: dict) -> bool:
    return one["said"]["outcome"] != "right"


def pushed_risk():
    for arm, series, own in pushed():
        errors, right = [one for one in own if errs(one)], [one for one in own if not errs(one)]
        for read, key in (("risk", "risk"), ("entropy", "entropy_nats")):
            found = {view: (value, n) for view, value, n in views(errors, right, lambda one, key=key: one["said"][key])}
            within, mixed = (
                found.get("same attribute", (None, 0)),
                found.get("all questions, attributes mixed", (None, 0)),
            )
            numbers = {"answers": len(own), "wrong": len(errors), "AUROC": within[0], "pairs": within[1]}
            where = {"arm": arm, "read": read if series == "arm" else f"{read}, {series}"}
            yield where, numbers | {"AUROC, attributes mixed": mixed[0]}


def pushed_calibration():
    for arm, series, own in pushed():
        if not own:
            continue
        risk, wrong = np.array([one["said"]["risk"] for one in own]), np.array([errs(one) for one in own])
        parts, above = np.minimum((10 * risk).astype(int), 9), risk >= 0.5
        numbers = {
            "answers": len(own),
            "mean risk": risk.mean(),
            "end wrong": wrong.mean(),
            "gap": (wrong - risk).mean(),
            "ECE": sum(abs((wrong - risk)[parts == part].sum()) for part in range(10)) / len(own),
            "errors held back at 0.5": above[wrong].mean() if wrong.any() else None,
            "right ones held back at 0.5": above[~wrong].mean() if not wrong.all() else None,
        }
        yield {"arm": arm, "series": series}, numbers


def pushed_recall():
    for arm, series, own in pushed():
        for group in {word(one, "group") for one in own if errs(one)}:
            risks = np.array([one["said"]["risk"] for one in own if errs(one) and word(one, "group") == group])
            numbers = {"errors": len(risks), "held back": (risks >= 0.5).mean()}
            yield {"group": group, "arm": arm, "series": series}, numbers


# %% labels-and-yes-or-no
def recalled() -> dict[int, list[int]]:
    """Of each name whose attributes were all asked about: how many samples of each are right."""
    right: dict[int, list[int]] = {}
    for trial in TRIALS:
        n = sum(one["outcome"] == "right" for one in trial["answers"] if one["sample"] > 0)
        right.setdefault(trial["name"], []).append(n)
    return right


def label(right: list[int], k: int, tau: int) -> str:
    n = sum(one >= k for one in right)
    return "known" if n >= tau else "between" if n else "unknown"


def labels():
    found = {name: label(right, REQUEST["k"], REQUEST["tau"]) for name, right in recalled().items()}
    for kind, group in {(NAMES[name]["type"], NAMES[name]["group"]) for name in found}:
        own = [what for name, what in found.items() if (NAMES[name]["type"], NAMES[name]["group"]) == (kind, group)]
        for one in ("known", "between", "unknown"):
            n = own.count(one)
            low, high = wilson(n, len(own))
            numbers = {"n": len(own), "names": n, "share": n / len(own), "low": low, "high": high}
            yield {"type": kind, "group": group, "label": one}, numbers


def thresholds():
    right = recalled()
    for kind in ("all types", *{NAMES[name]["type"] for name in right}):
        own = [one for name, one in right.items() if kind in ("all types", NAMES[name]["type"])]
        for tau in range(1, max(map(len, own)) + 1):
            for k in range(1, REQUEST["n_samples"] + 1):
                found = Counter(label(one, k, tau) for one in own)
                for one in ("known", "between", "unknown"):
                    words = {"type": kind, "tau": tau, "k": k, "label": one}
                    yield words, {"names": found[one], "share": found[one] / len(own)}


def attributes():
    asked = {(NAMES[trial["name"]]["type"], trial["attribute"]) for trial in TRIALS}
    for kind, attribute in asked:
        own = [t for t in TRIALS if (NAMES[t["name"]]["type"], t["attribute"]) == (kind, attribute)]
        numbers = tally(own, [0])
        low, high = wilson(numbers["right"], len(own))
        samples = [one["outcome"] == "right" for trial in own for one in trial["answers"][1:]]
        numbers |= {"right, share": numbers["right"] / len(own), "low": low, "high": high}
        yield {"type": kind, "attribute": attribute}, numbers | {"samples right, share": np.mean(samples)}


def shift():
    for kind in ("all", *{NAMES[trial["name"]]["type"] for trial in TRIALS}):
        for group in ("known", "unknown"):
            own = [
                t for t in TRIALS if NAMES[t["name"]]["label"] == group and kind in ("all", NAMES[t["name"]]["type"])
            ]
            if not own:
                continue
            read = {key: np.array([t["numbers"][key] for t in own]) for key in ("original", "pushed", "random")}
            for arm, values in read.items():
                if not values.size:
                    continue
                moved = values - read["original"]
                numbers = {"yes − no": values.mean(), "shift": moved.mean(), "prompts": len(own)}
                numbers["flipped"] = ((values > 0) != (read["original"] > 0)).mean()
                yield {"type": kind, "group": group, "arm": arm}, numbers


def prompts():
    for trial in TRIALS:
        name, read = NAMES[trial["name"]], trial["numbers"]
        words = {"name": name["name"], "type": name["type"], "group": name["label"]}
        numbers = {
            "original": read["original"][0],
            "pushed": read["pushed"][0],
            "yes and no together": read["together"][0],
        }
        yield words, numbers | {"random, mean": np.mean(read["random"]) if read["random"] else None}


def untouched():
    for (kind, group), own in cells(["type", "group"]).items():
        found = tally(own, [0])
        for outcome in OUTCOMES:
            words = {"type": kind, "group": group, "outcome": outcome}
            yield words, {"answers": found[outcome], "prompts": len(own), "share": found[outcome] / len(own)}


# %% norms-of-both-models
READ = [trial for trial in TRIALS if not trial["answers"]]
PLACES_READ = ("base, statement", "chat, statement", "chat, question")


def norms():
    for place, where in enumerate(PLACES_READ):
        read = np.array([trial["numbers"][f"place{place}/norm"] for trial in READ])
        for layer, mean in enumerate(read.mean(0)):
            yield {"layer": layer, "place": where}, {"mean |x|": mean}


# %% answers-without-a-direction
WAYS = {"paper": "paper's edit", "exact": "exact"}
EDITS_READ = {"untouched": "untouched"} | WAYS
ANSWERED = [trial for trial in TRIALS if trial["answers"]]


def separation_of(values: dict[str, np.ndarray], role: str) -> dict[str, float | None]:
    """values: activations by label."""
    known, unknown = values["known"], values["unknown"]
    own, other = (known, unknown) if role == "known" else (unknown, known)
    numbers = {"f known": np.mean(known > 0), "f unknown": np.mean(unknown > 0)}
    fires, others = int((own > 0).sum()), int((other > 0).sum())
    over = own[:, None] - other[None]
    numbers |= zip(
        ("separation", "separation, low", "separation, high"),
        newcombe(fires, len(own), others, len(other)),
        strict=True,
    )
    return numbers | {"AUROC": ((over > 0) + 0.5 * (over == 0)).mean()}


READING = [row for one in RECORDED["figures"] if one["id"] == "reading" for row in rows_of(one)]


def reading():
    for place, where in enumerate(PLACES_READ):
        for role in ("known", "unknown"):
            read = {
                label: np.array(
                    [t["numbers"][f"place{place}/{role}"][0] for t in READ if NAMES[t["name"]]["label"] == label]
                )
                for label in ("known", "unknown")
            }
            if all(map(len, read.values())):
                row = next(one for one in READING if one["role"] == role)
                yield {"dictionary": row["dictionary"], "place": where}, separation_of(read, role)


def projection():
    for role, way in [*((role, way) for role in ("known", "unknown") for way in EDITS_READ), ("random", "untouched")]:
        left = np.array([trial["numbers"][f"left/{role}/{way}"] for trial in ANSWERED]).mean(0)
        for layer, value in enumerate(left, -1):
            weights = "random directions, untouched" if role == "random" else EDITS_READ[way]
            words = {"layer": layer, "weights": weights}
            yield words if role == "random" else words | {"role": role}, {"mean |x · d̂|": value}


def without_a_direction():
    groups: dict[str, list[dict]] = {}
    for trial in ANSWERED:
        groups.setdefault(NAMES[trial["name"]]["group"], []).append(trial)
    for group, own in groups.items():
        for outcome in OUTCOMES:
            where = {"group": group, "outcome": outcome}
            hits = [sum(trial["answers"][arm]["outcome"] == outcome for trial in own) for arm in range(len(ARMS))]
            for arm in (0, *main_arms()):
                low, high = wilson(hits[arm], len(own))
                numbers = {"answers": hits[arm], "prompts": len(own), "share": hits[arm] / len(own)}
                yield where | {"arm": ARMS[arm]["name"]}, numbers | {"low": low, "high": high}
            for way in WAYS.values():
                drawn = [
                    hits[number] / len(own)
                    for number, arm in enumerate(ARMS)
                    if arm["control_of"] is not None and arm["name"].endswith(f", {way}")
                ]
                if drawn:
                    numbers = {"share": np.mean(drawn), "low": min(drawn), "high": max(drawn)}
                    yield where | {"arm": f"− random, {way}"}, numbers


# %% patching
TOLD_PARTS = {
    "name_first": "name, first",
    "name_middle": "name, between",
    "name_last": "name, last",
    "question": "rest of question",
    "template": "template",
    "opening": "answer so far",
    "last": "last token",
}
TOLD_PLACES = {"first": "where the answers part", "value": "the right value"}
TOLD_SOURCES = {"": "from the known name", "control_": "control: from another unknown name"}


def numbers_of(name: str) -> np.ndarray:
    """Of the trials that have them, one a row."""
    return np.array([trial["numbers"][name] for trial in TRIALS if name in trial["numbers"]], dtype=float)


def brought_back():
    for place, told in TOLD_PLACES.items():
        for prefix, source in TOLD_SOURCES.items():
            for part, words in TOLD_PARTS.items():
                values = numbers_of(f"{place}/{prefix}residual/{part}")
                for layer, value in enumerate(values.mean(0) if len(values) else ()):
                    where = {"place and source": f"{told}, {source}", "tokens": words, "layer": layer}
                    yield where, {"brought back": value, "pairs": len(values)}


def brought_back_by_heads():
    for place, told in TOLD_PLACES.items():
        for prefix, source in TOLD_SOURCES.items():
            values = numbers_of(f"{place}/{prefix}heads")
            for (layer, head), value in zip(heads_of("heads"), values.mean(0) if len(values) else (), strict=False):
                where = {"place and source": f"{told}, {source}", "layer": layer, "head": head}
                yield where, {"brought back": value, "pairs": len(values)}


def heads_of(figure: str) -> list[tuple[int, int]]:
    """(layer, head), in the order in which trials count them."""
    rows = rows_of(next(one for one in RECORDED["figures"] if one["id"] == figure))
    return sorted({(row["layer"], row["head"]) for row in rows})


# %% attention
AIM = {"known": "unknown", "unknown": "known"}  # a push towards one is tried on names of the other


def attention_to(label: str) -> np.ndarray:
    """(prompts, arms, heads)."""
    n_heads = len(heads_of("heads"))
    own = [t["numbers"]["attention"] for t in TRIALS if "attention" in t["numbers"] and label_of(t) == label]
    return np.array(own, dtype=float).reshape(len(own), -1 if own else 1, n_heads)


def differences(own: np.ndarray) -> np.ndarray:
    """Of (prompts, arms, heads): pushed less original."""
    return own[:, 1:] - own[:, :1]


def label_of(trial: dict) -> str:
    return NAMES[trial["name"]]["label"]


def looking():
    known, unknown = attention_to("known")[:, 0], attention_to("unknown")[:, 0]
    columns = {"known names": known, "unknown names": unknown}
    columns |= {"writes towards the answer": numbers_of("to_answer")}
    columns |= {"known names, before the value": numbers_of("value_attention")}
    columns |= {"writes towards the value": numbers_of("to_value")}
    means = {name: values.mean(0) for name, values in columns.items() if len(values)}
    if len(known) and len(unknown):
        means["known − unknown"] = known.mean(0) - unknown.mean(0)
    for place, (layer, head) in enumerate(heads_of("heads")):
        yield {"layer": layer, "head": head}, {name: values[place] for name, values in means.items()}


def band(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.quantile(values, RECORDED["band"] if len(values) >= RECORDED["fewest_of_a_band"] else (0, 1), axis=0)


def shifted(role: str):
    changed = differences(attention_to(AIM[role]))
    mean = changed[:, 0].mean(0)
    low, high = band(changed[:, 1:].mean(0)) if changed.shape[1] > 1 else (None, None)
    for place, (layer, head) in enumerate(heads_of("heads")):
        numbers = {"pushed − original": mean[place]}
        if low is not None:
            outside = not low[place] <= mean[place] <= high[place]
            numbers |= {"random low": low[place], "random high": high[place], "outside of the random band": outside}
        yield {"layer": layer, "head": head}, numbers


def by_prompt():
    layer_of = {one["id"]: one["layer"] for one in RECORDED["dictionaries"]}
    for role in AIM:
        if REQUEST[role] is None:
            continue
        layer = layer_of[REQUEST[role]["target"]["dictionary"]]
        behind = [place for place, (own, _) in enumerate(heads_of("heads")) if own > layer]
        means = differences(attention_to(AIM[role]))[:, :, behind].mean(-1)
        for place in range(means.shape[1]):
            numbers = {"pushed − original": means[:, place].mean()}
            if place and len(means) > 1:
                two = means[:, 0], means[:, place]
                numbers["t"] = (two[0].mean() - two[1].mean()) / sum(x.var(ddof=1) / len(x) for x in two) ** 0.5
            direction = f"random {place}" if place else "the latent"
            yield {"push": f"towards {role}", "direction": direction}, numbers


def knocked_out():
    measured = {"answer": "refusal log-odds", "value": "log-probability of the right value"}
    for place, panel in measured.items():
        own = numbers_of(f"cut_{place}")
        if not len(own):
            continue
        changed = (own[:, 1:] - own[:, :1]).reshape(len(own), len(REQUEST["knockout"]), -1)
        for at, cut in enumerate(REQUEST["knockout"]):
            where, sets = {"measured": panel, "cut": cut}, changed[:, at, 1:].mean(0)
            yield where | {"heads": "chosen heads"}, {"change": changed[:, at, 0].mean()}
            if len(sets):
                numbers = zip(("change", "low", "high"), (sets.mean(), *band(sets)), strict=True)
                yield where | {"heads": "as many other heads"}, dict(numbers)


# %% errors-and-right-answers
def side(trial: dict) -> str | None:
    """Refused, broken and unjudged answers are on neither."""
    greedy, *samples = (answer["outcome"] for answer in trial["answers"])
    if greedy not in ("right", "wrong", "invented"):
        return None
    right = samples.count("right") >= REQUEST["k"] if samples else greedy == "right"
    return "right" if right else "error"


def tested(kind: str) -> dict[str, list[dict]]:
    """Trials of the test half by side."""
    found: dict[str, list[dict]] = {"error": [], "right": []}
    for trial in TRIALS:
        name = NAMES[trial["name"]]
        if side(trial) and name["split"] == "test" and kind in ("all", name["type"]):
            found[side(trial)].append(trial)
    return found


def without_a_dictionary():
    for kind in ("all", *{NAMES[trial["name"]]["type"] for trial in TRIALS}):
        own = tested(kind)
        n = {"errors": len(own["error"]), "right answers": len(own["right"])}
        yield {"type": kind}, n
        for key, name in {"entropy": "first token, entropy", "surprise": "first token, −log p"}.items():
            for view, value, pairs in views(
                own["error"], own["right"], lambda trial, key=key: trial["numbers"][key][0]
            ):
                where = {"type": kind, "score": name}
                if VIEWED:
                    told = view if kind == "all" else f"{kind}, {view}"
                    yield where | {"view": told}, {"AUROC": value, "pairs": pairs}
                elif view != "same attribute":
                    yield where, {"AUROC": value}


def boxed():
    for kind in {NAMES[trial["name"]]["type"] for trial in TRIALS}:
        own = tested(kind)
        answers = Counter(
            "invented" if trial["answers"][0]["outcome"] == "invented" else "wrong" for trial in own["error"]
        )
        answers["right"] = len(own["right"])
        yield from (({"type": kind, "answer": answer}, {"prompts": n}) for answer, n in answers.items() if n)


# %% a-search
def fired() -> tuple[dict[tuple, Counter], Counter]:
    """By dictionary, type, label and split: on how many names each latent fired, and of how many."""
    counts: dict[tuple, Counter] = {}
    n: Counter = Counter()
    for one in RECORDED["tallies"]:
        key = one["dictionary"], one.get("type"), one.get("label"), one.get("split")
        wide = "<u4" if one["kind"] == "corpus" else "<u2"
        latents, times = (
            np.frombuffer(base64.b64decode(one[which]), kind) for which, kind in (("latents", "<u4"), ("counts", wide))
        )
        counts.setdefault(key, Counter()).update(dict(zip(latents.tolist(), times.tolist(), strict=True)))
        n[key] += one["n"]
    return counts, n


COUNTS, N_TALLIED = fired()


def tallied(row: dict, kind: str | None, label: str | None, split: str | None) -> tuple[int, int]:
    key = row["dictionary"], kind, label, split
    return COUNTS[key][row["latent"]], N_TALLIED[key]


def tallied_types(dictionary: str, split: str) -> list[str]:
    sides = {(kind, label) for own, kind, label, of in N_TALLIED if (own, of) == (dictionary, split)}
    return sorted(kind for kind, label in sides if label == "known" and (kind, "unknown") in sides)


def ranked():
    for row in rows_of(next(one for one in RECORDED["figures"] if one["id"] == "latents")):
        numbers, order = {}, ("known", "unknown") if row["side"] == "known" else ("unknown", "known")
        for split in ("train", "test"):
            apart, ends = [], []
            for kind in tallied_types(row["dictionary"], split):
                if row["of"] in ("every type", kind):
                    value, low, high = newcombe(*(x for one in order for x in tallied(row, kind, one, split)))
                    apart.append(value)
                    ends.append((low, high))
            numbers[split] = min(apart)
        numbers |= zip(("low", "high"), (min(own) for own in zip(*ends, strict=True)), strict=True)
        if (row["dictionary"], None, None, None) in N_TALLIED:
            hits, n = tallied(row, None, None, None)
            numbers["ordinary text"] = hits / n
        yield {head: row[head] for head in ("side", "rank", "of", "dictionary", "latent")}, numbers


def shares_by_type():
    for row in rows_of(next(one for one in RECORDED["figures"] if one["id"] == "types")):
        numbers = {}
        for head, label in (("fires on known", "known"), ("on unknown", "unknown")):
            hits, n = tallied(row, row["type"], label, "test")
            numbers[head] = hits / n
        yield {head: row[head] for head in ("side", "rank", "dictionary", "latent", "type")}, numbers


# %% circuits
CLEAR = 1.0  # logits: by how much a pair's known name is answered and its unknown one refused, at least
HOSTS = {"a": "known name", "b": "unknown name"}


def clear_pairs(part: str) -> list[dict[str, np.ndarray]]:
    pairs = [trial["numbers"] for trial in TRIALS if any(key.startswith(f"{part}/") for key in trial["numbers"])]
    pairs = [one for one in pairs if one["m"][0] < -CLEAR and one["m"][1] > CLEAR]
    return [{key: np.array(values) for key, values in one.items()} for one in pairs]


def quarters(values: list[float]) -> dict[str, float]:
    return dict(zip(("quarter", "three quarters"), np.quantile(values, (0.25, 0.75)), strict=True))


def of_groups():
    for change, words in {"other": "set to the other's values", "off": "taken away"}.items():
        for role, name in RECORDED["groups"].items():
            key = f"group/{role}"
            own = [one for one in clear_pairs("group") if f"{key}/{change}" in one]
            for which, (side, host) in enumerate(HOSTS.items()):
                if not own:
                    continue
                m = np.array([one["m"][which] for one in own])
                moved = np.array([one[f"{key}/{change}"][which] for one in own])
                random = [one[f"{key}/{change}_{side}"] for one in own]
                turned = int(((m + moved) * m < 0).sum())
                low, high = wilson(turned, len(own))
                chance = [((start + by) * start < 0).mean() for start, by in zip(m, random, strict=True) if len(by)]
                numbers = {
                    "moves m by": np.median(moved),
                    "graph predicts": np.median(
                        [one[f"{key}/predicted"][which + 2 * (change == "off")] for one in own]
                    ),
                    "random directions": np.median(np.concatenate(random)) if chance else None,
                    "answer turns": turned / len(own),
                    "turns, low": low,
                    "turns, high": high,
                    "turns at random": np.mean(chance) if chance else None,
                    "pairs": len(own),
                    "nodes": int(np.median([one[f"{key}/nodes"][0] for one in own])),
                }
                yield {"change": words, "group": name, "in": host}, numbers | quarters(moved)


def of_arrows():
    pairs = clear_pairs("group")
    called = RECORDED["groups"] | {"m": "m"}
    for key in {key for one in pairs for key in one if key.startswith("arrow/") and key.count("/") == 2}:
        own = [one for one in pairs if key in one]
        _, source, target = key.split("/")
        for which, (side, host) in enumerate(HOSTS.items()):
            moved = [one[key][which] for one in own]
            random = np.concatenate([one.get(f"{key}/{side}", ()) for one in own])
            low, high = band(random) if len(random) else (None, None)
            numbers = {
                "share of the way": np.median(moved),
                "random, low": low,
                "random, high": high,
                "pairs": len(own),
            }
            yield {"in": host, "from": called[source], "to": called[target]}, numbers | quarters(moved)


def of_default_tests():
    for test, words in RECORDED["default_tests"].items():
        own = [one for one in clear_pairs("default") if f"default/{test}" in one]
        for which, (side, host) in enumerate(HOSTS.items()):
            if not own:
                continue
            m = np.array([one[f"default/{test}"][which] for one in own])
            others = np.concatenate([one[f"default/{test}/{side}"] for one in own])
            low, high = wilson(int((m > 0).sum()), len(own))
            numbers = {
                "m after it": np.median(m),
                "refuses": (m > 0).mean(),
                "refuses, low": low,
                "refuses, high": high,
                "controls refuse": (others > 0).mean() if len(others) else None,
                "pairs": len(own),
            }
            yield {"test": words, "in": host}, numbers | quarters(m)


def of_tiers():
    # Of neurons it takes each one's mean on known and on unknown names, which no trial holds.
    counted = {"refuses": lambda one: one["m"][0] > 0}
    if REQUEST["basis"] == "latents":
        counted["recognised fires"] = lambda one: one["fires"][0] > 0
        counted["not recognised fires"] = lambda one: one["fires"][1] > 0
    tiers: dict[str, list[dict]] = {}
    for trial in TRIALS:
        if "fires" in trial["numbers"]:
            tiers.setdefault(NAMES[trial["name"]]["group"], []).append(trial["numbers"])
    for tier, own in tiers.items():
        for what, is_so in counted.items():
            hits = sum(map(is_so, own))
            low, high = wilson(hits, len(own))
            yield {"tier": tier, "what": what}, {"share": hits / len(own), "low": low, "high": high, "names": len(own)}


# %% neurons
LABELLED = [trial for trial in TRIALS if trial["numbers"]]  # what is asked with neurons turned reads nothing
SIDES = {"right": ("right",), "error": ("wrong", "invented"), "refused": ("refused",)}
FOLDS = 5
UNFITTED = {
    "entropy at the value": lambda numbers: numbers["entropy"][0],
    "−log p of the likeliest, at the value": lambda numbers: numbers["surprise"][0],
    "entropy over the value's tokens, mean": lambda numbers: numbers["span"][0],
    "entropy at the answer's first token": lambda numbers: numbers["first"][0],
    "value's length, tokens": lambda numbers: numbers["value"][1] - numbers["value"][0],
}


def sided(trial: dict, k: int) -> str:
    """Greedy and at least k samples agree on it; else mixed."""
    greedy, *samples = (answer["outcome"] for answer in trial["answers"])
    for one, which in SIDES.items():
        if greedy in which and (not samples or sum(sample in which for sample in samples) >= k):
            return one
    return "mixed"


def asked_and_answered():
    found: dict[tuple, Counter] = {}
    for trial in LABELLED:
        found.setdefault((word(trial, "type"), word(trial, "group")), Counter())[sided(trial, REQUEST["k"])] += 1
    for (kind, group), own in found.items():
        for one in (*SIDES, "mixed"):
            numbers = {"questions": own[one], "share": own[one] / own.total()}
            yield {"type": kind, "group": group, "side": one}, numbers


def fold_numbers(keys: list[str]) -> list[int]:
    """The greatest groups first, each into the fold that has the fewest rows; of equals by a hash."""

    def drawn(key: str) -> float:
        digest = hashlib.blake2b("\x1f".join([str(REQUEST["seed"]), "fold", key]).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "little") / 2**64

    n, sizes, found = Counter(keys), [0] * FOLDS, {}
    for key in sorted(n, key=lambda one: (-n[one], drawn(one))):
        found[key] = sizes.index(min(sizes))
        sizes[found[key]] += n[key]
    return [found[key] for key in keys]


def reading_errors():
    """What isn't fitted, among names of one fold; of everything else how many errors and right answers there are."""
    rows = [one for one in LABELLED if sided(one, REQUEST["k"]) in ("right", "error") and "value" in one["numbers"]]
    folds = fold_numbers([f"{word(one, 'type')} {word(one, 'name')}" for one in rows])
    is_error = np.array([sided(one, REQUEST["k"]) == "error" for one in rows], dtype=bool)
    counts = {"errors": int(is_error.sum()), "right": int((~is_error).sum())}
    every = rows_of(next(one for one in RECORDED["figures"] if one["id"] == "readers"))
    for row in every:
        if row["role"] != "control":
            yield {"read": row["read"], "view": row["view"]}, counts
    strata = {"same attribute": [(about(one), fold) for one, fold in zip(rows, folds, strict=True)]}
    strata["all questions, attributes mixed"] = folds
    for view, own in strata.items():
        same = np.array([[one == other for other in own] for one in own], dtype=bool)[is_error][:, ~is_error]
        for name, read in UNFITTED.items():
            values = np.array([read(one["numbers"]) for one in rows])
            over = values[is_error][:, None] - values[~is_error][None]
            won = ((over > 0) + 0.5 * (over == 0))[same]
            yield {"read": name, "view": view}, {"AUROC": won.mean() if won.size else None, "pairs": won.size}


def agreeing():
    for k in range(REQUEST["k"], REQUEST["n_samples"] + 1):
        by = Counter(sided(trial, k) for trial in LABELLED)
        numbers = {"right": by["right"], "wrong": by["error"], "refused": by["refused"], "mixed": by["mixed"]}
        yield {"samples that agree": str(k)}, numbers


def turned() -> dict[str, list[dict]]:
    """Trials with neurons turned, by group; a false premise is what nobody was asked before."""
    before, found = {trial["prompt"] for trial in LABELLED}, {}
    for trial in TRIALS:
        if not trial["numbers"]:
            own = {"known": "recalled", "unknown": "unknown"}.get(word(trial, "group"), "not recalled")
            found.setdefault(own if trial["prompt"] in before else "false premise", []).append(trial)
    return found


def said_under(trial: dict, arms: list[int]) -> list[str]:
    return [answer["outcome"] for answer in trial["answers"] if answer["arm"] in arms]


def sets_turned() -> list[str]:
    every = {answer["arm"] for own in turned().values() for trial in own for answer in trial["answers"]}
    return [of for of in ("H-neurons", "refusing neurons") if any(f"{of}, " in ARMS[arm]["name"] for arm in every)]


def arms_of(of: str, factor: float) -> tuple[list[int], list[int]]:
    """Themselves, and random sets; untouched it is the same arm."""
    if factor == 1:
        return [0], [0]
    own = next(number for number, arm in enumerate(ARMS) if arm["name"] == f"{of}, ×{factor:g}")
    return [own], controls(own)


def dial_shares():
    for of in sets_turned():
        for group, own in turned().items():
            for factor in sorted({*REQUEST["dial"]["alphas"], 1.0}):
                for whose, arms in zip(("themselves", "random"), arms_of(of, factor), strict=True):
                    panel = f"{of}: {group}" + (", random sets" if whose == "random" else "")
                    each = [Counter(said for trial in own for said in said_under(trial, [arm])) for arm in arms]
                    n = sum(one.total() for one in each)
                    for outcome in OUTCOMES if n else ():
                        hits = sum(one[outcome] for one in each)
                        shares = [one[outcome] / one.total() for one in each if one.total()]
                        low, high = wilson(hits, n) if whose == "themselves" else (min(shares), max(shares))
                        where = {"set and group": panel, "factor": f"×{factor:g}", "whose": whose, "outcome": outcome}
                        yield where, {"prompts": len(own), "share": hits / n, "low": low, "high": high}


TURNED_TO = {
    "recalled": ("right answers about what is recalled", ("right",)),
    "not recalled": ("errors about what is not recalled", SIDES["error"]),
    "unknown": ("inventions about unknown names", SIDES["error"]),
    "false premise": ("compliance with false premises", SIDES["error"]),
}


def dial_slopes():
    highest = REQUEST["dial"]["alphas"][-1]
    for of in sets_turned():
        (own_arm,), random = arms_of(of, highest)
        for group, own in turned().items():
            for words, which in (TURNED_TO[group], ("refused", ("refused",)), ("not judged", ("broken",))):

                def share_under(arm: int, own=own, which=which) -> float:
                    return np.mean([said in which for trial in own for said in said_under(trial, [arm])])

                slopes = [(share_under(arm) - share_under(0)) / (highest - 1) for arm in (own_arm, *random)]
                numbers = {"per unit of the factor": slopes[0], "prompts": len(own)}
                numbers |= {"random, low": min(slopes[1:]), "random, high": max(slopes[1:])}
                yield {"set": of, "group": group, "outcomes": words}, numbers


# %% counted-again
COUNTED = {
    "answers": {
        "pooled": lambda: outcomes([one for one in BY if one != "type"]),
        "outcomes": lambda: outcomes(BY),
        "flips": flips,
        "dose": dose,
        "logodds": logodds,
        "coherence": coherence,
        "scopes": scopes,
        "misfires": misfires,
        "auroc": auroc,
        "ablation": ablation,
        "pushed_risk": pushed_risk,
        "pushed_calibration": pushed_calibration,
        "pushed_recall": pushed_recall,
    },
    "label": {"attributes": attributes} | ({} if RECORDED["part"] else {"labels": labels, "thresholds": thresholds}),
    "knowledge": {"shift": shift, "prompts": prompts},
    "uncertainty": {
        "outcomes": untouched,
        "baselines": without_a_dictionary,
        "types": without_a_dictionary,
        "boxes": boxed,
    },
    "transfer": {"norms": norms, "reading": reading, "projection": projection, "answers": without_a_direction},
    "patching": {"residual": brought_back, "heads": brought_back_by_heads},
    "attention": {
        "heads": looking,
        "shift_known": lambda: shifted("known"),
        "shift_unknown": lambda: shifted("unknown"),
        "significance": by_prompt,
        "knockout": knocked_out,
    },
    "discover": {"latents": ranked, "types": shares_by_type},
    "circuits": {"groups": of_groups, "arrows": of_arrows, "defaults": of_default_tests, "misfires": of_tiers},
    "neurons": {
        "labels": asked_and_answered,
        "readers": reading_errors,
        "agreement": agreeing,
        "dial": dial_shares,
        "slopes": dial_slopes,
    },
}.get(REQUEST["kind"], {})
NOT_HELD = {
    "readers": "the fitted scores, answer by answer, for all AUROCs but of what is not fitted",
    "sweep": "activations of all neurons, which the fits were made of",
    "reliability": "the fitted scores, answer by answer",
    "neurons": "activations of all neurons, which the fits were made of",
    "layers": "activations of all neurons, which the fits were made of",
    "sets": "the fits that chose these neurons",
    "transfer": "activations of all neurons, for a fit of each type",
    "origin": "activations of all neurons, in the base too",
    "verdicts": "the fits, and names drawn again",
}
"""Of the study of neurons: what a figure is made of and no recording holds."""
IN_PART = {"reading"}  # dictionaries whose latents nobody asked about have an FVU alone
if REQUEST.get("basis") == "neurons":
    IN_PART.add("misfires")
if REQUEST["kind"] == "neurons":
    IN_PART.add("readers")
TOLERANCE = 1e-5  # of a number's own size: it was recorded with six digits


def needs(figure: dict) -> str:
    """The rest of it."""
    if REQUEST["kind"] != "neurons" or figure["id"] not in NOT_HELD:
        return ""
    rest = "the rest" if figure["id"] in COUNTED else "it"
    return f"; {rest} needs {NOT_HELD[figure['id']]}, which no recording holds"


worst: dict[str, float] = {}
for figure in RECORDED["figures"]:
    if not figure["rows"]:
        print(f"{figure['id']}: has no row")
        continue
    if figure["id"] not in COUNTED:
        print(f"{figure['id']}: drawn below as it was recorded; it is not counted again here{needs(figure)}")
        continue
    rows = rows_of(figure)
    n_numbers, largest, counted = 0, 0.0, set()
    for words, numbers in COUNTED[figure["id"]]():
        places = [n for n, row in enumerate(rows) if all(row[head] == value for head, value in words.items())]
        same = [rows[n] for n in places]
        counted.update(places)
        for row in same:
            for head, value in numbers.items():
                then = row[head]
                if then is None or value is None:
                    assert then is None and value is None, (figure["id"], words, head)
                    continue
                n_numbers += 1
                largest = max(largest, abs(then - value) / max(1.0, abs(then)))
    worst[figure["id"]] = largest
    left = len(rows) - len(counted)
    in_rows = f"{len(counted)} of {len(rows)} rows"
    print(f"{figure['id']}: {n_numbers} numbers in {in_rows}, largest difference {largest:.2g}{needs(figure)}")
    assert not left or figure["id"] in IN_PART, f"{figure['id']}: {left} rows were not counted again"

# %% drawn
import plotly.graph_objects as go
from plotly.subplots import make_subplots


def drawn(figure: dict) -> go.Figure | None:
    """A figure as its table says: x, y and interval by series, a plot for each panel."""
    plot, rows = figure["plot"], figure["rows"]
    if plot is None or not rows or plot["form"] in ("heat", "box"):
        return None
    panels = list(dict.fromkeys("" if plot["panel"] is None else str(row[plot["panel"]]) for row in rows))
    made = make_subplots(rows=len(panels), cols=1, subplot_titles=panels, vertical_spacing=0.4 / len(panels))
    by = plot["series"] if plot["series"] is not None else plot["role"]
    for number, panel in enumerate(panels, 1):
        here = [row for row in rows if plot["panel"] is None or str(row[plot["panel"]]) == panel]
        for series in dict.fromkeys(None if by is None else row[by] for row in here):
            own = [row for row in here if by is None or row[by] == series]
            x, y = [row[plot["x"]] for row in own], [row[plot["y"]] for row in own]
            around = None
            if plot["low"] is not None and plot["high"] is not None:
                above = [(row[plot["high"]] or row[plot["y"]] or 0) - (row[plot["y"]] or 0) for row in own]
                below = [(row[plot["y"]] or 0) - (row[plot["low"]] or 0) for row in own]
                around = {"type": "data", "symmetric": False, "array": above, "arrayminus": below}
            kind = go.Bar if plot["form"] == "bars" else go.Scatter
            made.add_trace(kind(x=x, y=y, name=str(series), error_y=around, showlegend=number == 1), number, 1)
    return made.update_layout(title=line(figure["title"]), height=120 + 240 * len(panels))


pictures = [picture for figure in RECORDED["figures"] if (picture := drawn(figure))]
for figure in RECORDED["figures"]:
    print(line(figure["title"]), "|", line(figure["claim"]) or "no claim")

# %% shown
for picture in pictures:
    picture.show()

# %% verdict
beyond = {name: largest for name, largest in worst.items() if largest > TOLERANCE}
print("counted again:", ", ".join(worst) or "no figure of this kind of study", "| beyond rounding:", beyond or "none")
assert not beyond, beyond
