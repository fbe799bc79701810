"""Single tokens and growing answers as text. Knows nothing about prompts or models."""

from transformers import PreTrainedTokenizerBase


def token_text(tokenizer: PreTrainedTokenizerBase, token: int) -> str:
    """One token as text, white space kept: "▁sport" is " sport", "<0x0A>" a line break."""
    return piece_text(tokenizer.convert_ids_to_tokens(token), token)


def piece_text(piece: str | None, token: int) -> str:
    """What `token_text` says of a token that the tokenizer spells so; None: a place in the unembedding that no token
    has."""
    if piece is None:
        return f"<{token}>"
    if len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">"):
        byte = int(piece[3:5], 16)
        return chr(byte) if byte in (9, 10) or 32 <= byte < 127 else piece
    return piece.replace("▁", " ")


def pieces_of(tokenizer: PreTrainedTokenizerBase) -> list[str | None]:
    """How every token is spelled, at once: one by one, 262,144 take a second and more."""
    pieces: list[str | None] = [None] * len(tokenizer)
    for piece, token in tokenizer.get_vocab().items():
        if token < len(pieces):
            pieces[token] = piece
    return pieces


class TextStream:
    """An answer as it grows. Holds back the bytes of a character until it is whole."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._before = ""  # what was said before these
        self.text = ""

    def push(self, token: int) -> str:
        """What `token` adds to the text: perhaps nothing yet, and nothing for control tokens."""
        self._ids.append(token)
        whole = self._before + self._decoded()
        if whole.endswith("\ufffd"):
            return ""
        if not whole.startswith(self.text):
            # a byte changed how those before it read; what was said stays said
            self._ids, self._before = [token], self.text
            whole = self._before + self._decoded()
        added = whole[len(self.text) :]
        self.text = whole
        return added

    def _decoded(self) -> str:
        text = self._tokenizer.decode(self._ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text.replace("\x00", "\u2400")  # the one character that a message can't hold, shown as its symbol
