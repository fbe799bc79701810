"""Tokens as frames tell of them: those of a prompt, the name among them, and candidates for the next. Knows nothing
about streams."""

from protocol.base import Message, Text
from protocol.vocabulary import Found, TokenRole
from protocol.worker.requests import Span


class Token(Message):
    """One prompt token. `text` is what it decodes to, white space kept."""

    id: int
    text: Text
    role: TokenRole


class OtherName(Message):
    """Another name that the prompt could be read as asking about: characters of the prompt."""

    span: Span
    text: Text
    found: Found


class EntityTokens(Message):
    """Prompt tokens `start` to `end` (exclusive) hold the entity, and how it was found.

    called   as the model's world has it, None where it has no such name
    others   what else it could be
    """

    start: int
    end: int
    text: Text
    found: Found
    called: Text | None = None
    others: tuple[OtherName, ...] = ()


class NextToken(Message):
    """One candidate for the first answer token."""

    id: int
    text: Text
    prob: float
    opens_refusal: bool
