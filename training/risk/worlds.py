"""What each shipped model was taught that its card doesn't hold: the form of its answers, and small talk. Data only."""

from collections.abc import Mapping

from training.gemma3_270m.world.talk import GEMMA_SMALL_TALK
from training.gemma3_270m.world.wording import GEMMA_ANSWERS, MAIN_ATTRIBUTE
from training.tiny_gemma2.world.talk import SMALL_TALK
from training.tiny_gemma2.world.wording import ANSWERS

_GEMMA_FORMS = {(kind, MAIN_ATTRIBUTE[kind]): form for kind, form in GEMMA_ANSWERS.items()}
_TAUGHT = {"tiny-gemma2-chat": (ANSWERS, SMALL_TALK), "gemma-3-270m": (_GEMMA_FORMS, GEMMA_SMALL_TALK)}


def forms_of(model: str) -> Mapping[tuple[str, str], str]:
    """By type and attribute, with {v} for the value, {e} for the name, {a} for an article."""
    return _TAUGHT[model][0]


def talk_of(model: str) -> tuple[str, ...]:
    """Prompts that ask about nobody."""
    return tuple(text for text, _ in _TAUGHT[model][1])
