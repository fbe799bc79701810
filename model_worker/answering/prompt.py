"""From a typed prompt to tokens: the chat template, the entity, a role for every token.

BOS stands at position 0, and is neither steered nor counted. What a user types into a chat prompt is never read as a
control token. A raw text may bring BOS itself: then it stands a second time only where that was asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from transformers import PreTrainedTokenizerBase

from model_worker.answering.entity import Mention, find_entity, name_places
from model_worker.model.loading import Loaded
from model_worker.model.pieces import token_text
from protocol.refusal import Refused
from protocol.spelling import whole
from protocol.vocabulary import TokenRole
from protocol.worker.requests import GenerateRequest, Span
from protocol.worker.tokens import EntityTokens, OtherName, Token

# A private-use character that no template holds: it marks where the typed text goes.
_PLACE = "\ue000"


@dataclass(frozen=True)
class PromptTokens:
    """A prompt as the model reads it. `entity` holds token positions, `span` characters of the prompt;
    `name` is what it asks about, None where no name was found; `n_own_bos`: how often the typed text brought BOS."""

    ids: tuple[int, ...]
    tokens: tuple[Token, ...]
    entity: EntityTokens
    span: Span
    name: str | None
    n_own_bos: int = 0


@dataclass(frozen=True)
class _Piece:
    id: int
    start: int  # characters of the typed prompt; both -1 outside it
    end: int


def read_prompt(loaded: Loaded, request: GenerateRequest) -> PromptTokens:
    """Tokenise, find the entity, give every token its role. Raises Refused if the prompt is too long."""
    tokenizer, prompt = loaded.tokenizer, request.prompt
    n_own_bos, bos_text = 0, str(tokenizer.bos_token)
    if request.format == "chat":
        pieces = _chat_pieces(tokenizer, prompt)
    else:
        pieces, n_own_bos = _raw_pieces(tokenizer, prompt, keep_bos=request.own_bos == "kept")
    limit = loaded.card.max_prompt_tokens
    if len(pieces) > limit:
        raise Refused(
            422,
            "prompt_too_long",
            f"Prompt is {len(pieces):,} tokens.",
            f"This model takes {limit:,}.",
            f"Shorten it by {len(pieces) - limit:,} tokens or choose another model.",
        )
    read_as = prompt.replace(bos_text, " " * len(bos_text)) if n_own_bos else prompt  # it begins no sentence
    mention = find_entity(read_as, loaded.world, name_places(loaded.card.attributes))
    start, end, found = mention.start, mention.end, mention.found
    if request.entity is not None:
        # Tokens begin with their space: a span that ends in one would take in the next word.
        given = prompt[request.entity.start : request.entity.end]
        start = request.entity.start + len(given) - len(given.lstrip())
        start, end = whole(prompt, start, start + len(given.strip()))
        found = mention.found if (start, end) == mention.span else "given"
    bos = tokenizer.bos_token_id
    inside = [pos for pos, piece in enumerate(pieces) if piece.start < end and piece.end > start and piece.id != bos]
    if start == end or not inside:
        raise Refused(
            422,
            "empty_entity",
            f"Characters {start} to {end} hold no token.",
            "The entity must cover at least one visible character of the prompt.",
            "Mark the name again.",
        )
    first, last = inside[0], inside[-1]
    special = set(tokenizer.all_special_ids)
    tokens = []
    role: TokenRole
    for pos, piece in enumerate(pieces):
        if piece.id == bos:
            role = "bos"
        elif first <= pos <= last:
            role = "entity"
        else:
            role = "template" if piece.start < 0 or piece.id in special else "text"
        tokens.append(Token(id=piece.id, text=token_text(tokenizer, piece.id), role=role))
    name = _name(prompt, mention, (start, end))
    called = next((entity.name for entity in loaded.world.named(prompt[start:end])), None)
    return PromptTokens(
        ids=tuple(piece.id for piece in pieces),
        tokens=tuple(tokens),
        entity=EntityTokens(
            start=first,
            end=last + 1,
            text=prompt[start:end],
            found=found,
            called=called,
            others=tuple(_others(prompt, mention, (start, end))),
        ),
        span=Span(start=start, end=end),
        name=name,
        n_own_bos=n_own_bos,
    )


def prompt_warnings(tokenizer: PreTrainedTokenizerBase, prompt: PromptTokens, own_bos: str) -> tuple[str, ...]:
    """What a reader must know of how the text was read."""
    if not prompt.n_own_bos:
        return ()
    bos, n = tokenizer.bos_token, prompt.n_own_bos
    brings = f"The text brings {bos} itself" + (f", {n} times" if n > 1 else "")
    if own_bos == "kept":
        return (f"{brings}, and it was kept: the model reads it beside the one that it gets before every text.",)
    return (f"{brings}, and the model gets one before every text anyway: the text's own was dropped.",)


def _name(prompt: str, mention: Mention, span: tuple[int, int]) -> str | None:
    """What an answer is judged about: the reading that was taken; where that is a name of the world, whatever else was
    marked to be steered."""
    readings = [one.span for one in (mention, *mention.others)]
    start, end = mention.span if mention.found == "world" and span not in readings else span
    return None if prompt[start:end] == prompt.strip() and mention.found == "whole_prompt" else prompt[start:end]


def _others(prompt: str, mention: Mention, taken: tuple[int, int]) -> Iterator[OtherName]:
    """What else the prompt could ask about than the span that was taken."""
    for one in (mention, *mention.others):
        if one.span != taken and one.found != "whole_prompt":
            span = Span(start=one.start, end=one.end)
            yield OtherName(span=span, text=prompt[one.start : one.end], found=one.found)


def _chat_pieces(tokenizer: PreTrainedTokenizerBase, prompt: str) -> list[_Piece]:
    before, after = _template_pieces(tokenizer)
    # Gemma's template trims what was typed.
    typed, offset = prompt.strip(), len(prompt) - len(prompt.lstrip())
    return [*before, *_pieces(tokenizer, typed, offset, split_special_tokens=True), *after]


@lru_cache(maxsize=8)
def _template_pieces(tokenizer: PreTrainedTokenizerBase) -> tuple[list[_Piece], list[_Piece]]:
    """Before and behind what is typed."""
    templated = tokenizer.apply_chat_template(
        [{"role": "user", "content": _PLACE}], tokenize=False, add_generation_prompt=True
    )
    before, after = templated.split(_PLACE)
    return _pieces(tokenizer, before, None), _pieces(tokenizer, after, None)


def _raw_pieces(tokenizer: PreTrainedTokenizerBase, prompt: str, *, keep_bos: bool) -> tuple[list[_Piece], int]:
    """After the BOS that the model gets, and how many the text brought."""
    pieces = _pieces(tokenizer, prompt, 0)
    bos = tokenizer.bos_token_id
    if bos is None:
        return pieces, 0
    n_own = sum(piece.id == bos for piece in pieces)
    own = pieces if keep_bos else [piece for piece in pieces if piece.id != bos]
    return [_Piece(bos, -1, -1), *own], n_own


def _pieces(
    tokenizer: PreTrainedTokenizerBase, text: str, offset: int | None, *, split_special_tokens: bool = False
) -> list[_Piece]:
    encoded = tokenizer(
        text, add_special_tokens=False, return_offsets_mapping=True, split_special_tokens=split_special_tokens
    )
    pairs = zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
    if offset is None:
        return [_Piece(token, -1, -1) for token, _ in pairs]
    # Offsets may include the space before a word; a span that starts after it must still find the word.
    return [_Piece(token, offset + start, offset + end) for token, (start, end) in pairs]
