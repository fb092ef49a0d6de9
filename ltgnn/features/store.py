"""Features on disk, one file per content: safetensors named by the hash of all that decides them."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from torch import Tensor

from ltgnn.config.paths import write_whole
from ltgnn.features.checks import measure
from ltgnn.io.atomic_write import Unwritable, replace_atomically
from ltgnn.io.scoped_cache import keep
from ltgnn.types import Features

log = logging.getLogger(__name__)


def key_of(identity: Mapping[str, Any], texts: Sequence[str]) -> str:
    """sha256 over the identity (plain values; the order of its keys is free) and the exact texts in their order."""
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True, ensure_ascii=False).encode())
    for text in texts:
        data = text.encode(errors="surrogatepass")
        digest.update(b"\n%d " % len(data) + data)  # the length distinguishes ["ab", "c"] from ["a", "bc"]
    return digest.hexdigest()


class FeatureStore:
    """A folder with ``KEY.safetensors`` (memory-mapped when read) and ``KEY.json``, the card.

    Safe when several processes request the same features at once: one makes them, the others wait for its file.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def get(
        self,
        identity: Mapping[str, Any],
        texts: Sequence[str],
        make: Callable[[], Tensor],
        card: Callable[[Tensor], Mapping[str, Any]],
    ) -> Features:
        """The features of this content: read where the store has them, else made by ``make() -> [I, D]`` and kept.

        ``card(values)`` adds statistics to the card; it is called only when they are made.
        """
        key = key_of(identity, texts)
        path = self.folder / f"{key}.safetensors"
        started = time.perf_counter()
        features = self._read(path, key)
        if features is None:
            from filelock import FileLock
            from safetensors import SafetensorError

            lock = FileLock(path.with_suffix(".lock"))
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                lock.acquire()
            except OSError as error:
                return self._not_kept(self._make(key, identity, make, card), error)
            try:
                features = self._read(path, key, again=True)  # another process may have made it meanwhile
                if features is None:
                    made = self._make(key, identity, make, card)
                    try:
                        self._keep(path, made)
                    except (OSError, SafetensorError, Unwritable) as error:
                        return self._not_kept(made, error)
                    path.with_suffix(".lock").unlink(missing_ok=True)  # who waits for it finds the file
                    # read back: a matrix product may round otherwise where a matrix has another memory layout, and the
                    # run that makes the features has to give the numbers of those that find them
                    return self._read(path, key) or made
            finally:
                lock.release()
        if "features" not in features.card:  # made before cards had these facts
            features.card.update(self._facts(features.values, card))
            with suppress(OSError, Unwritable):
                write_whole(path.with_suffix(".json"), _json(features.card))
        shape, taken = "x".join(map(str, features.values.shape)), time.perf_counter() - started
        log.info("item features [%s]: found in the store (%s), read in %.2f s", shape, key[:12], taken)
        return features

    @staticmethod
    def _facts(values: Tensor, card: Callable[[Tensor], Mapping[str, Any]]) -> dict[str, Any]:
        return {"features": measure(values), **card(values)}

    def _make(
        self,
        key: str,
        identity: Mapping[str, Any],
        make: Callable[[], Tensor],
        card: Callable[[Tensor], Mapping[str, Any]],
    ) -> Features:
        started = time.perf_counter()
        values = make().float().contiguous()
        seconds = time.perf_counter() - started
        content: dict[str, Any] = {
            "key": key,
            "shape": list(values.shape),
            "sha256": digest(values),
            "identity": dict(identity),
            "seconds": round(seconds, 3),
            "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            **self._facts(values, card),
        }
        shape = "x".join(map(str, values.shape))
        log.info("item features %s [%s]: encoded in %.1f s", key[:12], shape, seconds)
        return Features(values, content)

    @staticmethod
    def _keep(path: Path, made: Features) -> None:
        from safetensors.torch import save_file

        write_whole(path.with_suffix(".json"), _json(made.card))
        with replace_atomically(path) as partial:  # last: where it exists, the card does, too
            save_file({"values": made.values}, partial, metadata={"key": path.stem})

    def _not_kept(self, made: Features, error: Exception) -> Features:
        log.warning("the features cannot be kept in %s (%s); other runs will make them anew", self.folder, error)
        return made

    def _read(self, path: Path, key: str, again: bool = False) -> Features | None:
        """The features, or None where there are none, or none whose bytes are those that the card names.

        ``again``: damage was reported already.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="pt") as opened:
                if (opened.metadata() or {}).get("key") != key:
                    raise ValueError("it carries another key")
                values = opened.get_tensor("values")
            card = _card(path.with_suffix(".json"))
            verify(path, values, str(card.get("sha256")))
            return Features(values, card)
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError, ValueError) as error:
            if not again:
                log.warning("the stored features %s are damaged (%s) and are made anew", path, error)
            return None


def verify(path: Path, values: Tensor, sha256: str) -> None:
    """``ValueError`` where values are not the bytes that were written; hashed once per scope and state of the file."""
    state = path.stat()
    at = (state.st_size, state.st_mtime_ns, state.st_ino)
    if keep((verify, path.resolve(), at), lambda: digest(values)) != sha256:
        raise ValueError("the bytes are not those that were written")


def digest(values: Tensor) -> str:
    """sha256 of the numbers, row by row, without a copy of them."""
    return hashlib.sha256(values.contiguous().numpy().data).hexdigest()


def _card(file: Path) -> dict[str, Any]:
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError("its card is missing") from None
    if not isinstance(card, dict):
        raise ValueError("its card is not a JSON object")
    return card


def _json(card: Mapping[str, Any]) -> str:
    return json.dumps(card, indent=2, ensure_ascii=False) + "\n"
