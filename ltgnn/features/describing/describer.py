"""Texts of items -> what a language model writes about them, each asked once and kept."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from annotated_types import Ge

from ltgnn.features.describing.answer import read_answer
from ltgnn.features.describing.description import NOTHING, Cost, Description
from ltgnn.features.describing.description_store import DescriptionStore, text_key
from ltgnn.features.describing.text_writer import Answer, TextWriter
from ltgnn.features.progress import progress
from ltgnn.types import UserError, of_kind

log = logging.getLogger(__name__)

READING = 1
"""Version of ``read_answer``: part of the key, since the parts are what is kept."""


class Describer:
    """Asks a language model for parts (a description, uses ...) of each text, and once more where one is missing.

    It is given texts of items and nothing else: no interactions, no ids, no users.

    ``prompt``: what is asked; ``{item}`` stands for the item's text. ``again``: put behind the prompt where an answer
    lacked a part; null: not asked again. ``parts``: labels or JSON keys of the answer. ``longest``: characters of an
    item's text that are asked about. ``price_in``: of a million tokens of prompts, in any currency; null: not known.
    ``price_out``: of a million tokens of answers.
    """

    def __init__(
        self,
        writer: TextWriter,
        prompt: str,
        again: str | None,
        parts: Sequence[str],
        longest: Annotated[int, Ge(1)],
        price_in: Annotated[float, Ge(0)] | None,
        price_out: Annotated[float, Ge(0)] | None,
        store: DescriptionStore,
    ) -> None:
        if "{item}" not in prompt:
            raise UserError("features.describer.prompt has no {item}, where the text of the item has to stand")
        if not parts:
            raise UserError("features.describer.parts is empty: name what is to be written, such as [description]")
        self.writer = of_kind(writer, TextWriter, "features.writer")  # type: ignore[type-abstract]
        self.prompt, self.again, self.parts, self.longest = prompt, again, list(parts), longest
        self.price_in, self.price_out, self.store = price_in, price_out, store

    @property
    def identity(self) -> Mapping[str, Any]:
        """What decides the descriptions."""
        return {
            "writer": dict(self.writer.identity),
            "prompt": self.prompt,
            "again": self.again,
            "parts": self.parts,
            "longest": self.longest,
            "reading": READING,
        }

    def __call__(self, texts: Sequence[str], most: int | None = None) -> list[Description]:
        """A description of each text, ``NOTHING`` of an empty one. Those in the store are not asked again.

        ``most``: different texts that are asked about in this call; the others have ``NOTHING``.
        """
        identity = self.identity
        keys = {text: text_key(text) for text in texts if text}
        found = self.store.find(identity)
        if most != 0 and any(key not in found for key in keys.values()):
            with self.store.writing(identity) as file:
                found = self.store.find(identity)  # another process may have written meanwhile
                waiting = [text for text, key in keys.items() if key not in found][:most]
                waiting.sort(key=len, reverse=True)  # a lack of memory shows at once, and little is padded
                with progress("describing items", len(waiting), "items") as advance:
                    for start in range(0, len(waiting), self.writer.batch_size):
                        batch = waiting[start : start + self.writer.batch_size]
                        made = dict(zip(map(text_key, batch), self._describe(batch), strict=True))
                        file.add(made)
                        found |= made
                        advance(len(batch))
            log.info("written: %s", self.cost(waiting, found).in_words(self.price_in, self.price_out))
        return [found.get(keys[text], NOTHING) if text else NOTHING for text in texts]

    def cost(self, texts: Sequence[str], found: Mapping[str, Description] | None = None) -> Cost:
        """What the descriptions of these texts have cost, whenever they were made. ``found``: by hash of the text."""
        found = self.store.find(self.identity) if found is None else found
        keys = dict.fromkeys(text_key(text) for text in texts if text)
        return Cost.of(found[key] for key in keys if key in found)

    def _describe(self, batch: Sequence[str]) -> list[Description]:
        started = time.perf_counter()
        prompts = [self.prompt.replace("{item}", text[: self.longest]) for text in batch]
        answers = [[answer] for answer in self.writer(prompts)]
        lacking = [
            row for row, (answer,) in enumerate(answers) if len(read_answer(answer.text, self.parts)) < len(self.parts)
        ]
        if lacking and self.again is not None:
            for row, answer in zip(lacking, self.writer([prompts[row] + self.again for row in lacking]), strict=True):
                answers[row].append(answer)
        tries = sum(map(len, answers))
        seconds = (time.perf_counter() - started) / tries
        return [self._join(given, seconds) for given in answers]

    def _join(self, answers: Sequence[Answer], seconds: float) -> Description:
        """The parts of the answer with most of them, filled up with what only the other has."""
        given = sorted((read_answer(answer.text, self.parts) for answer in answers), key=len)
        parts = {name: value for one in given for name, value in one.items()}
        return Description(
            {name: parts[name] for name in self.parts if name in parts},
            len(parts) == len(self.parts),
            len(answers),
            sum(answer.tokens_in for answer in answers),
            sum(answer.tokens_out for answer in answers),
            round(seconds * len(answers), 4),
        )
