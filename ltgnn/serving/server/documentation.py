"""The page /docs: the OpenAPI description as one plain HTML page, without scripts, nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment

TEMPLATE = Path(__file__).with_name("documentation.html")
Schema = Mapping[str, Any]


def write(api: Schema) -> str:
    """HTML of an OpenAPI description; all text is escaped."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    schemas: Schema = api.get("components", {}).get("schemas", {})
    operations = [
        describe_operation(method.upper(), path, operation, schemas)
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
    ]
    shown = [{"name": name, "fields": fields(schema)} for name, schema in schemas.items() if "properties" in schema]
    text = TEMPLATE.read_text(encoding="utf-8")
    return environment.from_string(text).render(info=api["info"], operations=operations, schemas=shown)


def describe_operation(method: str, path: str, operation: Schema, schemas: Schema) -> dict[str, Any]:
    """The section of one operation."""
    parameters = [
        {
            "name": p["name"],
            "required": p.get("required", False),
            **value(p.get("schema", {}), p.get("description", "")),
        }
        for p in operation.get("parameters", [])
    ]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    answers = [
        {
            "status": status,
            "about": "done" if status == "200" else answer["description"],
            "kind": kind(_schema_of(answer)),
        }
        for status, answer in sorted(operation.get("responses", {}).items())
    ]
    return {
        "method": method, "path": path, "anchor": f"{method}{path}".replace("/", "-"),
        "about": operation.get("description", operation.get("summary", "")), "parameters": parameters,
        "body": {"name": body, "fields": fields(schemas[body])} if body in schemas else None, "answers": answers,
        "example": example(method, path, operation, schemas.get(body)),
    }  # fmt: skip


def fields(schema: Schema) -> list[dict[str, Any]]:
    """The properties of an object."""
    required = schema.get("required", ())
    return [
        {"name": name, "required": name in required, **value(part, part.get("description", ""))}
        for name, part in schema.get("properties", {}).items()
    ]


def value(schema: Schema, about: str) -> dict[str, Any]:
    """Type, bounds, default and meaning of one value."""
    words = {"minimum": "at least {:g}", "maximum": "at most {:g}", "minLength": "at least {:,} characters",
             "maxLength": "at most {:,} characters", "minItems": "at least {:,} values",
             "maxItems": "at most {:,} values"}  # fmt: skip
    options = [schema, *schema.get("anyOf", [])]
    bounds = [word.format(part[key]) for part in options for key, word in words.items() if key in part]
    bounds = [bound[:-1] if " 1 " in bound else bound for bound in bounds]  # 1 character
    default = json.dumps(schema["default"]) if schema.get("default") is not None else ""
    return {"kind": kind(schema), "bounds": ", ".join(bounds), "default": default, "about": about}


def kind(schema: Schema) -> str:
    """The type as text."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(kind(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {kind(schema['additionalProperties'])}"
    return str(schema.get("type", "any"))


def example(method: str, path: str, operation: Schema, body: Schema | None) -> str:
    """An example command with the required parameters."""
    required = [p["name"] for p in operation.get("parameters", []) if p.get("required")]
    query = "&".join(f"{name}={quote(name.upper())}" for name in required)
    address = f'"http://127.0.0.1:8000{path}{"?" + query if query else ""}"'
    if method == "GET" or body is None:
        return f"curl {address}"
    given = {name: ["ITEM"] if body["properties"][name].get("type") == "array" else name.upper()
             for name in body.get("required", ())}  # fmt: skip
    return f"curl {address} -H 'Content-Type: application/json' -d '{json.dumps(given)}'"


def _schema_of(answer: Schema) -> Schema:
    schema: Schema = answer.get("content", {}).get("application/json", {}).get("schema", {"type": "nothing"})
    return schema
