"""Reference page of the JSON API of ``ltgnn serve``, from its OpenAPI description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docs.generate.tables import code, table
from ltgnn.inference.catalogue import Catalogue
from ltgnn.inference.served_model import ServedModel
from ltgnn.scoring.scorers import InnerProduct
from ltgnn.serving.server import documentation
from ltgnn.serving.server.app import create
from ltgnn.testing import toy


def page() -> str:
    """Every endpoint with its parameters, body and answers, and every object."""
    api = description()
    schemas = api["components"]["schemas"]
    lines = [
        "# JSON API",
        "",
        "`ltgnn serve run=DIR` answers on `http://127.0.0.1:8000`; the same description is at `/docs`, as OpenAPI at "
        "`/openapi.json`. Where a token is set, every request brings `Authorization: Bearer TOKEN`. Wrong input gets "
        "status 422 (or 400, 404, 409) and an object with one sentence, `detail`; a server that too many requests "
        "wait for answers 503. How to run it: [Serve](../how-to/serve.md).",
    ]
    bodies = set()
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            one = documentation.describe_operation(method.upper(), path, operation, schemas)
            bodies |= {one["body"]["name"]} if one["body"] else set()
            lines += _operation(one, schemas)
    lines += ["", "## Objects", ""]
    for name, schema in schemas.items():
        if "properties" in schema and not name.startswith(("HTTPValidation", "ValidationError")):
            lines += [f"### {name} " + "{ #" + name + " }", "", _object(schema, name in bodies, schemas), ""]
    return "\n".join(lines) + "\n"


def description() -> Mapping[str, Any]:
    """The OpenAPI description of the application over a toy model."""
    dataset = toy.dataset()
    catalogue = Catalogue(dataset.user_ids, dataset.item_ids, dataset.item_fields, dataset.item_numbers)
    scorer = InnerProduct(toy.random(toy.USERS, 4), toy.random(toy.ITEMS, 4, seed=1))
    served = ServedModel("a model", scorer, catalogue, toy.split(), toy.groups(), toy.features, {})
    return create(served, lambda query, k, user, taste: [], ("words", "meaning"), ["127.0.0.1"]).openapi()


def _operation(one: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[str]:
    lines = ["", f"## {one['method']} {one['path']}", "", str(one["about"]), ""]
    if one["parameters"]:
        lines += ["Parameters:", "", _values(one["parameters"], schemas), ""]
    if one["body"]:
        lines += [f"Body: [`{one['body']['name']}`](#{one['body']['name']})", ""]
    answers = [[answer["status"], answer["about"], _linked(answer["kind"], schemas)] for answer in one["answers"]]
    lines += [
        "Answers:",
        "",
        table(("status", "what it is", "type"), answers),
        "",
        "```bash",
        str(one["example"]).replace(" -d ", " \\\n    -d "),
        "```",
    ]
    return lines


def _values(values: Sequence[Mapping[str, Any]], schemas: Mapping[str, Any]) -> str:
    rows = []
    for value in values:
        needed = "must be given" if value["required"] else value["default"] and code(value["default"])
        shown = _linked(value["kind"], schemas)
        rows.append([code(str(value["name"])), shown, needed, str(value["bounds"]), str(value["about"])])
    return table(("name", "type", "default", "bounds", "meaning"), rows)


def _object(schema: Mapping[str, Any], sent: bool, schemas: Mapping[str, Any]) -> str:
    """The table of an object; one that is answered has no defaults and no bounds."""
    fields = documentation.fields(schema)
    if sent:
        return _values(fields, schemas)
    rows = [[code(one["name"]), _linked(one["kind"], schemas), str(one["about"])] for one in fields]
    return table(("name", "type", "meaning"), rows)


def _linked(kind: str, schemas: Mapping[str, Any]) -> str:
    """A type; the object that it names is a link to its table."""
    words = [f"[`{word}`](#{word})" if word in schemas else code(word) for word in kind.split(" of ")]
    return " of ".join(words)
