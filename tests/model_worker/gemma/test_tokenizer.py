"""The tokenizer in the store cuts a thousand texts as SentencePiece does, which knows its pieces and no merges."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from transformers import AutoTokenizer

from model_worker.model.registry import CARDS
from tests.model_worker.store.sentencepieces import processor_of

N_TEXTS = 1000
ODD = [
    "",
    " ",
    "   ",
    "a  b   c    d",
    "tab\tand\nline\n\n\nlines\r\n",
    "Zoë D’Œuvre — “quoted” …",
    "数学は楽しい。Привет, мир! مرحبا שלום नमस्ते",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
    "def f(x):\n    return x ** 2  # so\n",
    "3.14159 1,000,000 0x1F600 1e-10",
    "ＦＵＬＬ ｗｉｄｔｈ ﬁne e\u0301",
    "\u200b\u200d\ufeff\u00a0",
    "a" * 300,
    "https://example.org/a?b=c&d=%20#e",
    "<b>html</b> {json: [1, 2]} \\latex{}",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ‱ ₿ ⁂",
]


def texts() -> Iterator[str]:
    yield from ODD
    world = json.loads((CARDS / "tiny-gemma2-chat" / "entities.json").read_text("utf-8"))
    drawn = random.Random(0)
    for row in drawn.sample(world, 500):
        yield f"What do you know about {row['name']}?"
    parts = [part for text in ODD for part in text.split(" ")] + [row["name"] for row in world[:200]]
    while True:
        yield drawn.choice((" ", "  ", "\n", "", " - ")).join(drawn.sample(parts, 6))


def test_a_thousand_texts_are_cut_as_sentencepiece_cuts_them(stored: Path) -> None:
    tokenizer, other = AutoTokenizer.from_pretrained(stored), processor_of(stored)
    given = [text for text, _ in zip(texts(), range(N_TEXTS), strict=False)]
    assert len(set(given)) > 900
    ours = tokenizer(given, add_special_tokens=False)["input_ids"]
    differing = [(text, a, b) for text, a in zip(given, ours, strict=True) if a != (b := other.encode(text))]
    assert differing == []


def test_a_conversation_has_bos_once_and_each_mark_as_one_token(stored: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(stored)
    talk = [{"role": "user", "content": "Who directed the movie Titanic?"}]
    text = tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert ids[:4] == [2, 105, 2364, 107] and ids.count(2) == 1
    assert ids[-5:] == [106, 107, 105, 4368, 107]
    assert tokenizer("Titanic")["input_ids"][0] == 2 and tokenizer.eos_token_id == 1
