"""What ran, as frames say it: the model and its dictionaries. Knows nothing about requests."""

from model_worker.model.loading import Loaded
from protocol.worker.ran import DictionaryUsed, ModelUsed


def model_used(loaded: Loaded, *, base: bool = False) -> ModelUsed:
    """base: loaded is the card's base model."""
    name = f"{loaded.card.id}, base" if base else loaded.card.id
    return ModelUsed(id=name, sha256=loaded.sha256, dtype=loaded.card.dtype, device=loaded.device)


def dictionary_used(loaded: Loaded, name: str) -> DictionaryUsed:
    """Of a dictionary, or of a transcoder."""
    held = loaded.transcoders if name in loaded.transcoders else loaded.dictionaries
    dictionary, layer = held[name], loaded.layer_of[name]
    return DictionaryUsed(id=name, layer=layer, paper_layer=layer + 1, d_sae=dictionary.d_sae, sha256=dictionary.sha256)
