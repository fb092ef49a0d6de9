"""Reference page of the keys at the root of each command's yaml."""

from __future__ import annotations

from docs.generate.tables import code, table
from docs.generate.yaml_keys import Source
from ltgnn.config.parameters import of_callable
from ltgnn.config.paths import conf_dir
from ltgnn.config.root_schema import ROOTS
from ltgnn.config.type_names import describe_type

COMMANDS = {root: f"ltgnn {root}" for root in ROOTS if root != "recommend"}


def page() -> str:
    """Every knob with default, values and meaning, by command."""
    lines = [
        "# Knobs",
        "",
        "Keys that belong to no config group: `ltgnn train lr=5e-3 dim=128`. Presets read them (`${dim}`), so that one "
        "word changes them everywhere. Values are checked before anything is loaded.",
    ]
    for root, command in COMMANDS.items():
        keys = table(("key", "default", "values", "meaning"), rows(root))
        lines += ["", f"## {command}", "", '<div class="keys" markdown>', "", keys, "", "</div>"]
    return "\n".join(lines) + "\n"


def rows(root: str) -> list[list[str]]:
    """A line for each root key of ``conf/ROOT.yaml`` that the schema knows."""
    known = of_callable(ROOTS[root]).known
    found = {key.path[0]: key for key in Source.of(conf_dir() / f"{root}.yaml").settings() if len(key.path) == 1}
    return [
        [code(name), code(key.value), describe_type(known[name].annotation), key.comment]
        for name, key in found.items()
        if name in known
    ]
