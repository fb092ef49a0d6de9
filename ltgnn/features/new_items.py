"""Features of items that came after training, as the run would have made them."""

from __future__ import annotations

import torch
from torch import Tensor

from ltgnn.features.dataset_vectors import DatasetVectors
from ltgnn.features.item_categories import ItemCategories
from ltgnn.features.item_features import FeatureSource, ItemNumbers, ItemText, ItemVectors, JoinedFeatures
from ltgnn.features.item_images import ItemImages
from ltgnn.features.queries import TextPart, reader
from ltgnn.features.scaling import numbers_of, standardising
from ltgnn.features.transform import Step
from ltgnn.types import Dataset, Features, UserError


def encode_new_items(
    source: FeatureSource, features: Features, dataset: Dataset, counts: Tensor, grown: Dataset
) -> Tensor:
    """Features of the items of ``grown`` that ``dataset`` lacks, by the encoder, scales and transforms of the run.

    ``source``: what the group ``features`` built; ``features``: what it made of ``dataset``; ``counts`` [I]: train
    interactions. -> [n, D]. ``UserError`` where an item has nothing to make them of.
    """
    new = grown.item_ids[dataset.num_items :]
    if isinstance(source, JoinedFeatures):
        parts = {name: source.parts[name] for name in features.card["widths"]}
        cards = features.card["parts"]
        found = [
            encode_new_items(part, features._replace(card=cards[name]), dataset, counts, grown)
            for name, part in parts.items()
        ]
        return torch.cat(found, dim=1)
    if isinstance(source, ItemText):
        return _read(source, dataset, counts, grown)
    if isinstance(source, ItemNumbers):
        columns = source.chosen(dataset)
        before, after = numbers_of(dataset, columns), numbers_of(grown, columns)[dataset.num_items :]
        scale = standardising(before, counts > 0)
        return apply_steps_of_run(scale(before), scale(after), counts, source.control, source.transform)
    if isinstance(source, ItemVectors):
        raw, given = source.raw(dataset).values, source.file.rows(new)
        lacking = [item for item, row in zip(new, given, strict=True) if row is None]
        if lacking and source.file.missing == "error":
            raise UserError(
                f"'{lacking[0]}' is an item that the run does not know ({len(lacking)} such), and "
                f"{source.file.path} has no vector of it: add its row (features.file.extra=ignore lets a "
                "file hold rows of items to come), or omit its events"
            )
        rows = torch.stack([torch.zeros(raw.shape[1]) if row is None else row for row in given])
        return apply_steps_of_run(raw, rows, counts, source.control, source.transform)
    if isinstance(source, ItemImages | ItemCategories):
        known = source.raw(dataset)
        return apply_steps_of_run(known.values, source.new_rows(dataset, grown), counts, *source.steps(known))
    if isinstance(source, DatasetVectors):
        raise UserError(
            f"'{new[0]}' is an item that the run does not know, and no vector of it came with {dataset.name}: leave "
            "its events out, or add it to the data set and train again"
        )
    raise UserError(
        f"'{new[0]}' is an item that the run does not know, and features of {type(source).__name__} cannot be made "
        "for a new item: omit its events, or train again"
    )


def _read(source: ItemText, dataset: Dataset, counts: Tensor, grown: Dataset) -> Tensor:
    new = grown.item_ids[dataset.num_items :]
    fields = {name: column[dataset.num_items :] for name, column in grown.item_fields.items()}
    texts = source.texts(dataset, fields) if fields else [""] * len(new)
    if without := [item for item, text in zip(new, texts, strict=True) if not text]:
        raise UserError(
            f"'{without[0]}' is an item that the run does not know ({len(without)} such) and has no text: give it a "
            f"row in items=FILE with {', '.join(dataset.item_fields) or 'its text'}, or omit its events"
        )
    return reader(TextPart(source, slice(None)), dataset, counts)(texts)


def apply_steps_of_run(raw: Tensor, rows: Tensor, counts: Tensor, control: Step, transform: Step) -> Tensor:
    """``rows`` after the steps, fit_map on the ``raw`` features of the run's items as they were for training."""
    fit = counts > 0
    return transform.fit_map(control(raw, fit), fit)(control.fit_map(raw, fit)(rows))
