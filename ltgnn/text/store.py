"""Features on disk, one file per content: safetensors named by the hash of all that decides them."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from ltgnn.paths import write_whole
from ltgnn.types import Features
from ltgnn.writing import whole

log = logging.getLogger(__name__)


def key_of(identity: Mapping[str, Any], texts: Sequence[str]) -> str:
    """sha256 over the identity (plain values; the order of its keys is free) and the exact texts in their order."""
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True, ensure_ascii=False).encode())
    for text in texts:
        data = text.encode(errors="surrogatepass")
        digest.update(b"\n%d " % len(data) + data)  # the length keeps ["ab", "c"] and ["a", "bc"] apart
    return digest.hexdigest()


class FeatureStore:
    """A folder with ``KEY.safetensors`` (memory-mapped when read) and ``KEY.json``, the card.

    Safe when several processes ask for the same features at once: one makes them, the others wait for its file.
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

        ``card(values)`` adds to the card whatever a person wants to know; it is called only when they are made.
        """
        key = key_of(identity, texts)
        path = self.folder / f"{key}.safetensors"
        started = time.perf_counter()
        features = self._read(path, key)
        if features is None:
            from filelock import FileLock

            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(path.with_suffix(".lock")):
                features = self._read(path, key)  # another process may have made it meanwhile
                if features is None:
                    made = self._make(path, key, identity, make, card)
                    path.with_suffix(".lock").unlink(missing_ok=True)  # who waits for it finds the file
                    # read back: a matrix product may round otherwise where a matrix lies otherwise in memory, and the
                    # run that makes the features has to give the numbers of those that find them
                    return self._read(path, key) or made
        shape = "x".join(map(str, features.values.shape))
        log.info("text features %s [%s]: hit, read in %.2f s", key[:12], shape, time.perf_counter() - started)
        return features

    def _make(
        self,
        path: Path,
        key: str,
        identity: Mapping[str, Any],
        make: Callable[[], Tensor],
        card: Callable[[Tensor], Mapping[str, Any]],
    ) -> Features:
        from safetensors.torch import save_file

        started = time.perf_counter()
        values = make().float().contiguous()
        seconds = time.perf_counter() - started
        content: dict[str, Any] = {
            "key": key,
            "shape": list(values.shape),
            "sha256": hashlib.sha256(values.numpy().tobytes()).hexdigest(),
            "identity": dict(identity),
            "seconds": round(seconds, 3),
            "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            **card(values),
        }
        write_whole(path.with_suffix(".json"), json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        with whole(path) as partial:  # last: where it stands, the card stands too
            save_file({"values": values}, partial, metadata={"key": key})
        shape = "x".join(map(str, values.shape))
        log.info("text features %s [%s]: encoded in %.1f s", key[:12], shape, seconds)
        return Features(values, content)

    def _read(self, path: Path, key: str) -> Features | None:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="pt") as opened:
                if (opened.metadata() or {}).get("key") != key:
                    raise ValueError("it carries another key")
                values = opened.get_tensor("values")
            return Features(values, json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (SafetensorError, ValueError) as error:
            log.warning("the stored features %s are damaged (%s) and are made anew", path, error)
            return None
