"""Single tokens and growing answers as text. Knows nothing about prompts or models."""

from transformers import PreTrainedTokenizerBase


def token_text(tokenizer: PreTrainedTokenizerBase, token: int) -> str:
    """One token as text, white space kept: "▁sport" is " sport", "<0x0A>" a line break."""
    piece = tokenizer.convert_ids_to_tokens(token)
    if len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">"):
        byte = int(piece[3:5], 16)
        return chr(byte) if byte in (9, 10) or 32 <= byte < 127 else piece
    return piece.replace("▁", " ")


class TextStream:
    """An answer as it grows. Holds back the bytes of a character until it is whole."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self.text = ""

    def push(self, token: int) -> str:
        """What `token` adds to the text: perhaps nothing yet, and nothing for control tokens."""
        self._ids.append(token)
        whole = self._tokenizer.decode(self._ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        if whole.endswith("\ufffd"):
            return ""
        whole = whole.replace("\x00", "\u2400")  # the one character that a message can't hold, shown as its symbol
        added = whole[len(self.text) :]
        self.text = whole
        return added
