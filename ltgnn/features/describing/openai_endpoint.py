"""A language model behind an endpoint that speaks OpenAI's chat completions."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any
from urllib.parse import urlsplit

from annotated_types import Ge, Gt

from ltgnn.features.describing.http_json import Temporary, post_json
from ltgnn.features.describing.text_writer import Answer, TextWriter
from ltgnn.types import UserError

log = logging.getLogger(__name__)

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class OpenAIEndpoint(TextWriter):
    """``POST URL/chat/completions``, as of OpenAI, vLLM, llama.cpp, Ollama and others.

    The address is in the environment variable ``ACCOUNT_BASE_URL`` (such as http://localhost:8000/v1), the key, where
    one is needed, in ``ACCOUNT_API_KEY``. No recipe holds either, so that the recipe of somebody else cannot send texts
    to an address, or a key away.

    ``account``: the beginning of these names. ``model``: as the endpoint calls it. ``temperature``, ``seed``: sent
    along; an endpoint need not give the same answer twice even so. ``length_key``: its name of ``max_new_tokens``
    (``max_completion_tokens`` of newer models of OpenAI). ``extra``: further keys of the request.
    ``timeout``: seconds for an answer. ``tries``: for one prompt. ``first_wait``: seconds before the second, doubled
    each time up to ``longest_wait``; an endpoint that says ``Retry-After`` is obeyed within that. Again are tried the
    answers 408, 409, 429 and 5xx, no answer, and one that is not JSON of the right form; others end the command.
    ``per_minute``: requests at most; null: no limit. ``parallel``: requests at once.
    """

    def __init__(
        self,
        account: str,
        model: str,
        max_new_tokens: Annotated[int, Ge(1)],
        length_key: str,
        temperature: Annotated[float, Ge(0)],
        seed: int | None,
        extra: Mapping[str, Any],
        timeout: Annotated[float, Gt(0)],
        tries: Annotated[int, Ge(1)],
        first_wait: Annotated[float, Ge(0)],
        longest_wait: Annotated[float, Ge(0)],
        per_minute: Annotated[float, Gt(0)] | None,
        parallel: Annotated[int, Ge(1)],
    ) -> None:
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", account):
            raise UserError(
                f"features.writer.account={account} given, wanted capital letters: the beginning of the names of two "
                "environment variables, ACCOUNT_BASE_URL and ACCOUNT_API_KEY"
            )
        self.account, self.model, self.max_new_tokens, self.length_key = account, model, max_new_tokens, length_key
        self.temperature, self.seed, self.extra = temperature, seed, dict(extra)
        self.timeout, self.tries, self.first_wait, self.longest_wait = timeout, tries, first_wait, longest_wait
        self.per_minute, self.parallel, self.batch_size = per_minute, parallel, parallel
        self._turn, self._next = threading.Lock(), 0.0

    @property
    def identity(self) -> Mapping[str, Any]:
        """The endpoint and what is asked of it; what weights are behind the name only its owner knows."""
        return {
            "class": "OpenAIEndpoint",
            "url": self.url,
            "model": self.model,
            "max_new_tokens": self.max_new_tokens,
            "temperature": self.temperature,
            "seed": self.seed,
            "extra": self.extra,
        }

    @property
    def url(self) -> str:
        """From the environment; ``UserError`` where it is not there, or would send a key without encryption."""
        name, found = f"{self.account}_BASE_URL", os.environ.get(f"{self.account}_BASE_URL", "").rstrip("/")
        parts = urlsplit(found)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise UserError(
                f"the environment variable {name} is {'not set' if not found else 'no address with http(s)://'}: "
                f"set it to the address of the endpoint, such as {name}=http://localhost:8000/v1"
            )
        if self.key and parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise UserError(
                f"{self.account}_API_KEY would be sent to {parts.hostname} unencrypted: set {name} to an address with "
                "https://, or unset the key"
            )
        return found

    @property
    def key(self) -> str:
        return os.environ.get(f"{self.account}_API_KEY", "")

    def __call__(self, prompts: Sequence[str]) -> list[Answer]:
        """An answer to each prompt; ``UserError`` where the endpoint gives none in ``tries``."""
        with ThreadPoolExecutor(self.parallel) as pool:
            return list(pool.map(self.ask, prompts))

    def ask(self, prompt: str) -> Answer:
        """The answer to one prompt."""
        payload: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            self.length_key: self.max_new_tokens,
            "temperature": self.temperature,
            **({} if self.seed is None else {"seed": self.seed}),
            **self.extra,
        }
        wait = self.first_wait
        for tried in range(1, self.tries + 1):
            self._await_turn()
            try:
                return read_completion(post_json(f"{self.url}/chat/completions", self.key, payload, self.timeout))
            except Temporary as reason:
                if tried == self.tries:
                    raise UserError(
                        f"{self.url} gave no answer in {self.tries} tries: {reason}. What was written before is kept: "
                        "the same command goes on from there. Raise features.writer.tries or longest_wait, or lower "
                        "features.writer.per_minute and parallel."
                    ) from reason
                pause = min(self.longest_wait, wait if reason.after is None else max(wait, reason.after))
                log.info("%s: %s; again in %.1f s", self.url, reason, pause)
                time.sleep(pause)
                wait *= 2
        raise AssertionError("unreachable")

    def _await_turn(self) -> None:
        """Sleeps until the limit of requests a minute allows the next."""
        if self.per_minute is None:
            return
        with self._turn:
            now = time.monotonic()
            start = max(now, self._next)
            self._next = start + 60 / self.per_minute
        time.sleep(start - now)


def read_completion(content: Any) -> Answer:
    """The text and tokens of a chat completion; ``Temporary`` where it has another form."""
    try:
        text = content["choices"][0]["message"]["content"]
        usage = content.get("usage") or {}
        tokens = int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise Temporary("the answer is no chat completion (choices[0].message.content)") from None
    return Answer(text if isinstance(text, str) else "", *tokens)
