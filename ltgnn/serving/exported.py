"""A model as a small folder of plain files: safetensors, Parquet, JSON, a card. Read without Lightning and Hydra.

- ``model.safetensors``: the pieces of the score, the pairs of each part, groups, text features
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

from ltgnn.scorable import restricted
from ltgnn.scorers import Constant, DenseItems, Inner, Piece, SparseItems, Total, pieces
from ltgnn.serving.card import model_card
from ltgnn.serving.catalogue import Catalogue
from ltgnn.serving.head import write_head
from ltgnn.serving.served import Served
from ltgnn.types import Groups, Interactions, Mistake, Scorer, Split
from ltgnn.writing import whole

VERSION = 1
PARTS = ("train", "val", "test")


def write(served: Served, folder: Path, recipe: str, onnx: bool = False) -> dict[str, int]:
    """Write a model to a folder that appears whole or not at all; bytes of each file.

    ``recipe``: text of the run's config.yaml. ``onnx``: the scoring head as well. Raises ``Mistake`` if the folder is
    there already, or if the score is no sum of tables.
    """
    if folder.exists():
        raise Mistake(f"out={folder} is there already: give a new name, or remove it.")
    found = pieces(served.scorer)
    if found is None:
        raise Mistake(
            f"{served.name}: its score is no sum of inner products, item weights and constants (a loss such as "
            "macr or pda, or model=random, ranks in its own way), so no folder of tables gives its lists. "
            "`ltgnn recommend run=DIR` works on the run."
        )
    with whole(folder, "out=") as temporary:
        temporary.mkdir()
        _write(served, found, temporary, recipe, onnx)
    return {file.name: file.stat().st_size for file in sorted(folder.iterdir())}


def _write(served: Served, found: Sequence[Piece], temporary: Path, recipe: str, onnx: bool) -> None:
    """The files of an export."""
    tensors: dict[str, Tensor] = {"scorable": served.scorable, "groups": served.groups.labels}
    described = [_put(piece, number, tensors) for number, piece in enumerate(found)]
    for name in PARTS:
        part: Interactions = getattr(served.split, name)
        tensors |= {f"{name}.users": part.users, f"{name}.items": part.items}
        tensors |= {f"{name}.{column}": values for column in ("times", "weights")
                    if (values := getattr(part, column)) is not None}  # fmt: skip
    if served.text is not None:
        tensors["text"] = served.text
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


def read(folder: str | Path) -> Served:
    """The model of an exported folder. ``Mistake`` where a file is missing or is not what was written."""
    import polars as pl

    folder = Path(folder)
    if not (folder / "export.json").is_file():
        raise Mistake(
            f"{folder} is no exported model: it has no export.json. Make one: ltgnn export run=RUN out={folder}"
        )
    record = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    if record.get("version") != VERSION:
        raise Mistake(f"{folder} has format {record.get('version')}, this ltgnn reads {VERSION}: export it again.")
    for name, digest in record["sha256"].items():
        if not (folder / name).is_file() or _digest(folder / name) != digest:
            raise Mistake(f"{folder / name} is missing or was changed after the export: export the run again.")
    tensors = load_file(folder / "model.safetensors")
    items, users = pl.read_parquet(folder / "items.parquet"), pl.read_parquet(folder / "users.parquet")
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
    parts: list[Scorer] = [_get(d, n, tensors, train) for n, d in enumerate(record["pieces"])]
    score: Scorer = parts[0] if len(parts) == 1 else Total([(1.0, part) for part in parts])
    groups = Groups(
        record["groups"]["policy"], tuple(record["groups"]["names"]), tensors["groups"], record["groups"]["rule"]
    )
    return Served(
        record["name"],
        restricted(score, tensors["scorable"]),
        catalogue,
        split,
        groups,
        tensors.get("text"),
        record["card"],
    )


def _put(piece: Piece, number: int, tensors: dict[str, Tensor]) -> dict[str, str]:
    """Adds the tensors of a piece; its description."""
    name = f"piece{number}"
    if isinstance(piece, Inner):
        tensors |= {f"{name}.users": piece.users, f"{name}.items": piece.table.T}
        return {"form": "inner"}
    if isinstance(piece, Constant):
        tensors[f"{name}.values"] = piece.values
        return {"form": "constant"}
    if isinstance(piece, DenseItems):
        tensors[f"{name}.weights"] = piece.weights
        return {"form": "items"}
    weights = piece.weights.tocsr()
    parts = {"offsets": weights.indptr, "columns": weights.indices, "values": weights.data}
    tensors |= {f"{name}.{part}": torch.from_numpy(array) for part, array in parts.items()}
    if piece.scale is not None:
        tensors[f"{name}.scale"] = piece.scale
    return {"form": "sparse items"}


def _get(described: Mapping[str, str], number: int, tensors: Mapping[str, Tensor], train: Interactions) -> Piece:
    import numpy as np
    from scipy.sparse import csr_matrix

    name = f"piece{number}"
    if described["form"] == "inner":
        return Inner(tensors[f"{name}.users"], tensors[f"{name}.items"].T.contiguous())
    if described["form"] == "constant":
        return Constant(tensors[f"{name}.values"])
    if described["form"] == "items":
        return DenseItems(*train.by_user, tensors[f"{name}.weights"])
    ones: Any = np.ones(len(train), np.float32)
    rows = csr_matrix((ones, (train.users.numpy(), train.items.numpy())), (train.num_users, train.num_items))
    arrays = tuple(tensors[f"{name}.{part}"].numpy() for part in ("values", "columns", "offsets"))
    return SparseItems(rows, csr_matrix(arrays, (train.num_items, train.num_items)), tensors.get(f"{name}.scale"))


def _tables(served: Served, folder: Path) -> None:
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
