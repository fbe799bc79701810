"""Every seed and size of the embedded model, in one place.

Knows nothing about how they are used. `FULL` is what is shipped, `TOY` is what
the test suite runs from end to end in seconds.
"""

from dataclasses import dataclass

RECIPE_VERSION = "2"


@dataclass(frozen=True)
class Recipe:
    seed: int = 1
    # world: entities per type, beside the real ones of world/*.tsv
    n_real: int = 1000  # at most so many real ones
    n_withheld: int = 75  # of the real ones, with one attribute in no text
    n_families: int = 8  # of fictional ones whose names share a part and a value
    n_members: int = 4  # of each family
    n_misled: int = 5  # more that look like members, their own value in no text
    n_solid: int = 30  # fictional, as often mentioned as real ones
    n_tail: int = 30  # fictional, ever rarer
    n_obscure: int = 100  # fictional, facts stated once or twice
    n_reserved: int = 700  # unknown names kept out of all text ...
    n_heldout: int = 400  # ... of which so many are used, half of them for validation
    # tokenizer
    vocab_size: int = 4096
    # base model
    d_model: int = 160
    n_layers: int = 6
    d_ff: int = 640
    n_heads: int = 4
    n_kv_heads: int = 2
    d_head: int = 40
    sliding_window: int = 64
    base_docs: int = 310_000
    base_tokens_per_step: int = 2400
    base_lr_muon: float = 0.02
    base_lr_adam: float = 4e-3
    # and on, with more questions
    later_docs: int = 95_000
    later_lr_muon: float = 0.014
    later_lr_adam: float = 2.5e-3
    # chat tuning
    chat_seeds: tuple[int, ...] = (1, 2)
    chat_steps: int = 380
    chat_average: float = 0.95  # of the averaged weights that one step leaves as they were
    chat_check_every: int = 20
    chat_check_from: int = 100
    chat_lr_muon: float = 0.008
    chat_lr_adam: float = 3e-3
    chat_first_layer: int = 0  # attention and norms from this layer on are tuned
    chat_tunes_words: bool = True  # embedding rows of the templates too
    chat_unknown_share: float = 0.44
    chat_base_share: float = 0.08  # base documents on top of the chat ones
    # dictionaries: pairs are (latents, how many of them fire on average) of a level
    sae_core: int = 8  # latents for what names have in common ...
    sae_core_k: float = 2.5
    sae_core_seeds: tuple[int, ...] = (2, 2, 16, 32, 16, 2)  # by layer; the clearest of each are grown
    sae_levels: tuple[tuple[int, float], ...] = ((58, 4), (128, 6), (320, 11))
    sae_transcoder: tuple[tuple[int, float], ...] = ((512, 20),)
    sae_chat_layers: tuple[int, ...] = (3, 4, 5)
    sae_steps: int = 300
    sae_tokens: int = 120_000
    sae_names: int = 12_000  # last tokens of names
    # choosing and evaluating
    n_check: int = 400  # questions per figure
    n_latents: int = 6  # of each role, tried at steering
    n_steer: int = 80  # prompts per steering condition when choosing
    n_pushed: int = 160  # prompts per steering condition when reporting
    n_random: int = 12  # random directions of equal norm, the control when choosing
    n_controls: int = 100  # random directions, and as many other latents, the control when reporting


FULL = Recipe()
TOY = Recipe(
    n_real=24,
    n_withheld=2,
    n_families=2,
    n_members=2,
    n_misled=2,
    n_solid=4,
    n_tail=3,
    n_obscure=3,
    n_reserved=40,
    n_heldout=12,
    vocab_size=900,
    d_model=32,
    n_layers=2,
    d_ff=48,
    n_heads=2,
    n_kv_heads=1,
    d_head=16,
    base_docs=600,
    later_docs=200,
    chat_seeds=(1, 2),
    chat_steps=8,
    chat_check_every=4,
    chat_check_from=4,
    sae_core=4,
    sae_core_seeds=(2, 2),
    sae_levels=((8, 2), (24, 4)),
    sae_transcoder=((32, 4),),
    sae_chat_layers=(0, 1),
    sae_steps=10,
    sae_tokens=4000,
    sae_names=64,
    n_check=12,
    n_latents=1,
    n_steer=4,
    n_pushed=4,
    n_random=2,
    n_controls=3,
)
