"""OmegaConf's yaml by libyaml: the values and rules of its own Python reader and writer, in a tenth of the time."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import omegaconf._utils as own
import yaml
from omegaconf import omegaconf as conf

own_loader, own_dumper = own.get_yaml_loader, own.get_omega_conf_dumper

DEEPEST = 100
"""Levels of a file that is read by ``load``; libyaml itself ends the process at some ten thousand."""

MOST = 20_000
"""Values of such a file, each use of an alias counted with all its values."""

SHALLOW = 60
"""This many brackets, or characters before a line's first word, cannot be too deep."""

PREFIX = re.compile(rf"(?:^|[\n\r\x85\u2028\u2029])[ \-?:]{{{SHALLOW}}}")
"""A line that could be deep inside others."""


@contextmanager
def faster_omegaconf() -> Iterator[None]:
    """Inside, OmegaConf, and so Hydra, reads and writes by libyaml where PyYAML was built with it.

    It replaces two private functions of OmegaConf, and is therefore for processes of our own: the command line and the
    workers of a sweep, where the configuration of a job is composed in about half the time.
    """
    before = own.get_yaml_loader, conf.get_omega_conf_dumper  # type: ignore[attr-defined]
    try:
        if yaml.__with_libyaml__:
            own.get_yaml_loader, conf.get_omega_conf_dumper = loader, dumper  # type: ignore[attr-defined]
        yield
    finally:
        own.get_yaml_loader, conf.get_omega_conf_dumper = before  # type: ignore[attr-defined]


def load(text: str) -> Any:
    """The values of a yaml text, numbers such as ``1e-3`` as OmegaConf reads them.

    ``YAMLError`` where it is deeper than ``DEEPEST`` or expands to more than ``MOST`` values.
    """
    measure(text)
    return yaml.load(text, Loader=loader())


def measure(text: str) -> None:
    """Refuse a text that would take all memory or stack, before a value of it is made."""
    brackets = text.count("[") + text.count("{")
    if len(text) < MOST and brackets < SHALLOW and "*" not in text and not PREFIX.search(text):
        return
    reader = (yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader)(text)
    sizes: dict[str, int] = {}  # anchor -> values
    opened: list[tuple[str | None, int]] = []  # anchor and values before it, of each level
    total = 0
    while not isinstance(event := reader.get_event(), yaml.StreamEndEvent):
        anchor: Any = getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent):
            total += sizes.get(anchor, MOST)  # an alias inside its own anchor has no end
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.append((anchor, total))
            total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            name, before = opened.pop()
            sizes |= {} if name is None else {name: total - before}
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            sizes |= {} if anchor is None else {anchor: 1}
        if len(opened) > DEEPEST:
            raise yaml.YAMLError(f"more than {DEEPEST} levels deep")
        if total > MOST:
            raise yaml.YAMLError(f"expands to more than {MOST:,} values")


def dump(value: Any) -> str:
    """``value`` as OmegaConf writes it: keys in their order, words that look like numbers in quotes."""
    text: str = yaml.dump(value, Dumper=dumper(), default_flow_style=False, allow_unicode=True, sort_keys=False)
    return text


@functools.cache
def loader() -> Any:
    """A loader class with OmegaConf's rules for numbers, dates and doubled keys."""
    rules = own_loader()
    if not yaml.__with_libyaml__:
        return rules

    class Loader(yaml.CSafeLoader):  # type: ignore[misc]  # PyYAML has no types
        yaml_implicit_resolvers = rules.yaml_implicit_resolvers
        yaml_constructors = rules.yaml_constructors

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
            seen: set[str] = set()
            for key, _ in node.value:
                if key.tag == yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG:
                    if key.value in seen:
                        raise yaml.constructor.ConstructorError(
                            "while constructing a mapping", node.start_mark,
                            f"found duplicate key {key.value}", key.start_mark,
                        )  # fmt: skip
                    seen.add(key.value)
            return super().construct_mapping(node, deep=deep)

    return Loader


@functools.cache
def dumper() -> Any:
    """A dumper class with OmegaConf's rule for quotes."""
    rules = own_dumper()
    if not yaml.__with_libyaml__:
        return rules

    class Dumper(yaml.CDumper):  # type: ignore[misc]
        yaml_representers = rules.yaml_representers
        yaml_multi_representers = rules.yaml_multi_representers

    return Dumper
