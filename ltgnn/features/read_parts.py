"""What features read of a data set, kind by kind, for the leak audit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from torch import Tensor

from ltgnn.features.dataset_vectors import DatasetVectors
from ltgnn.features.describing.described_text import DescribedText
from ltgnn.features.item_features import FeatureSource, ItemText, ItemVectors, JoinedFeatures
from ltgnn.types import Dataset


class ReadPart(NamedTuple):
    """What one kind of features reads of each item."""

    name: str  # "text", "images" ...; "" where there is one kind alone; of parts within parts "a.b"
    fields: Sequence[str]
    texts: Sequence[str] | None  # [I]; None: it reads none
    shared: bool  # texts that many items have, such as a brand
    vectors: Tensor | None  # [I, D] as they are given; None: none are


def read_parts(source: FeatureSource, dataset: Dataset, name: str = "") -> Iterator[ReadPart]:
    """The kinds in their order; texts that a language model has not written yet are written now."""
    if isinstance(source, JoinedFeatures):
        for inner, part in source.parts.items():
            yield from read_parts(part, dataset, f"{name}.{inner}" if name else inner)
        return
    vectors = source.raw(dataset).values if isinstance(source, DatasetVectors | ItemVectors) else None
    if isinstance(source, ItemText):
        template = source.template_for(dataset)
        fields = [field for field in dataset.item_fields if "{" + field in template]
        written = isinstance(source, DescribedText) and bool(fields)
        texts = source.texts(dataset) if written else join_fields(dataset, fields)
        yield ReadPart(name, fields, texts, False, vectors)
        return
    fields = [field for field in source.fields if field in dataset.item_fields]
    yield ReadPart(name, fields, join_fields(dataset, fields), True, vectors)


def join_fields(dataset: Dataset, fields: Sequence[str]) -> list[str] | None:
    """The fields of each item joined: equal where what is read of them is equal; None: no fields."""
    columns = (dataset.item_fields[name] for name in fields)
    return ["\n".join(row) for row in zip(*columns, strict=True)] if fields else None
