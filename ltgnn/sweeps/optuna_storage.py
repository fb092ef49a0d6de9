"""Where a search remembers its trials: a file in the sweep's folder, or any storage of Optuna's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ltgnn.types import UserError


def storage_url(storage: str, sweep_dir: Path) -> str:
    """``sqlite`` and ``journal`` as a place in the sweep's folder; anything else has to be a URL."""
    if storage == "sqlite":
        return f"sqlite:///{sweep_dir / 'study.db'}"
    if storage == "journal":
        return f"journal://{sweep_dir / 'study.journal'}"
    if "://" not in storage:
        raise UserError(f"hydra.sweeper.storage={storage}: wanted sqlite, journal or a URL such as sqlite:////FILE.db")
    return storage


def open_storage(url: str) -> Any:
    """Optuna's storage of a located URL; ``UserError`` where it cannot be read."""
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend

    with readable(url):
        if url.startswith("journal://"):
            return JournalStorage(JournalFileBackend(url.removeprefix("journal://")))
        slow = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {}  # other processes write too
        return RDBStorage(url, engine_kwargs=slow)


@contextmanager
def readable(url: str) -> Iterator[None]:
    """Trials are read inside; a failure becomes one ``UserError`` with advice."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (StorageInternalError, SQLAlchemyError, ValueError, KeyError, TypeError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{url}: the trials of this search cannot be read ({reason}). Move that file away and give the command "
            "again: its finished runs are found in their folders, and none is trained twice. Or set "
            "hydra.sweeper.storage"
        ) from error
