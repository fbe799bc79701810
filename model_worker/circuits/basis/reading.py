"""What a layer's dictionary reads of a pass: resid_post; a transcoder what its MLP reads.

Knows nothing about prompts.
"""

from torch import Tensor

from model_worker.circuits.rule import PLAIN, Rule
from model_worker.model.dictionaries.transcoder import Transcoder
from model_worker.model.gemma import Block
from model_worker.model.sae import Dictionary


def seen_by(dictionary: Dictionary, block: Block, resid: Tensor, mid: Tensor, rule: Rule = PLAIN) -> Tensor:
    """resid, mid (..., d_model) of that block: after it, and between its attention and its MLP."""
    return rule.norm(dictionary.norm(block.before_mlp), mid) if isinstance(dictionary, Transcoder) else resid
