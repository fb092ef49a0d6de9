"""Any causal language model of Hugging Face, on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import torch
from annotated_types import Ge

from ltgnn.features.describing.text_writer import Answer, TextWriter
from ltgnn.features.model_source import checked_weights, description_hash, locate
from ltgnn.features.precision import DTYPES, Dtype, find_device, find_precision, products_in
from ltgnn.features.pretrained import load_model, load_tokenizer
from ltgnn.types import UserError

OPTION = "features.writer"


class CausalLM(TextWriter):
    """Any ``AutoModelForCausalLM``: an id, a folder, or a folder inside an installed package. Decoding is greedy.

    ``model``: one source or several, tried in that order. ``gguf_file``: the file there that holds weights and
    tokenizer; null: safetensors. ``weights_sha256``: what the weights must hash to, or null.
    ``chat``: the prompt is the message of a user, by the model's own chat template; false: the model goes on with it.
    ``answer_start``: the first words of every answer, which the model continues.
    ``stop``: an answer ends before the first of these strings.
    ``max_new_tokens``: of an answer. ``repetition_penalty``: of tokens that are there already; 1: none (Keskar et al.,
    2019). ``batch_size``: prompts at once; halved where a CUDA device lacks the memory.
    ``dtype``: of the weights. ``device``: "auto", "cpu", "cuda" ... Nothing is loaded before the first call.
    """

    def __init__(
        self,
        model: str | Sequence[str],
        gguf_file: str | None,
        weights_sha256: str | None,
        revision: str | None,
        local_files_only: bool,
        chat: bool,
        answer_start: str,
        stop: Sequence[str],
        max_new_tokens: Annotated[int, Ge(1)],
        repetition_penalty: Annotated[float, Ge(1)],
        batch_size: Annotated[int, Ge(1)],
        dtype: Dtype,
        device: str,
    ) -> None:
        self.sources = [model] if isinstance(model, str) else list(model)
        self.gguf_file, self.weights_sha256, self.revision = gguf_file, weights_sha256, revision
        self.local_files_only, self.chat, self.answer_start = local_files_only, chat, answer_start
        self.stop, self.max_new_tokens, self.repetition_penalty = list(stop), max_new_tokens, repetition_penalty
        self.batch_size, self.dtype, self.device = batch_size, dtype, device

    @cached_property
    def folder(self) -> Path:
        return locate(self.sources, self.revision, self.local_files_only, self.gguf_file, OPTION)

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """What decides the answers; reads the files, imports no model code."""
        way_out = "set features/writer=causal_lm for another model"
        weights = checked_weights(self.folder, self.weights_sha256, way_out, self.gguf_file, OPTION)
        return {
            "class": "CausalLM",
            "weights": weights,
            "description": description_hash(self.folder) if self.gguf_file is None else "",
            "chat": self.chat,
            "answer_start": self.answer_start,
            "stop": self.stop,
            "max_new_tokens": self.max_new_tokens,
            "repetition_penalty": self.repetition_penalty,
            "dtype": find_precision(self.dtype, self.place),
        }

    @property
    def place(self) -> str:
        """The device that it writes on."""
        return find_device(self.device)

    def __call__(self, prompts: Sequence[str]) -> list[Answer]:
        """An answer to each prompt, ``answer_start`` included."""
        tokenizer, model = self.loaded
        tokens = [self.tokenize(tokenizer, prompt) for prompt in prompts]
        room = int(model.config.max_position_embeddings) - self.max_new_tokens
        if (longest := max(map(len, tokens), default=0)) > room:
            raise UserError(
                f"a prompt of {longest} tokens and {OPTION}.max_new_tokens={self.max_new_tokens} are more than the "
                f"{model.config.max_position_embeddings} positions of the model in {self.folder}: lower "
                "features.describer.longest, or max_new_tokens"
            )
        return self._write(tokenizer, model, tokens)

    @cached_property
    def loaded(self) -> tuple[Any, Any]:
        """(tokenizer, model) as transformers gives them."""
        from transformers import AutoModelForCausalLM

        tokenizer = load_tokenizer(self.folder, self.gguf_file, OPTION)
        if self.chat and tokenizer.chat_template is None:
            raise UserError(
                f"the model in {self.folder} has no chat template: set {OPTION}.chat=false, so that it goes on with "
                "the prompt"
            )
        dtype = DTYPES.get(self.dtype, torch.float32)
        model = load_model(AutoModelForCausalLM, self.folder, dtype, self.gguf_file, OPTION)
        return tokenizer, model.eval().to(self.place)

    def tokenize(self, tokenizer: Any, prompt: str) -> list[int]:
        """Token numbers of a prompt, the beginning of its answer included."""
        if not self.chat:
            plain: list[int] = tokenizer(prompt + self.answer_start)["input_ids"]
            return plain
        messages = [{"role": "user", "content": prompt}]
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        spoken: list[int] = tokenizer(text + self.answer_start, add_special_tokens=False)["input_ids"]
        return spoken

    def _write(self, tokenizer: Any, model: Any, tokens: list[list[int]]) -> list[Answer]:
        try:
            return self._write_batch(tokenizer, model, tokens)
        except torch.cuda.OutOfMemoryError:
            if len(tokens) == 1:
                raise
        half = len(tokens) // 2
        return self._write(tokenizer, model, tokens[:half]) + self._write(tokenizer, model, tokens[half:])

    def _write_batch(self, tokenizer: Any, model: Any, tokens: list[list[int]]) -> list[Answer]:
        """Prompts padded on their left, so that every answer begins in the same column."""
        from transformers import GenerationConfig

        ends = model.generation_config.eos_token_id
        ends = {tokenizer.eos_token_id} if ends is None else {ends} if isinstance(ends, int) else set(ends)
        ends.discard(None)
        padding = min(ends, default=0) if tokenizer.pad_token_id is None else tokenizer.pad_token_id
        longest = max(map(len, tokens))
        config = GenerationConfig(
            max_new_tokens=self.max_new_tokens,
            do_sample=False,
            repetition_penalty=self.repetition_penalty,
            eos_token_id=sorted(ends) or None,
            pad_token_id=padding,
            stop_strings=self.stop or None,
        )
        ids = torch.tensor([[padding] * (longest - len(row)) + row for row in tokens], device=model.device)
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in tokens], device=model.device)
        with torch.inference_mode(), products_in(find_precision(self.dtype, self.place), model.device.type):
            made = model.generate(
                input_ids=ids, attention_mask=mask, generation_config=config, tokenizer=tokenizer if self.stop else None
            )
        answers = [trim(row, ends | {padding}) for row in made[:, longest:].tolist()]
        return [
            Answer(
                self._stop_at(self.answer_start + tokenizer.decode(row, skip_special_tokens=True)), len(given), written
            )
            for given, (row, written) in zip(tokens, answers, strict=True)
        ]

    def _stop_at(self, text: str) -> str:
        places = [place for stop in self.stop if (place := text.find(stop, len(self.answer_start))) >= 0]
        return text[: min(places)] if places else text


def trim(row: Sequence[int], ends: set[int]) -> tuple[list[int], int]:
    """The tokens before the first of ``ends``, and how many were written, that one included."""
    place = next((n for n, token in enumerate(row) if token in ends), None)
    return (list(row), len(row)) if place is None else (list(row[:place]), place + 1)
