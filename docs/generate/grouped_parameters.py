"""Extension of Griffe: ``base, new: ...`` in a docstring are parameters with types and defaults."""

from __future__ import annotations

from typing import Any

from griffe import (
    Attribute,
    Class,
    DocstringAttribute,
    DocstringParameter,
    DocstringSectionAttributes,
    DocstringSectionParameters,
    Extension,
    Function,
    Object,
)


class GroupedParameters(Extension):
    """Griffe takes the names before the colon for one name, and finds neither type nor default of it."""

    def on_function(self, *, func: Function, **kwargs: Any) -> None:
        """The parameters of a function."""
        split(func)

    def on_class(self, *, cls: Class, **kwargs: Any) -> None:
        """Those of a constructor that the class documents, and the attributes."""
        split(cls)


def split(documented: Object) -> None:
    """Replaces the rows of several names in the parsed docstring."""
    for section in documented.docstring.parsed if documented.docstring else ():
        if isinstance(section, DocstringSectionParameters):
            section.value = [part for row in section.value for part in parameters(row, documented)]
        elif isinstance(section, DocstringSectionAttributes):
            section.value = [part for row in section.value for part in attributes(row, documented)]


def parameters(row: DocstringParameter, documented: Object) -> list[DocstringParameter]:
    """The row with what the signature says; one for each name where they differ in that."""
    function = documented.members.get("__init__", documented)
    if not isinstance(function, Function) or ", " not in row.name:
        return [row]
    known = {name: function.parameters[name] for name in row.name.split(", ")}
    if len({(str(one.annotation), str(one.default)) for one in known.values()}) == 1:
        known = {row.name: next(iter(known.values()))}
    return [
        DocstringParameter(name, description=row.description, annotation=one.annotation, value=one.default)
        for name, one in known.items()
    ]


def attributes(row: DocstringAttribute, documented: Object) -> list[DocstringAttribute]:
    """A row for each name, with the annotation of the attribute or of the constructor's parameter of that name."""
    found = []
    for name in row.name.split(", "):
        member, start = documented.members.get(name), documented.members.get("__init__")
        annotation = member.annotation if isinstance(member, (Attribute, Function)) else row.annotation
        if annotation is None and isinstance(start, Function) and name in start.parameters:
            annotation = start.parameters[name].annotation
        found.append(DocstringAttribute(name, description=row.description, annotation=annotation))
    return found
