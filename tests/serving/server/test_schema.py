"""The schema of the JSON API."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from ltgnn.serving.server import schema


def models() -> Iterator[type[BaseModel]]:
    """Every object of the API."""
    for value in vars(schema).values():
        if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == schema.__name__:
            yield value


def test_every_value_is_explained() -> None:
    silent = [
        f"{model.__name__}.{name}"
        for model in models()
        for name, value in model.model_json_schema().get("properties", {}).items()
        if not value.get("description")
    ]
    assert silent == []
