"""The cells of an exported circuit's notebook, in the percent format: app/exports/circuit/notebook.py cuts them apart,
puts in the record, and behind it those cells of notebook.py that load the model. Nothing here is imported by us, and
nothing of ours is imported here: public libraries alone.
"""

# ruff: noqa: E402, F821

# %% [markdown] what-this-is
# # A circuit, measured again
#
# This notebook repeats what a Hallucinoscope finding measured of a circuit, with public libraries alone: `torch`,
# `transformers`, `sae_lens`, `safetensors`. Nothing of the instrument that made the recording is used. It loads the
# model and the dictionaries, tokenises the prompts, and compares:
#
# 1. the token ids of each prompt,
# 2. m on each: the difference of two logits, after the model's own cap, at the last token,
# 3. what m does where one node is set to the value that it has on the other prompt (or to 0 where there is none), by a
#    plain forward hook,
# 4. what m does where all nodes of the group that the claim is about are set so in one pass.
#
# What the graph itself says (gradients, edges) is no measurement, and is not repeated here. Every comparison is printed
# as recorded, reproduced, difference; the last cell fails if one is beyond its tolerance.
#
# Needs: `pip install torch transformers sae-lens safetensors`, and `gguf` where packages are fetched

# %% record
import json

# What was recorded, as data: nothing in it is run.
RECORDED = json.loads(r"""RECORDED_JSON""")


