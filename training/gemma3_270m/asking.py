"""A model's continuations of many short texts behind one prefix: greedy first, then samples.

The prefix is read once; texts are padded between it and them; samples that are still the same text are one row.
Knows nothing about names, labels or what is right.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import Cache, PreTrainedModel, PreTrainedTokenizerBase

N_LIKELIEST = 16  # what is sampled from
TOPK_CHUNK = 256


@dataclass(frozen=True)
class Continuing:
    """n_samples beside the greedy one. stops: an answer ends before the first of these characters."""

    n_samples: int = 0
    temperature: float = 0.7
    max_tokens: int = 6
    stops: str = "\n"
    rows: int = 160


Growing = tuple[tuple[int, ...], list[tuple[int, int]]]
"""What was said so far, and who said it: (text, sample)."""


class Asker:
    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, seed: int = 1) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.generator = torch.Generator().manual_seed(seed)
        self.ends = {i for i in (tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<end_of_turn>")) if i}

    def ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    @torch.no_grad()
    def continuations(self, prefix: str, texts: Sequence[str], continuing: Continuing) -> list[list[str]]:
        """For each text its continuations, 1 + n_samples of them, cut at the first stop."""
        start = torch.tensor([[self.tokenizer.bos_token_id, *self.ids(prefix)]])
        past = self.model.model(start, use_cache=True).past_key_values
        encoded = [self.ids(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))
        out: list[list[str]] = [[] for _ in texts]
        for first in range(0, len(order), continuing.rows):
            batch = order[first : first + continuing.rows]
            for i, said in zip(batch, self._answers(past, [encoded[i] for i in batch], continuing), strict=True):
                out[i] = said
        return out

    def _answers(self, past: Cache, texts: list[list[int]], continuing: Continuing) -> list[list[str]]:
        cache = copy.deepcopy(past)
        cache.batch_repeat_interleave(len(texts))
        n_prefix, longest = past.get_seq_length(), max(map(len, texts))
        ids = torch.tensor([[0] * (longest - len(text)) + text for text in texts])
        own = torch.tensor([[0] * (longest - len(text)) + [1] * len(text) for text in texts])
        mask = torch.cat([torch.ones(len(texts), n_prefix, dtype=torch.long), own], dim=1)
        place = (n_prefix + own.cumsum(-1) - 1).clamp_min(0)
        logits = self._logits(ids, cache, mask, place)
        place = place[:, -1:]
        done: dict[tuple[int, int], tuple[int, ...]] = {}
        rows: list[Growing] = [((), [(i, j) for j in range(1 + continuing.n_samples)]) for i in range(len(ids))]
        for _ in range(continuing.max_tokens):
            rows, picked = self._next(logits, rows, done, continuing)
            if not rows:
                break
            chosen = torch.tensor(picked)
            cache.batch_select_indices(chosen)
            mask, place = nn.functional.pad(mask[chosen], (0, 1), value=1), place[chosen] + 1
            logits = self._logits(torch.tensor([[said[-1]] for said, _ in rows]), cache, mask, place)
        for said, who in rows:
            done.update(dict.fromkeys(who, said))
        return [[self._cut(done[i, j], continuing) for j in range(1 + continuing.n_samples)] for i in range(len(ids))]

    def _logits(self, ids: Tensor, cache: Cache, mask: Tensor, place: Tensor) -> Tensor:
        """Of the last token, (batch, vocabulary); the cache grows."""
        out = self.model.model(ids, past_key_values=cache, attention_mask=mask, position_ids=place, use_cache=True)
        # two axes: behind three, torch copies the head once a row (27 GB for 160 rows)
        return self.model.lm_head(out.last_hidden_state[:, -1].contiguous())

    def _next(
        self, logits: Tensor, rows: list[Growing], done: dict[tuple[int, int], tuple[int, ...]], continuing: Continuing
    ) -> tuple[list[Growing], list[int]]:
        """The rows of the next step and, of each, the row that it goes on from."""
        values, tokens = likeliest(logits, N_LIKELIEST)
        odds = (values.float() / max(continuing.temperature, 1e-6)).softmax(-1)
        after, picked = [], []
        for row, (said, who) in enumerate(rows):
            groups: dict[int, list[tuple[int, int]]] = {}
            for text, sample in who:
                place = 0 if sample == 0 else int(torch.multinomial(odds[row], 1, generator=self.generator))
                groups.setdefault(int(tokens[row, place]), []).append((text, sample))
            for token, members in groups.items():
                longer = (*said, token)
                if token in self.ends or any(stop in self.tokenizer.decode([token]) for stop in continuing.stops):
                    done.update(dict.fromkeys(members, longer))
                else:
                    after.append((longer, members))
                    picked.append(row)
        return after, picked

    def _cut(self, tokens: tuple[int, ...], continuing: Continuing) -> str:
        text = self.tokenizer.decode([t for t in tokens if t not in self.ends])
        for stop in continuing.stops:
            text = text.split(stop)[0]
        return text.strip()


def likeliest(logits: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """(values, tokens) of the n highest, (batch, n): as topk, which would take most of a step."""
    if logits.shape[-1] % TOPK_CHUNK or logits.shape[-1] // TOPK_CHUNK < n:
        values, tokens = logits.topk(n, dim=-1)
        return values, tokens
    chunks = logits.unflatten(-1, (-1, TOPK_CHUNK))
    best = chunks.amax(-1).topk(n, dim=-1).indices  # (batch, n): the n highest lie in these
    values, places = chunks.gather(1, best[..., None].expand(-1, -1, TOPK_CHUNK)).flatten(1).topk(n, dim=-1)
    return values, best.gather(1, places // TOPK_CHUNK) * TOPK_CHUNK + places % TOPK_CHUNK
