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
# fails if one is beyond rounding. Intervals that were drawn by a bootstrap are not drawn again. Figures that are not
# counted again (of attention, patching, a search, and what needs activations) are drawn as they were recorded, and
# each says so.
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


def quantities():
    """What is read at each prompt: its name, and how."""
    for place, target in enumerate(REQUEST["watch"]):
        name = f"latent {target['latent']} of {target['dictionary']}"
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


def auroc():
    for name, read in quantities():
        for other in ("right", "refused"):
            ours = np.array([read(t) for t in TRIALS if word(t, "baseline") in CLASSES["wrong or invented"]])
            theirs = np.array([read(t) for t in TRIALS if word(t, "baseline") == other])
            if len(ours) and len(theirs):
                over = ours[:, None] - theirs[None]
                numbers = {"AUROC": ((over > 0) + 0.5 * (over == 0)).mean(), "n misfires": len(ours)}
                yield {"read": name, "wrong or invented": f"against {other}"}, numbers


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


def norms():
    for place, where in enumerate(("base, statement", "chat, statement", "chat, question")):
        read = np.array([trial["numbers"][f"place{place}/norm"] for trial in READ])
        for layer, mean in enumerate(read.mean(0)):
            yield {"layer": layer, "place": where}, {"mean |resid_post|": mean}


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
    },
    "label": {"attributes": attributes} | ({} if RECORDED["part"] else {"labels": labels, "thresholds": thresholds}),
    "knowledge": {"shift": shift, "prompts": prompts},
    "uncertainty": {"outcomes": untouched},
    "transfer": {"norms": norms},
}.get(REQUEST["kind"], {})
TOLERANCE = 1e-5  # of a number's own size: it was recorded with six digits

worst: dict[str, float] = {}
for figure in RECORDED["figures"]:
    if not figure["rows"]:
        print(f"{figure['id']}: has no row")
        continue
    if figure["id"] not in COUNTED:
        print(f"{figure['id']}: drawn below as it was recorded; it is not counted again here")
        continue
    heads = [column["name"] for column in figure["columns"]]
    rows = [dict(zip(heads, row, strict=True)) for row in figure["rows"]]
    n_numbers, largest, matched = 0, 0.0, 0
    for words, numbers in COUNTED[figure["id"]]():
        same = [row for row in rows if all(row[head] == value for head, value in words.items())]
        matched += len(same)
        for row in same:
            for head, value in numbers.items():
                then = row[head]
                if then is None or value is None:
                    assert then is None and value is None, (figure["id"], words, head)
                    continue
                n_numbers += 1
                largest = max(largest, abs(then - value) / max(1.0, abs(then)))
    worst[figure["id"]] = largest
    print(f"{figure['id']}: {n_numbers} numbers in {matched} of {len(rows)} rows, largest difference {largest:.2g}")
    assert matched == len(rows), f"{figure['id']}: {len(rows) - matched} rows were not counted again"

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