def line(text: str) -> str:
    """On one line, without what would steer a terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


print("Finding  ", RECORDED["finding"]["slug"], "of", RECORDED["finding"]["created"])
print("Title    ", line(RECORDED["finding"]["title"]))
for side in RECORDED["sides"]:
    print("Asked    ", line(side["prompt"]))
print("Claim    ", line(RECORDED["claim"]) or "none was measured")
print("Note     ", line(RECORDED["finding"]["note"]) or "none")
print("Recording", RECORDED["finding"]["recording_sha256"])

# %% [markdown] tokens
# ## The prompts
#
# What was typed is put into the chat template, or taken as it is; BOS stands once. What is said already of the answer
# comes behind it. What a user types is never read as a control token.

# %% tokenise
if RECORDED["precision"] == "float32":
    model.float()  # computed in float32, whatever the weights are stored in

PLACE = "\ue000"  # marks where the typed text goes; no template holds it


def ids_of(text: str, **options: bool) -> list[int]:
    return tokenizer(text, add_special_tokens=False, **options)["input_ids"]


def prompt_ids(prompt: str) -> list[int]:
    if RECORDED["format"] != "chat":
        own = [token for token in ids_of(prompt) if token != tokenizer.bos_token_id]
        return own if tokenizer.bos_token_id is None else [tokenizer.bos_token_id, *own]
    messages = [{"role": "user", "content": PLACE}]
    templated = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    before, after = templated.split(PLACE)
    return ids_of(before) + ids_of(prompt.strip(), split_special_tokens=True) + ids_of(after)


IDS = [prompt_ids(side["prompt"]) + ids_of(RECORDED["said"]) for side in RECORDED["sides"]]
for ids, side in zip(IDS, RECORDED["sides"], strict=True):
    print(" ".join(repr(tokenizer.convert_ids_to_tokens(token)) for token in ids))
    assert ids == side["ids"], f"other token ids than recorded: {ids}, recorded {side['ids']}"

# %% [markdown] target
# ## What m is
#
# m = logit of what pushes it up less logit of what stands against it, at the last token: one token each, or all that
# open a refusal against all others. Of several tokens that is the logarithm of the sum of their exponentials, so m is
# then the log-odds of refusing.

# %% m
from contextlib import contextmanager

Tensor = torch.Tensor
UP, AGAINST = RECORDED["target"]  # token ids; none against: all others
OTHERS = AGAINST or sorted(set(range(model.get_output_embeddings().weight.shape[0])) - set(UP))


@torch.no_grad()
def m_of(side: int) -> float:
    logits = model(torch.tensor([IDS[side]], device=DEVICE)).logits[0, -1].float()
    return (logits[UP].logsumexp(0) - logits[OTHERS].logsumexp(0)).item()


M = [m_of(side) for side in range(len(IDS))]
compare(
    f"m = {tokenizer.decode(UP)!r} less {tokenizer.decode(AGAINST)!r}" if AGAINST else "m = log-odds of refusing",
    [(f"prompt {'ab'[n]}", side["m"], M[n]) for n, side in enumerate(RECORDED["sides"])],
    "logits",
)

# %% [markdown] swap
# ## Setting nodes
#
# A node is a latent of a block's residual stream, or a neuron of its MLP, at one token. With `a` its activation there
# now and `t` the one to set it to, (t − a) · d is added to the stream after the block; a neuron's own activation is
# replaced before `down_proj`. Everything else follows by itself, the dictionary's error included. Lower blocks are set
# first, so `a` is what it is after that.

# %% set-nodes
NAMED = {used["layer"]: name for name, used in RECORDED["dictionaries"].items()}


@contextmanager
def setting(nodes: list[dict], side: int):
    """While it is open these nodes have the values that they have on the other prompt, 0 where there is none."""
    handles = []
    for layer in sorted({node["layer"] for node in nodes}):
        own = [(node, node["positions"][side]) for node in nodes if node["layer"] == layer]
        own = [(node, pos) for node, pos in own if pos is not None]
        latents = [(node, pos) for node, pos in own if node["kind"] == "sae"]
        neurons = [(node, pos) for node, pos in own if node["kind"] == "mlp"]
        if latents:
            handles.append(blocks[layer].register_forward_hook(_latents_set(layer, latents, side)))
        if neurons:
            handles.append(blocks[layer].mlp.down_proj.register_forward_pre_hook(_neurons_set(neurons, side)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def wanted(node: dict, side: int) -> float:
    return node["values"][1 - side] if len(IDS) > 1 else 0.0


def _latents_set(layer: int, own: list[tuple[dict, int]], side: int):
    sae = saes[NAMED[layer]]

    def hook(block, args, output):
        x = (output[0] if isinstance(output, tuple) else output).float()
        now, delta = sae.encode(x[0]), torch.zeros_like(x)
        for node, pos in own:
            delta[0, pos] += (wanted(node, side) - now[pos, node["index"]]) * sae.W_dec[node["index"]].float()
        x = (x + delta).to(output[0].dtype if isinstance(output, tuple) else output.dtype)
        return (x, *output[1:]) if isinstance(output, tuple) else x

    return hook


def _neurons_set(own: list[tuple[dict, int]], side: int):
    def hook(down_proj, args):
        z = args[0].clone()
        for node, pos in own:
            z[0, pos, node["index"]] = wanted(node, side)
        return (z, *args[1:])

    return hook


def moved(nodes: list[dict], side: int) -> float:
    """By how much m changes."""
    with setting(nodes, side):
        return m_of(side) - M[side]


# %% [markdown] nodes
# ## One node at a time

# %% one-by-one
for side in range(len(IDS)):
    rows = [
        (f"L{node['layer']} #{node['index']} at {node['column']}", node["checked"][side], moved([node], side))
        for node in RECORDED["nodes"]
        if node["checked"][side] is not None
    ]
    if rows:
        compare(f"m by, prompt {'ab'[side]}", rows, "logits")

# %% [markdown] group
# ## The group of the claim
#
# All of its nodes in one pass. Its random directions are drawn by the instrument, and stand beside it as recorded.

# %% claim
GROUP = RECORDED["group"]
if GROUP is None:
    print("No group was measured, or not all of its nodes were told.")
else:
    side = GROUP["side"]
    compare(
        f"m by, {GROUP['name']}", [(f"prompt {'ab'[side]}", GROUP["measured"], moved(GROUP["nodes"], side))], "logits"
    )
    if GROUP["control"]:
        band = GROUP["control"]
        print(f"{band['n']} random directions of that size: {band['low']:.4g} to {band['high']:.4g}, as recorded")

# %% [markdown] verdict
# ## Verdict

# %% assert
for what, n, far in checked:
    print(f"{what}: {n - len(far)} of {n} within the tolerance")
beyond = {what: far for what, _, far in checked if far}
assert not beyond, f"beyond the tolerance: {beyond}"
