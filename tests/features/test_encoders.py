"""Encoders against transformers run one text at a time without padding."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ltgnn.features.encoders import HuggingFace, batches, pool_tokens
from ltgnn.types import UserError

Make = Callable[..., HuggingFace]
TEXTS = [
    "OPI Nail Lacquer, Simmer and Shimmer, 0.5-Fluid Ounce. Beauty > Makeup > Nails > Nail Polish",
    "",
    "指甲油 红色 15 毫升",
    "💅✨ nail art 💅",
    "Fish &amp; Chips &#39;n more",
    "long " * 2000,  # 10,000 characters
    "soap",
    "WAWO 15 Color Professionl Makeup Eyeshadow Camouflage Facial Concealer Neutral Palette",
    "soap",
]


def one_at_a_time(encoder: HuggingFace, texts: list[str]) -> Tensor:
    """The oracle: transformers' own tokenizer and model, a batch of one, no padding, pooled by hand."""
    tokenizer, model = encoder.load()
    rows = []
    for text in texts:
        tokens = tokenizer(text, truncation=True, max_length=encoder.max_length, return_tensors="pt")
        with torch.no_grad():
            states = model(**tokens, output_hidden_states=True).hidden_states[encoder.layer][0]  # [T, D]
        rows.append(
            {"mean": states.mean(0), "cls": states[0], "max": states.max(0).values, "last": states[-1]}[encoder.pooling]
        )
    return torch.stack(rows)


