"""What each stored dictionary explains and costs, on text and on chat prompts that it was not trained on.

    python -m training.gemma3_270m.dictionaries.quality BASE CARD NAMES OUT

BASE is the base model's folder, NAMES a JSON of type → real names. Takes the dictionaries as they are stored, so what
rounding to fp16 costs is in the figures. Knows nothing about which latents are wanted.
"""

import argparse
import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from training.gemma3_270m.dictionaries.activations import TokenRow, batches, padded_rows, reading_residuals, token_rows
from training.gemma3_270m.dictionaries.figures import explained, massive_dimensions, mean_loss_nats, spliced_figures
from training.gemma3_270m.dictionaries.stored import add_figures, read_half
from training.gemma3_270m.dictionaries.text import WORDNET, text_documents
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.language_model.base import PAD

HELDOUT_DOCUMENTS, SPLICED_TOKENS = 400, 1500


def heldout_rows(tokenizer, names: Mapping[str, Sequence[str]], n: int, wordnet: Path = WORDNET) -> dict[str, list]:
    """`text`: glosses and statements; `chat`: what stands in a turn. Names are those of the test split."""
    found = list(text_documents(names, n, 1, heldout=True, folder=wordnet))
    random.Random(0).shuffle(found)
    chat = [d for d in found if d.text.startswith("<start_of_turn>")]
    text = [d for d in found if not d.text.startswith("<start_of_turn>")]
    return {"text": list(token_rows(tokenizer, text)), "chat": list(token_rows(tokenizer, chat))}


@torch.no_grad()
def residuals(model, rows: Sequence[TokenRow], layers: Sequence[int]) -> tuple[dict[int, Tensor], Tensor]:
    """layer → (tokens, d_model) of every token but <bos>; which of them are last ones of names."""
    kept: dict[int, list[Tensor]] = {layer: [] for layer in layers}
    last: list[Tensor] = []
    with reading_residuals(model, layers) as seen:
        for group in batches(rows, 2048):
            ids = padded_rows([rows[i] for i in group])
            model.model(ids, use_cache=False)
            real = ids != PAD
            real[:, 0] = False
            ends = torch.zeros_like(real)
            for place, i in enumerate(group):
                ends[place, rows[i].last] = rows[i].last > 0
            last.append(ends[real])
            for layer in layers:
                kept[layer].append(seen[layer][real].float())
    return {layer: torch.cat(parts) for layer, parts in kept.items()}, torch.cat(last)


def until(rows: Sequence[TokenRow], n_tokens: int) -> list[TokenRow]:
    """The first of them that have so many tokens together."""
    out, n = [], 0
    for row in rows:
        if n >= n_tokens:
            break
        out.append(row)
        n += len(row.ids) - 1
    return out


def qualities(
    model,
    rows: Mapping[str, Sequence[TokenRow]],
    dictionaries: Sequence[TrainedDictionary],
    say: Callable[[str], None],
    spliced_tokens: int = SPLICED_TOKENS,
) -> dict[int, dict]:
    """layer → kind of text → figures; `names` are the last tokens of names in both kinds."""
    layers = [d.layer for d in dictionaries]
    read = {kind: residuals(model, part, layers) for kind, part in rows.items()}
    spliced = {kind: until(part, spliced_tokens) for kind, part in rows.items()}
    clean = {kind: mean_loss_nats(model, part) for kind, part in spliced.items()}
    out: dict[int, dict] = {}
    for d in dictionaries:
        everything = torch.cat([found[d.layer] for found, _ in read.values()])
        massive, mean = massive_dimensions(everything), everything.mean(0)
        told: dict = {"massive_dimensions": massive}
        for kind, (found, _) in read.items():
            told[kind] = explained(d, found[d.layer], massive)
            told[kind] |= spliced_figures(model, spliced[kind], d, clean[kind], mean)
        told["names"] = explained(d, torch.cat([found[d.layer][last] for found, last in read.values()]), massive)
        told["silent_share"] = round(float((d.encode(everything) > 0).any(0).logical_not().float().mean()), 4)
        out[d.layer] = told
        say(f"layer {d.layer}: {told}")
    return out


if __name__ == "__main__":
    from transformers import AutoTokenizer, Gemma3ForCausalLM

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("base", "card", "names", "out"):
        parser.add_argument(name, type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    model = Gemma3ForCausalLM.from_pretrained(asked.base, dtype=torch.bfloat16).eval()
    held = heldout_rows(
        AutoTokenizer.from_pretrained(asked.base), json.loads(asked.names.read_text()), HELDOUT_DOCUMENTS
    )
    folders = sorted((asked.card / "dictionaries/resid_post").glob("layer_*"), key=lambda p: int(p.name[6:]))
    found = qualities(model, held, [read_half(folder) for folder in folders], print)
    asked.out.write_text(json.dumps(found, indent=1))
    for folder in folders:
        told = found[int(folder.name[6:])]["text"]
        add_figures(folder, {key: told[key] for key in ("fvu", "fvu_without_massive", "l0", "delta_loss_nats")})
