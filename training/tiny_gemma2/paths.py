"""Where things are: the card that is made, and the repository around it."""

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
CARD = REPOSITORY / "model_worker" / "cards" / "tiny-gemma2-chat"
