"""The feature store: keys, hits, damage, two processes at once."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ltgnn.features.store import FeatureStore, digest, key_of, verify
from ltgnn.io.scoped_cache import cache_scope


class Counted:
    """An encoder that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> Tensor:
        self.calls += 1
        return torch.arange(6.0).reshape(2, 3)


def ask(store: FeatureStore, make: Counted, texts: Sequence[str] = ("a", "b"), **identity: object) -> Tensor:
    return store.get(identity, texts, make, lambda values: {"items": len(values)}).values


def test_made_once_then_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make = Counted()
    with caplog.at_level("INFO", logger="ltgnn.features.store"):
        first = ask(FeatureStore(tmp_path / "new"), make, pooling="mean")
        second = ask(FeatureStore(tmp_path / "new"), make, pooling="mean")
    assert make.calls == 1
    assert torch.equal(first, second)
    assert "encoded in" in caplog.messages[0]
    assert "found in the store" in caplog.messages[1]


def test_the_run_that_makes_them_has_them_as_the_others_do(tmp_path: Path) -> None:
    """Where values lie in memory decides how a matrix product rounds: a first run once differed in the last bit."""
    first, second = (ask(FeatureStore(tmp_path), Counted()) for _ in range(2))
    assert first.data_ptr() % 64 == second.data_ptr() % 64


def test_the_card_lies_beside(tmp_path: Path) -> None:
    features = FeatureStore(tmp_path).get({"pooling": "mean"}, ["a"], lambda: torch.ones(1, 2), lambda _: {"note": "x"})
    (path,) = tmp_path.glob("*.json")
    assert json.loads(path.read_text()) == features.card
    assert features.card["identity"] == {"pooling": "mean"}
    assert features.card["note"] == "x"
    assert features.card["shape"] == [1, 2]
    assert features.card["key"] == path.stem


def test_other_content_is_made_apart(tmp_path: Path) -> None:
    make, store = Counted(), FeatureStore(tmp_path)
    ask(store, make, pooling="mean")
    ask(store, make, pooling="cls")
    ask(store, make, ["a", "c"], pooling="mean")
    assert make.calls == 3


texts = st.lists(st.text(max_size=4), max_size=4)


@given(texts, texts)
def test_keys_are_equal_only_for_equal_texts(one: list[str], two: list[str]) -> None:
    assert (key_of({}, one) == key_of({}, two)) == (one == two)


def test_keys_do_not_depend_on_the_order_of_the_identity() -> None:
    assert key_of({"a": 1, "b": 2}, []) == key_of({"b": 2, "a": 1}, [])
    assert key_of({"a": 1}, []) != key_of({"a": 1.5}, [])


def test_a_failed_encoder_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> Tensor:
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError):
        FeatureStore(tmp_path).get({}, ["a"], fail, lambda _: {})
    assert not [file for file in tmp_path.iterdir() if file.suffix != ".lock"]


@pytest.mark.parametrize("damage", [b"", b"rubbish" * 9, None])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    make, store = Counted(), FeatureStore(tmp_path)
    wanted = ask(store, make).clone()
    (path,) = tmp_path.glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:-4] if damage is None else damage)
    assert torch.equal(ask(store, make), wanted)
    assert make.calls == 2


def test_bytes_that_were_flipped_are_found_and_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make, store = Counted(), FeatureStore(tmp_path)
    wanted = ask(store, make).clone()
    (path,) = tmp_path.glob("*.safetensors")
    content = bytearray(path.read_bytes())
    content[-3] ^= 64
    path.write_bytes(content)
    assert torch.equal(ask(store, make), wanted)
    assert make.calls == 2
    assert [text for text in caplog.messages if "made anew" in text] == [
        f"the stored features {path} are damaged (the bytes are not those that were written) and are made anew"
    ]


@pytest.mark.parametrize("card", ["", "[]", "{}", None])
def test_features_without_their_card_are_made_anew(tmp_path: Path, card: str | None) -> None:
    make, store = Counted(), FeatureStore(tmp_path)
    ask(store, make)
    (file,) = tmp_path.glob("*.json")
    file.unlink() if card is None else file.write_text(card)
    ask(store, make)
    assert make.calls == 2


def test_each_state_of_a_file_is_hashed_once_in_a_scope(tmp_path: Path) -> None:
    (file := tmp_path / "a.safetensors").write_bytes(b"")
    written, others = torch.ones(2, 3), torch.zeros(2, 3)
    with cache_scope():
        verify(file, written, digest(written))
        verify(file, others, digest(written))  # not looked at: the file is as it was
        file.write_bytes(b"changed")
        with pytest.raises(ValueError, match="not those that were written"):
            verify(file, others, digest(written))
    with pytest.raises(ValueError, match="not those that were written"):
        verify(file, others, digest(written))


def test_others_may_read_what_they_may_read_of_the_card(tmp_path: Path) -> None:
    ask(FeatureStore(tmp_path), Counted())
    modes = {file.suffix: file.stat().st_mode for file in tmp_path.iterdir()}
    assert modes[".safetensors"] == modes[".json"]


@pytest.mark.parametrize("place", ["file/store", "store"])
def test_a_store_that_cannot_be_written_costs_no_run(
    tmp_path: Path, place: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "file").write_text("")
    monkeypatch.setattr("safetensors.torch.save_file", full)
    make, store = Counted(), FeatureStore(tmp_path / place)
    for calls in (1, 2):
        assert ask(store, make).shape == (2, 3)
        assert make.calls == calls
    assert sum("cannot be kept" in text for text in caplog.messages) == 2
    assert not list((tmp_path).rglob("*.partial"))


RACE = """
import sys, time, torch
from ltgnn.features.store import FeatureStore
def make():
    open(f"{sys.argv[1]}/calls", "a").write("x")
    time.sleep(1.0)
    return torch.full((3, 2), 7.0)
assert FeatureStore(sys.argv[1] + "/store").get({}, ["a"], make, lambda _: {}).values.sum() == 42
"""


def test_processes_that_ask_at_once_encode_once(tmp_path: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", RACE, str(tmp_path)]) for _ in range(3)]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0]
    assert (tmp_path / "calls").read_text() == "x"
