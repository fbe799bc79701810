"""What is measured on: the embedded model as it is, and two random Gemmas of fixed sizes.

The random ones stand for a model where overhead rules (tiny, 3.0 M parameters) and one where weights begin to count
(small, 35.7 M): 8 layers, 4 heads with 2 for keys and values, 4,096 tokens, and one JumpReLU SAE of 16,384 latents
after block 3 of 0 to 7, its threshold set so that about 80 are active at a token. The head is not tied to the
embedding: random tied weights say one token for ever. Knows nothing about engines.
"""

import dataclasses
import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders
from tokenizers.models import BPE
from torch import Tensor
from transformers import Gemma2Config, Gemma2ForCausalLM, PreTrainedTokenizerFast

from model_worker.model.loading import Loaded, load
from model_worker.model.registry import card_folders, read_row
from protocol.steering import LatentTarget, Sweep
from protocol.vocabulary import Format
from protocol.worker.models import DictionaryCard, ModelCard
from protocol.worker.requests import Controls, GenerateRequest, ReadLatents

N_ARMS = 21
N_USERS = 16
N_PROMPT, FIRST_STEERED = 64, 48  # BOS counted
VOCAB, D_SAE, N_LAYERS, LAYER, N_ACTIVE = 4096, 16_384, 8, 3, 80
SPECIALS = ["<pad>", "<eos>", "<bos>", "<unk>"]
NAMES = (
    "Michael Batkin", "Michael Jordan", "Serena Williams", "Roger Federer", "Lionel Messi", "Tiger Woods",
    "Usain Bolt", "Tom Brady", "Anna Velkova", "John Harrow", "Peter Lindgrenson", "Maria Castelo", "LeBron James",
    "Wayne Gretzky", "Rafael Nadal", "Carl Ostrander",
)  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """A model, and what is asked of it. `strengths`: of the sweep, which the baseline completes to 21 arms."""

    name: str
    folder: Path
    loaded: Loaded
    prompts: tuple[str, ...]
    asked: GenerateRequest
    sweep: Sweep

    @property
    def target(self) -> LatentTarget:
        assert isinstance(self.sweep.target, LatentTarget)
        return self.sweep.target

    @property
    def strengths(self) -> tuple[float, ...]:
        return self.sweep.strengths

    def request(self, strengths: tuple[float, ...], *, full: bool, prompt: int = 0) -> GenerateRequest:
        """`full`: with all active latents of every token. `prompt`: which of them."""
        sweep = self.sweep.model_copy(update={"strengths": strengths})
        read = (ReadLatents(dictionary=self.target.dictionary),) if full else ()
        return self.asked.model_copy(
            update={"prompt": self.prompts[prompt], "sweeps": (sweep,) if strengths else (), "read": read}
        )


def embedded(_folder: Path) -> Subject:
    loaded = load(read_row(card_folders()[0]))
    direction = loaded.card.directions[0]
    steps = [round(-0.5 + 0.1 * k, 1) for k in range(N_ARMS)]
    return Subject(
        name="embedded",
        folder=card_folders()[0],
        loaded=loaded,
        prompts=tuple(f"What sport does {name} play?" for name in NAMES),
        asked=_asked(loaded, format="chat"),
        sweep=Sweep(
            target=direction.target, scope=direction.scope, unit=direction.unit, strengths=tuple(s for s in steps if s)
        ),
    )


def tiny(folder: Path) -> Subject:
    return _random("tiny", folder, d_model=128)


def small(folder: Path) -> Subject:
    return _random("small", folder, d_model=512)


SUBJECTS: dict[str, Callable[[Path], Subject]] = {"tiny": tiny, "small": small, "embedded": embedded}


def _random(name: str, folder: Path, d_model: int) -> Subject:
    _write(folder, name, d_model)
    loaded = dataclasses.replace(load(read_row(folder)), stop_ids=frozenset())
    drawn = random.Random(1)
    letters = N_PROMPT - 1
    steps = [round(0.2 * k - 2, 1) for k in range(N_ARMS)]
    return Subject(
        name=name,
        folder=folder,
        loaded=loaded,
        prompts=tuple("".join(drawn.choices(string.ascii_lowercase, k=letters)) for _ in range(N_USERS)),
        asked=_asked(loaded, format="raw"),
        sweep=Sweep(
            target=LatentTarget(dictionary=f"layer_{LAYER}", latent=7),
            unit="raw",
            scope="positions",
            positions=tuple(range(FIRST_STEERED, N_PROMPT)),
            strengths=tuple(s for s in steps if s),
        ),
    )


