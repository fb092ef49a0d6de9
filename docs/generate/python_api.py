"""Reference pages of the Python API: every public name, and an error where one is not documented."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import ltgnn
import ltgnn.testing


class Undocumented(Exception):
    """Public names without a docstring."""


def api() -> str:
    """The names of ``ltgnn``."""
    lines = ["# Python API", "", "What `import ltgnn` offers; everything else is internal and may change, except the "
             "[base classes and types](types.md) and the [test cases](testing.md).", ""]  # fmt: skip
    targets = []
    for name in public_names():
        value = getattr(ltgnn, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            refuse_undocumented(value, f"ltgnn.{name}")
            if value.__module__ == "ltgnn.types":  # whole on its own page
                lines += [f"`ltgnn.{name}`: [{name}](types.md#ltgnn.types.{name})", ""]
            else:
                targets.append(f"{value.__module__}.{value.__qualname__}")
    lines += [block(target) for target in targets]
    return "\n".join(lines) + "\n"


def types() -> str:
    """The module ``ltgnn.types``."""
    import ltgnn.types

    refuse_undocumented_in(ltgnn.types)
    return (
        "# Base classes and types\n\nWhat parts of your own derive from or are given. How to add a part: "
        "[Contributing](../contributing.md).\n\n" + block("ltgnn.types")
    )


def testing() -> str:
    """The test cases, module by module."""
    lines = [
        "# Test cases",
        "",
        "For parts of your own: derive from a case, give it `make`, and pytest runs its tests.",
    ]
    for module in pkgutil.iter_modules(ltgnn.testing.__path__, "ltgnn.testing."):
        refuse_undocumented_in(import_module(module.name))
        lines += ["", block(module.name)]
    return "\n".join(lines) + "\n"


def public_names() -> list[str]:
    """``ltgnn.__all__``, or what the module defines where it has none."""
    listed = getattr(ltgnn, "__all__", None)
    if listed is not None:
        return [name for name in listed if not name.startswith("__")]
    return [
        name for name, value in vars(ltgnn).items() if getattr(value, "__module__", "") == "ltgnn" and name[0] != "_"
    ]


def block(target: str) -> str:
    return f"::: {target}\n"


def refuse_undocumented_in(module: ModuleType) -> None:
    """``Undocumented`` where a public name of a module has no docstring."""
    for name, value in vars(module).items():
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__ and callable(value):
            refuse_undocumented(value, f"{module.__name__}.{name}")


def refuse_undocumented(value: Any, name: str) -> None:
    """``Undocumented`` with all the names in ``value`` that lack a docstring."""
    if missing := list(undocumented(value, name)):
        raise Undocumented(f"no docstring: {', '.join(missing)}")


def undocumented(value: Any, name: str) -> Iterator[str]:
    """Itself and its public methods; those that a base class documents count as documented; names of tests say all."""
    if not inspect.getdoc(value):
        yield name
    for member, inner in vars(value).items() if inspect.isclass(value) else ():
        function = inner.fget if isinstance(inner, property) else getattr(inner, "__func__", inner)
        if (
            not member.startswith(("_", "test_"))
            and inspect.isfunction(function)
            and not inspect.getdoc(getattr(value, member))
        ):
            yield f"{name}.{member}"
