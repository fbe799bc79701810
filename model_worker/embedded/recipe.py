"""Every seed and size of the embedded model, in one place.

Knows nothing about how they are used. `FULL` is what is shipped, `TOY` is what
the test suite runs from end to end in seconds.
"""

from dataclasses import dataclass

VERSION = "1"


@dataclass(frozen=True)
class Recipe:
    seed: int = 1
    # world: entities per type, beside the real ones of world/*.tsv
    n_real: int = 1000  # at most so many real ones
    n_solid: int = 50  # fictional, as often mentioned as real ones
    n_tail: int = 30  # fictional, ever rarer
    n_obscure: int = 100  # fictional, facts stated once or twice
    n_reserved: int = 700  # unknown names kept out of all text ...
    n_heldout: int = 400  # ... of which so many are used, half of them for validation
    # tokenizer
    vocab_size: int = 3328
    # base model
    d_model: int = 160
    n_layers: int = 6
    d_ff: int = 448
    n_heads: int = 4
    n_kv_heads: int = 2
    d_head: int = 40
    sliding_window: int = 64
    base_docs: int = 250_000
    base_tokens_per_step: int = 2400
    base_lr_muon: float = 0.02
    base_lr_adam: float = 4e-3
    # chat tuning
    chat_seeds: tuple[int, ...] = (1,)
    chat_steps: int = 380
    chat_check_every: int = 10
    chat_check_from: int = 100
    chat_lr_muon: float = 0.008
    chat_lr_adam: float = 3e-3
    chat_first_layer: int = 0  # attention and norms from this layer on are tuned
    chat_tunes_words: bool = True  # embedding rows of the templates too
    chat_unknown_share: float = 0.44
    chat_base_share: float = 0.08  # base documents on top of the chat ones
    # dictionaries: every layer, prefix and seed is trained, few are kept
    sae_width: int = 256
    sae_k: int = 9
    sae_steps: int = 300
    sae_batch: int = 1024
    sae_tokens: int = 120_000
    sae_names: int = 6000  # last tokens of names, on top ...
    sae_name_repeats: int = 4  # ... each so many times: else too few for a latent of their own
    sae_seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    sae_layers: tuple[int, ...] = (2, 3)
    sae_prefixes: tuple[tuple[int, ...], ...] = ((16, 64, 256), (32, 64, 128, 256))
    sae_keep: float = 0.35  # threshold: this share of a latent's 95th percentile
    # choosing and evaluating
    n_check: int = 400  # questions per figure
    n_latents: int = 3  # of each role and layer, tried at steering
    n_steer: int = 80  # prompts per steering condition when choosing
    n_random: int = 32  # random directions of equal norm, the control


FULL = Recipe()
TOY = Recipe(
    n_real=12,
    n_solid=4,
    n_tail=3,
    n_obscure=3,
    n_reserved=40,
    n_heldout=16,
    vocab_size=900,
    d_model=32,
    n_layers=3,
    d_ff=48,
    n_heads=2,
    n_kv_heads=1,
    d_head=16,
    base_docs=1200,
    chat_seeds=(1,),
    chat_steps=12,
    chat_check_every=6,
    chat_check_from=6,
    sae_width=32,
    sae_k=4,
    sae_steps=20,
    sae_tokens=4000,
    sae_names=60,
    sae_seeds=(0, 1),
    sae_layers=(1,),
    sae_prefixes=((8, 32),),
    n_check=16,
    n_steer=8,
    n_random=4,
)