def test_minilm_equals_transformers_one_at_a_time(minilm: Make) -> None:
    encoder = minilm()
    wanted = one_at_a_time(encoder, TEXTS)
    assert wanted.shape == (len(TEXTS), 384)
    torch.testing.assert_close(encoder(TEXTS), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("pooling", ["mean", "cls", "max", "last"])
@pytest.mark.parametrize("layer", [-1, 0, 1])
def test_pooling_and_layer(tiny: Make, pooling: str, layer: int) -> None:
    encoder = tiny(pooling=pooling, layer=layer)
    torch.testing.assert_close(encoder(TEXTS), one_at_a_time(encoder, TEXTS), atol=1e-5, rtol=0)


@pytest.mark.parametrize("batch_tokens", [1, 40, 100_000])
def test_batch_size_and_order_do_not_matter(tiny: Make, batch_tokens: int) -> None:
    wanted = tiny()(TEXTS)
    encoder = tiny(batch_tokens=batch_tokens)
    order = torch.randperm(len(TEXTS), generator=torch.Generator().manual_seed(1))
    shuffled = encoder([TEXTS[row] for row in order.tolist()])
    torch.testing.assert_close(shuffled, wanted[order], atol=1e-5, rtol=0)


def test_threads_do_not_matter(tiny: Make) -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = tiny()(TEXTS)
        torch.set_num_threads(2)
        two = tiny()(TEXTS)
    finally:
        torch.set_num_threads(threads)
    torch.testing.assert_close(one, two, atol=1e-5, rtol=0)


def test_words_beyond_max_length_do_not_matter(tiny: Make) -> None:
    encoder = tiny(max_length=8)
    a, b, c = encoder(["a b c d e f g h", "a b c d e f z z", "a b c d e z"])
    assert torch.equal(a, b)  # 6 tokens and the two special ones are kept
    assert not torch.allclose(a, c)


def test_prompt_stands_before_every_text(tiny: Make) -> None:
    torch.testing.assert_close(tiny(prompt="q ")(["a b", ""]), tiny()(["q a b", "q "]))


def test_no_text_gives_no_row(tiny: Make) -> None:
    assert tiny()([]).shape == (0, 16)


def test_half_precision_stays_near(minilm: Make) -> None:
    exact, half = minilm()(TEXTS[:4]), minilm(dtype="bfloat16")(TEXTS[:4])
    assert half.dtype == torch.float32
    assert torch.cosine_similarity(exact, half).min() > 0.99
    assert not torch.equal(exact, half)


def test_auto_stays_near_and_has_vectors_of_its_own(minilm: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    exact, auto = minilm(), minilm(dtype="auto")
    monkeypatch.setattr("ltgnn.features.precision.multiplies_bfloat16", lambda: False)
    assert auto.identity == exact.identity
    assert torch.equal(auto(TEXTS[:4]), exact(TEXTS[:4]))
    monkeypatch.setattr("ltgnn.features.precision.multiplies_bfloat16", lambda: True)
    auto = minilm(dtype="auto")
    assert auto.identity == {**exact.identity, "dtype": "mixed bfloat16"}
    found = auto(TEXTS)
    assert found.dtype == torch.float32
    cosines = torch.cosine_similarity(found, exact(TEXTS))
    assert cosines.min() > 0.9995
    assert cosines.min() < 1 - 1e-6  # it is another computation
    assert torch.cosine_similarity(minilm(dtype="auto", batch_tokens=40)(TEXTS), found).min() > 0.9995


def test_a_lack_of_memory_on_the_device_halves_the_batch(tiny: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, sizes = tiny()(TEXTS), []

    def scarce(model: Any, tokens: list[list[int]], reading: HuggingFace) -> Tensor:
        sizes.append(len(tokens))
        if len(tokens) > room:
            raise torch.cuda.OutOfMemoryError
        return pool_tokens(model, tokens, reading)

    monkeypatch.setattr("ltgnn.features.encoders.pool_tokens", scarce)
    room = 2
    torch.testing.assert_close(tiny()(TEXTS), wanted, atol=1e-5, rtol=0)
    assert sizes[:3] == [8, 4, 2]
    room = 0
    with pytest.raises(torch.cuda.OutOfMemoryError):
        tiny()(TEXTS)


def test_a_budget_that_did_not_fit_is_not_tried_again(
    tiny: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    texts = ["a " * length for length in range(1, 41)]
    wanted, sizes, room = tiny(batch_tokens=800)(texts), [], 150

    def scarce(model: Any, tokens: list[list[int]], reading: HuggingFace) -> Tensor:
        sizes.append(len(tokens) * max(map(len, tokens)))
        if sizes[-1] > room:
            raise torch.cuda.OutOfMemoryError
        return pool_tokens(model, tokens, reading)

    monkeypatch.setattr("ltgnn.features.encoders.pool_tokens", scarce)
    torch.testing.assert_close(tiny(batch_tokens=800)(texts), wanted, atol=1e-5, rtol=0)
    failed = [size for size in sizes if size > room]
    assert len(failed) == 3  # up to 800, 400, 200 tokens
    assert sizes[:3] == failed
    assert max(sizes[3:]) <= failed[-1] // 2
    assert sum("too little memory on the device" in record.message for record in caplog.records) == 3
    monkeypatch.setattr("ltgnn.features.encoders.pool_tokens", pool_tokens)
    torch.testing.assert_close(tiny(batch_tokens=150)(texts), wanted, atol=1e-5, rtol=0)


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 200))
def test_batches_hold_every_row_once_within_the_budget(lengths: list[int], budget: int) -> None:
    made = list(batches(lengths, budget))
    assert sorted(row for batch in made for row in batch) == list(range(len(lengths)))
    for batch in made:
        assert len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= budget
    tallest = [max(lengths[row] for row in batch) for batch in made]
    assert tallest == sorted(tallest, reverse=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pooling": "sum"}, ["features.encoder.pooling=sum", "mean, cls, max, last"]),
        ({"dtype": "int8"}, ["features.encoder.dtype=int8", "float32"]),
        ({"max_length": 2}, ["features.encoder.max_length=2"]),
    ],
)
def test_wrong_options_fail_at_once(tiny: Make, change: dict[str, object], words: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        tiny(**change)
    assert all(word in str(caught.value) for word in words)


def test_options_that_the_model_cannot_meet(tiny: Make) -> None:
    with pytest.raises(UserError, match=r"max_length=65.*64 positions"):
        tiny(max_length=65)(["a"])
    with pytest.raises(UserError, match=r"layer=3.*layers 0 to 2"):
        tiny(layer=3)(["a"])


def test_identity_holds_what_decides_the_output_and_nothing_else(tiny: Make, tiny_bert: Path) -> None:
    same = tiny().identity
    assert tiny(batch_tokens=1, device="meta").identity == same
    changes = [{"pooling": "cls"}, {"layer": 1}, {"max_length": 31}, {"prompt": "x"}, {"dtype": "bfloat16"}]
    assert all(tiny(**change).identity != same for change in changes)
    assert tiny(model=["no/such/folder", str(tiny_bert)]).identity == same


def test_identity_follows_the_bytes_of_the_model(tiny: Make, tiny_bert: Path, tmp_path: Path) -> None:
    import shutil

    copy = Path(shutil.copytree(tiny_bert, tmp_path / "elsewhere"))
    same = tiny().identity
    assert tiny(model=str(copy)).identity == same
    weights = copy / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    assert tiny(model=str(copy)).identity["weights"] != same["weights"]
    (copy / "tokenizer_config.json").write_text("{}")
    assert tiny(model=str(copy)).identity["description"] != same["description"]


def test_weights_that_are_not_the_promised_ones(tiny: Make) -> None:
    weights = tiny().identity["weights"]
    assert tiny(weights_sha256=weights).identity["weights"] == weights
    with pytest.raises(UserError, match=r"hash to .*weights_sha256=beef"):
        _ = tiny(weights_sha256="beef").identity
