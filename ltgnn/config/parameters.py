"""What the class or function behind a ``_target_`` takes: its parameters with their annotations, resolved."""

from __future__ import annotations

import inspect
import re
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import ConfigDict, PydanticUserError, TypeAdapter
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation
from pydantic_core import SchemaError

from ltgnn.config.libraries import LIBRARIES
from ltgnn.io.scoped_cache import cached

UNKNOWN = inspect.Parameter.empty
"""The annotation of a parameter that has none, or one that cannot be resolved: it is not checked."""

SLOW = re.compile(r"^(?:import|from) (?:pytorch_lightning|lightning)\b", re.MULTILINE)
"""Import line of modules that take seconds to import: their classes are checked only if imported already."""

STRICT = ConfigDict(strict=True, arbitrary_types_allowed=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Parameter:
    """One argument of a constructor."""

    name: str
    annotation: Any
    required: bool

    @cached_property
    def adapter(self) -> TypeAdapter[Any] | None:
        """What validates a value; None where the annotation is unknown or pydantic cannot make sense of it."""
        if self.annotation is UNKNOWN or self.annotation is Any:
            return None
        try:
            return TypeAdapter(parts_named(self.annotation), config=STRICT)
        except (PydanticUndefinedAnnotation, PydanticSchemaGenerationError, SchemaError, TypeError):
            return None
        except PydanticUserError:  # a model, dataclass or TypedDict has a configuration of its own
            return _own_adapter(self.annotation)


@dataclass(frozen=True)
class Parameters:
    """All arguments of a constructor. ``open``: it takes keys beyond these (``**options``)."""

    name: str
    known: Mapping[str, Parameter] = field(default_factory=dict)
    open: bool = False


class Part:
    """In place of a protocol, which ``isinstance`` cannot check: a node with a ``_target_``."""


def parts_named(annotation: Any) -> Any:
    """``annotation`` with ``Part`` for every protocol in it."""
    if getattr(annotation, "_is_protocol", False):
        return Part
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return Union[tuple(parts_named(one) for one in arguments)]  # noqa: UP007  # of a tuple
    if inspect.isclass(origin) and issubclass(origin, (Mapping, Sequence)):
        named = tuple(one if one is ... else parts_named(one) for one in arguments)
        return annotation if named == arguments else origin[named]  # type: ignore[index]  # it was given arguments
    return annotation


def of_target(target: str) -> Parameters | None:
    """What ``target`` takes; None where that is not known without importing a library that costs seconds.

    ``ImportError``, ``AttributeError``: module or name not found.
    """
    if target in LIBRARIES:
        known = {name: Parameter(name, annotation, False) for name, annotation in LIBRARIES[target].items()}
        return Parameters(target.rpartition(".")[2], known, open=True)
    found = located(target)
    return None if found is None else of_callable(found)


def located(target: str) -> Any:
    """The class or function called ``target``; None where its module costs seconds and was not imported yet."""
    module, _, name = target.rpartition(".")
    if not module:
        raise ImportError(f"No module named '{name}'")
    return None if is_slow(module) else _imported(target)


@cached
def _imported(target: str) -> Any:
    module, _, name = target.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module == error.name or module.startswith(f"{error.name}.")) or "." not in module:
            raise
        return getattr(located(module), name)  # a name inside a class


def is_slow(module: str) -> bool:
    """Whether importing ``module`` would cost seconds now."""
    return module not in sys.modules and imports_slow_library(module)


def imports_slow_library(module: str) -> bool:
    """Whether ``module`` is of Lightning or Optuna, or imports Lightning; read in its text."""
    if module.partition(".")[0] in ("pytorch_lightning", "lightning", "optuna"):
        return True
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return False
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return False
    return SLOW.search(Path(spec.origin).read_text(encoding="utf-8", errors="replace")) is not None


@cache
def of_callable(function: Callable[..., Any]) -> Parameters:
    """The parameters of a class or function; those of a base class too where ``**options`` are passed on to it."""
    name = getattr(function, "__name__", str(function))
    known: dict[str, Parameter] = {}
    for step in _constructors(function):
        try:
            given = inspect.signature(step).parameters.values()
        except (TypeError, ValueError):  # written in C
            return Parameters(name, known, open=True)
        more = False
        for parameter in list(given)[1:] if inspect.isclass(function) and inspect.isfunction(step) else given:
            if parameter.kind is parameter.VAR_KEYWORD:
                more = True
            elif parameter.kind is not parameter.VAR_POSITIONAL and parameter.name not in known:
                annotation, required = (
                    resolve_annotation(parameter.annotation, step),
                    parameter.default is parameter.empty,
                )
                known[parameter.name] = Parameter(parameter.name, annotation, required)
        if not more:
            return Parameters(name, known, open=step is not _constructors(function)[0])
    return Parameters(name, known, open=bool(known) or not _only_module(function))


def _constructors(function: Callable[..., Any]) -> list[Callable[..., Any]]:
    """What is called: of a class its ``__init__`` and those of its bases, in their order."""
    if not inspect.isclass(function):
        return [function]
    found = [vars(base)["__init__"] for base in function.__mro__[:-1] if "__init__" in vars(base)]
    return found or [function]


def _only_module(function: Callable[..., Any]) -> bool:
    """Whether it is a class without another constructor than that of ``torch.nn.Module``, which takes nothing."""
    steps = _constructors(function)
    return inspect.isclass(function) and len(steps) == 1 and steps[0].__module__ == "torch.nn.modules.module"


def resolve_annotation(annotation: Any, function: Callable[..., Any]) -> Any:
    """An annotation that is text, as postponed ones are, evaluated where its function was written."""
    if not isinstance(annotation, str):
        return annotation
    written = inspect.unwrap(function)
    scope = getattr(written, "__globals__", None) or vars(sys.modules[function.__module__])
    try:
        return eval(annotation, dict(scope))  # of code that was imported, as typing.get_type_hints does
    except Exception:  # a name that is imported only for type checkers
        return UNKNOWN


def _own_adapter(annotation: Any) -> TypeAdapter[Any] | None:
    try:
        return TypeAdapter(annotation)
    except (PydanticUndefinedAnnotation, PydanticUserError, TypeError):
        return None