def _asked(loaded: Loaded, format: Format) -> GenerateRequest:
    return GenerateRequest(
        model=loaded.card.id, prompt="x", controls=Controls(n_directions=0), watch=(), max_new_tokens=32, format=format
    )


def _write(folder: Path, name: str, d_model: int) -> None:
    torch.manual_seed(0)
    config = Gemma2Config(
        vocab_size=VOCAB,
        hidden_size=d_model,
        intermediate_size=4 * d_model,
        num_hidden_layers=N_LAYERS,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=d_model // 4,
        query_pre_attn_scalar=d_model // 4,
        initializer_range=0.2,
        pad_token_id=0,
        eos_token_id=None,  # answers are 32 tokens long
        bos_token_id=2,
        tie_word_embeddings=False,
        attn_implementation="eager",
    )
    model = Gemma2ForCausalLM(config).eval()
    model.save_pretrained(folder / "weights")
    _tokenizer().save_pretrained(folder / "weights")
    write_sae(folder / "sae", model, d_model)
    card = ModelCard(
        id=f"random-{name}",
        title=f"Random weights, {name}",
        note="Nothing was trained.",
        licence="none",
        weights="weights",
        dtype="float32",
        n_layers=N_LAYERS,
        d_model=d_model,
        max_prompt_tokens=256,
        dictionaries=(
            DictionaryCard(id=f"layer_{LAYER}", layer=LAYER, source="sae", d_sae=D_SAE, trained_on="nothing"),
        ),
        directions=(),
        watch=(),
        residual_norm=(),
        refusal_openings=("I",),
        examples=(),
    )
    (folder / "model.json").write_text(card.model_dump_json())


def _tokenizer() -> PreTrainedTokenizerFast:
    """One token a letter; what is left of the vocabulary are letters that no prompt here has."""
    ascii_letters = [chr(c) for c in range(33, 127)]
    others = [chr(0x4E00 + k) for k in range(VOCAB - len(SPECIALS) - len(ascii_letters))]
    pieces = [*SPECIALS, *ascii_letters, *others]
    raw = Tokenizer(BPE(vocab={piece: i for i, piece in enumerate(pieces)}, merges=[], unk_token="<unk>"))
    raw.decoder = decoders.Fuse()
    names = dict(zip(("pad_token", "eos_token", "bos_token", "unk_token"), SPECIALS, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=raw, **names)


def write_sae(folder: Path, model: Gemma2ForCausalLM, d_model: int) -> None:
    folder.mkdir()
    drawn = torch.Generator().manual_seed(1)
    decoder = torch.randn(D_SAE, d_model, generator=drawn)
    encoder = (decoder / decoder.norm(dim=-1, keepdim=True)).T.contiguous()
    weights = {
        "W_dec": decoder,
        "W_enc": encoder,
        "b_enc": torch.zeros(D_SAE),
        "b_dec": torch.zeros(d_model),
        "threshold": torch.full((D_SAE,), _threshold(_residuals(model, drawn) @ encoder)),
    }
    save_file(weights, folder / "sae_weights.safetensors")
    config = {
        "architecture": "jumprelu",
        "d_in": d_model,
        "d_sae": D_SAE,
        "apply_b_dec_to_input": False,
        "normalize_activations": "none",
        "metadata": {"hook_name": f"blocks.{LAYER}.hook_resid_post"},
    }
    (folder / "cfg.json").write_text(json.dumps(config))


@torch.inference_mode()
def _residuals(model: Gemma2ForCausalLM, drawn: torch.Generator) -> Tensor:
    """(pos, d_model) after block LAYER, of letters as in a prompt, then of any tokens as in an answer; no BOS."""
    letters = torch.randint(68, 94, (4, N_PROMPT - 1), generator=drawn)
    answer = torch.randint(len(SPECIALS), VOCAB, (4, 32), generator=drawn)
    ids = torch.cat([torch.full((4, 1), 2), letters, answer], dim=1)
    # hidden_states[0] is the embedding
    return model(ids, output_hidden_states=True).hidden_states[LAYER + 1][:, 1:].flatten(0, 1)


def _threshold(pre: Tensor) -> float:
    """What N_ACTIVE latents exceed at the mean token, from (pos, d_sae)."""
    return pre.flatten().topk(N_ACTIVE * len(pre)).values[-1].item()
