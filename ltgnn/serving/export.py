"""A model as a small folder of plain files: safetensors, Parquet, JSON, a card. Read without Lightning and Hydra.

- ``model.safetensors``: the pieces of the score, the pairs of each part, groups, item features
- ``items.parquet``, ``users.parquet``: ids, columns and counts in the order of the tensors' rows
- ``item_vectors.parquet``, ``user_vectors.parquet``: id and vector, where the score is an inner product
- ``export.json``: what the tensors are, checksums; ``config.yaml``: the recipe; ``README.md``: the model card
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ltgnn.inference.catalogue import Catalogue
from ltgnn.inference.served_model import ServedModel
from ltgnn.io.atomic_write import replace_atomically
from ltgnn.io.pluralize import pluralize
from ltgnn.scoring.forms import FORMS, decompose
from ltgnn.scoring.masked import mask_items
from ltgnn.scoring.scorers import ScoreTable, WeightedSum
from ltgnn.serving.model_card import model_card
from ltgnn.serving.onnx_head import write_head
from ltgnn.types import Damaged, Groups, Interactions, Scorer, Split, UserError

VERSION = 1
PARTS = ("train", "val", "test")
NEEDED = ("model.safetensors", "items.parquet", "users.parquet")


def write(served: ServedModel, folder: Path, recipe: str, onnx: bool = False) -> dict[str, int]:
    """Write a model to a folder atomically; bytes of each file.

    ``recipe``: text of the run's config.yaml. ``onnx``: the scoring head as well. Raises ``UserError`` if the folder is
    there already, or if the score is not a sum of tables.
    """
    if folder.exists():
        raise UserError(f"out={folder} is there already: give a new name, or remove it.")
    found = decompose(served.scorer)
    if found is None:
        raise UserError(
            f"{served.name}: its score is not a sum of inner products, item weights and constants (an ensemble, a loss "
            "such as macr or pda, or model=random ranks in its own way), so no folder of tables gives its lists. "
            "`ltgnn recommend run=DIR` works on the run."
        )
    with replace_atomically(folder, "out=") as temporary:
        temporary.mkdir()
        _write(served, found, temporary, recipe, onnx)
    return {file.name: file.stat().st_size for file in sorted(folder.iterdir())}


def _write(served: ServedModel, found: Sequence[ScoreTable], temporary: Path, recipe: str, onnx: bool) -> None:
    """The files of an export."""
    tensors: dict[str, Tensor] = {"scorable": served.scorable, "groups": served.groups.labels}
    described = [_put(piece, number, tensors) for number, piece in enumerate(found)]
    for name in PARTS:
        part: Interactions = getattr(served.split, name)
        tensors |= {f"{name}.users": part.users, f"{name}.items": part.items}
        tensors |= {f"{name}.{column}": values for column in ("times", "weights")
                    if (values := getattr(part, column)) is not None}  # fmt: skip
    if (features := served.recorded_features) is not None:
        tensors["features"] = features
    save_file({name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()},
              temporary / "model.safetensors")  # fmt: skip
    _tables(served, temporary)
    if onnx:
        write_head(served, temporary / "score_head.onnx")
    (temporary / "config.yaml").write_text(recipe, encoding="utf-8")
    record = {
        "format": "ltgnn export",
        "version": VERSION,
        "name": served.name,
        "pieces": described,
        "users": len(served.catalogue.user_ids),
        "items": len(served.catalogue.item_ids),
        "split": {"name": served.split.name, "ordered": served.split.ordered, "fingerprint": served.split.fingerprint},
        "groups": {"policy": served.groups.policy, "names": served.groups.names, "rule": served.groups.rule},
        "card": served.card,
        "sha256": {file.name: _digest(file) for file in sorted(temporary.iterdir())},
    }
    (temporary / "export.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (temporary / "README.md").write_text(model_card(served, found), encoding="utf-8")


def load_exported(folder: str | Path) -> ServedModel:
    """The model of an exported folder. ``Damaged`` where a file is missing, or is not what was written."""
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder. Wanted: a run, or what `ltgnn export` wrote.")
    if not (folder / "export.json").is_file():
        raise UserError(
            f"{folder} is neither a run (it has no status.json) nor an exported model (no export.json). "
            "Name a folder such as logs/train/runs/RUN, or export one: ltgnn export run=RUN out=DIR"
        )
    record = _record(folder)
    for name, digest in record["sha256"].items():
        if Path(name).name != name or not (folder / name).is_file() or _digest(folder / name) != digest:
            raise Damaged(f"{folder}: {name} is missing or was changed after the export: export the run again.")
    try:
        return _open_files(folder, record)
    except Exception as error:  # each format has its own errors for what it cannot read
        reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        raise Damaged(f"{folder}: the export is damaged ({reason}): export the run again.") from error


def _record(folder: Path) -> dict[str, Any]:
    """export.json, with all that reading needs."""
    again = "export the run again"
    try:
        record = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise Damaged(f"{folder}: export.json cannot be read ({reason}): {again}.") from error
    if not isinstance(record, dict):
        raise Damaged(f"{folder}: export.json holds a {type(record).__name__}; wanted a JSON object: {again}.")
    if "version" in record and record["version"] != VERSION:
        raise Damaged(f"{folder}: export.json has format {record['version']}, this ltgnn reads {VERSION}: {again}.")
    needed = {"version": int, "name": str, "pieces": list, "split": dict, "groups": dict, "card": dict, "sha256": dict}
    if lacks := [name for name, kind in needed.items() if not isinstance(record.get(name), kind)]:
        raise Damaged(f"{folder}: export.json lacks {', '.join(lacks)}: {again}.")
    if lacks := [name for name in NEEDED if name not in record["sha256"]]:
        raise Damaged(f"{folder}: export.json has no checksum of {', '.join(lacks)}: {again}.")
    return record


def _open_files(folder: Path, record: Mapping[str, Any]) -> ServedModel:
    """The model, its files being what was written."""
    import polars as pl

    tensors = load_file(folder / "model.safetensors")
    items, users = (pl.read_parquet(folder / f"{name}.parquet", glob=False) for name in ("items", "users"))
    catalogue = Catalogue(
        users["id"].to_list(),
        items["id"].to_list(),
        {c.removeprefix("field."): items[c].to_list() for c in items.columns if c.startswith("field.")},
        {
            c.removeprefix("number."): torch.from_numpy(items[c].to_numpy().copy())
            for c in items.columns
            if c.startswith("number.")
        },
    )
    shape = len(catalogue.user_ids), len(catalogue.item_ids)
    train, val, test = (
        Interactions(
            tensors[f"{part}.users"],
            tensors[f"{part}.items"],
            *shape,
            tensors.get(f"{part}.times"),
            tensors.get(f"{part}.weights"),
        )
        for part in PARTS
    )
    split = Split(train, val, test, record["split"]["name"], record["split"]["ordered"])
    parts = [read_scorer(d, n, tensors, train) for n, d in enumerate(record["pieces"])]
    score: Scorer = parts[0] if len(parts) == 1 else WeightedSum([(1.0, part) for part in parts])
    groups = Groups(
        record["groups"]["policy"], tuple(record["groups"]["names"]), tensors["groups"], record["groups"]["rule"]
    )
    if blank := [name for name, tensor in tensors.items() if name.startswith("piece") and tensor.isnan().any()]:
        raise ValueError(f"{blank[0]} of model.safetensors holds NaN")
    if len(tensors["scorable"]) != shape[1] or len(tensors["groups"]) != shape[1]:
        raise ValueError(f"model.safetensors and the {pluralize(shape[1], 'row')} of items.parquet differ in length")
    masked = mask_items(score, tensors["scorable"])
    masked(torch.arange(min(1, shape[0])))  # pieces that do not fit are found here, not by a user
    features = tensors.get("features", tensors.get("text"))  # the latter: an older export
    return ServedModel(record["name"], masked, catalogue, split, groups, lambda: features, record["card"])


def _put(table: ScoreTable, number: int, tensors: dict[str, Tensor]) -> dict[str, str]:
    """Adds the tensors of one of the score's tables; its description."""
    tensors |= {f"piece{number}.{name}": tensor for name, tensor in table.tensors().items()}
    return {"form": table.form}


