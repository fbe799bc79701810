"""The original from the hub, for whoever has accepted its licence there: the same files, by the hub's own client.

It keeps what came and goes on from there. Knows nothing about how they are read.
"""

from pathlib import Path

from model_worker.store.packages import Tell
from model_worker.store.source import WeightsSource
from protocol.refusal import Refused

_WANTED = ["*.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"]


def fetch_original(source: WeightsSource, partial: Path, say: Tell) -> None:
    """Into partial/original. Raises Refused (503), and OSError of the disk."""
    from huggingface_hub import snapshot_download  # half a second

    asked = f"The original of {source.name} asked."
    if source.hub is None:
        raise Refused(404, "no_original", asked, "No hub has it.", "Fetch the packages instead.")
    say(f"Fetching {source.hub} from the hub, as you")
    try:
        snapshot_download(source.hub, local_dir=partial / "original", allow_patterns=_WANTED)
    except OSError as error:
        if error.errno is not None and not isinstance(error, ConnectionError):
            raise
        raise _not_given(source, asked, error) from error
    except Exception as error:  # the hub's client and its transport have many
        raise _not_given(source, asked, error) from error


def _not_given(source: WeightsSource, asked: str, error: Exception) -> Refused:
    from huggingface_hub.errors import HfHubHTTPError

    said = str(error).strip().splitlines()
    answered = isinstance(error, HfHubHTTPError)
    return Refused(
        503,
        "not_fetched",
        asked,
        f"The hub did not give {source.hub}: {type(error).__name__}: {(said or [''])[0][:200].rstrip('.')}.",
        "Accept its licence on its page, say who you are (hf auth login, or HF_TOKEN=…), and run the command again."
        if answered
        else "Look whether there is a network, then run the same command again.",
    )