def read_scorer(
    described: Mapping[str, str], number: int, tensors: Mapping[str, Tensor], train: Interactions
) -> ScoreTable:
    prefix = f"piece{number}."
    part = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    return FORMS[described["form"]].from_tensors(part, train)


def _tables(served: ServedModel, folder: Path) -> None:
    """Ids and columns; vectors, where the score is an inner product."""
    import polars as pl

    catalogue, train = served.catalogue, served.split.train
    items = {
        "id": list(catalogue.item_ids),
        "title": list(catalogue.titles),
        "group": [served.group(item) for item in range(served.num_items)],
        "train_count": train.item_counts.numpy(),
        **{f"field.{name}": list(column) for name, column in catalogue.fields.items()},
        **{f"number.{name}": column.numpy() for name, column in catalogue.numbers.items()},
    }
    users = {"id": list(catalogue.user_ids), "train_count": train.user_counts.numpy()}
    pl.DataFrame(items).write_parquet(folder / "items.parquet")
    pl.DataFrame(users).write_parquet(folder / "users.parquet")
    if served.vectors is not None:
        for name, ids, table in zip(("user", "item"), (users["id"], items["id"]), served.vectors, strict=True):
            vectors = pl.Series(table.detach().cpu().float().contiguous().numpy())
            pl.DataFrame({"id": ids, "vector": vectors}).write_parquet(folder / f"{name}_vectors.parquet")


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
