"""Hydra's errors on unknown options and keys, as one plain message with the nearest match."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ltgnn.config import older_recipes
from ltgnn.config.hydra_keys import no_key_of_hydra
from ltgnn.config.paths import conf_dir
from ltgnn.config.search_path import group_names, is_group, looked_in, option_file, option_names

OVERRIDE = re.compile(r"([+~]*)([\w.@/]+)=(.*)", re.DOTALL)


def in_plain_words(text: str, words: Sequence[str], root: str, tree: Path | None = None) -> str:
    """``text``, the message of an error, with a suggestion where it is Hydra's of an unknown option or key.

    ``words``: the command line; ``root``: the yaml that it is for; ``tree``: the folder of the yaml.
    """
    if wrong := re.search(r"Could not override '([\w.@/-]+)'", text):
        explain = no_match if "No match" in text else no_key
        return explain(wrong.group(1), words, root, tree)
    if wrong := re.search(r"Could not find '([\w/.-]+)/([^'/]+)'", text):
        listed = re.search(r"Available options in '[^']+':\n((?:[ \t]+\S+\n?)*)", text)
        return no_word(wrong.group(1), wrong.group(2), listed.group(1).split() if listed else ())
    if wrong := re.search(r"In '[^']+': Could not load '([\w/.-]+)/([^'/]+)'", text):  # one of words joined by +
        return no_word(
            wrong.group(1), wrong.group(2), [name for name in option_names(wrong.group(1)) if "/" not in name]
        )
    if wrong := re.search(r"Ambiguous value for argument '(.*)'\n", text):
        return several_values(wrong.group(1))
    if wrong := re.search(r"Error merging override ([^=]+=(.).*)\nCannot merge", text):
        wanted = {"{": "a list", "[": "names with a value each"}.get(wrong.group(2), "another kind of value")
        return f"{wrong.group(1)} given, {wanted} wanted."
    if "mismatched input" in text or "extraneous input" in text or "LexerNoViableAlt" in text or "no viable" in text:
        return not_readable(text, words)
    return text


def no_word(group: str, word: str, known: Sequence[str]) -> str:
    """Of an option that a group does not have; ``known``: its options, the user's own yaml included."""
    renamed = older_recipes.WORDS.get(group, {}).get(word, "")
    near = [renamed] if renamed in known else find_similar(word, known)
    hint = f" Did you mean '{group}={near[0]}'?" if near else ""
    there = f" The options of {group}: {', '.join(known)}." if known else ""
    return f"Could not find '{group}/{word}'.{hint}{there} {looked_in()}"


def no_match(group: str, words: Sequence[str], root: str, tree: Path | None) -> str:
    """Of a group that there is, but not in this command."""
    if "/" in group and is_group(group):
        return no_group_below(group, words, root, tree)
    found = re.findall(r"^ *- \"?([\w/]+)\"?:", (tree or conf_dir()).joinpath(f"{root}.yaml").read_text(), re.MULTILINE)
    text = f"'{group}' is not a config group of this ltgnn {root} command; it has {', '.join(dict.fromkeys(found))}."
    if root == "evaluate" and tree is None and group in group_names():  # with run=DIR the tree is that of the run
        text += f" {group}= needs a trained model: name one by run=DIR."
    return text


def no_key(key: str, words: Sequence[str], root: str, tree: Path | None) -> str:
    """Of a key that does not exist: the nearest of the node that it was looked for in."""
    if key.startswith("hydra."):
        return no_key_of_hydra(key, words)
    if "/" in key and is_group(key):
        return no_group_below(key, words, root, tree)
    config = composed(words, root, tree)
    place, node, names = "", config, key.split(".")
    while names and isinstance(node, Mapping) and names[0] in node:
        place, node = f"{place}.{names[0]}".lstrip("."), node[names[0]]
        names = names[1:]
    there = [str(name) for name in node if not str(name).startswith("_")] if isinstance(node, Mapping) else []
    renamed = older_recipes.override(key)
    hint = nearest(place, node, names, there) if renamed == key else f" Did you mean '{renamed}'?"
    if place:
        has = ", ".join(there) or "no key to set"
        hint += f" {place} has {has}." if isinstance(node, Mapping) else f" {place} is one value."
        if not hint.startswith(" Did") and (other := beside(key, config) or elsewhere(key)):
            hint += f" {other}."
    else:
        if not hint and len(names) == 1 and (other := in_any_group(key)):
            hint = f" {other}."
        hint += f" Groups: {', '.join(group_names())}. Root keys: {', '.join(knobs())}."
    return f"'{key}': there is no such key.{hint}"


def no_group_below(key: str, words: Sequence[str], root: str, tree: Path | None) -> str:
    """Of a group such as ``features/transform``, which the chosen option of ``features`` has not, and what to do."""
    group, _, name = key.rpartition("/")
    value = next((word.partition("=")[2] for word in words if word.startswith(f"{key}=")), "OPTION")
    chosen = next((word.partition("=")[2] for word in reversed(words) if word.startswith(f"{group}=")), "")
    nodes = {option: composed([f"{group}={option}"] if option else [], root, tree) for option in chosen.split(",")}
    for part in group.split("/"):
        nodes = {option: (node or {}).get(part) or {} for option, node in nodes.items()}
    without = [
        f"{group}={option}" if option else f"the default {group}=" for option in nodes if name not in nodes[option]
    ]
    lacking = " and ".join(without) or f"the chosen {group}="
    below = dict.fromkeys(
        place for node in nodes.values() if name not in node for place in _nodes_of(node, name, group)
    )
    there = [f"{key}@{place.replace('/', '.')}={value}" for place in below]
    advice = f" Of one of its parts: {' or '.join(there)}." if there else ""
    if 0 < len(without) < len(nodes):
        advice += f" Of a sweep, leave out {lacking}, and run it in another without {key}=."
    return f"{key}={value} given, but {lacking} has no {name} to choose.{advice or f' Leave out {key}=.'}"


def _nodes_of(node: Any, name: str, place: str) -> Iterator[str]:
    """Places of the nodes called ``name``."""
    for key, below in node.items() if isinstance(node, Mapping) else ():
        if key == name:
            yield f"{place}.{key}"
        else:
            yield from _nodes_of(below, name, f"{place}.{key}")


def nearest(place: str, node: Any, names: Sequence[str], there: Sequence[str]) -> str:
    """``Did you mean ...?``: a key of the same name further down, or one of a similar name."""
    if not names or not isinstance(node, Mapping):
        return ""
    below = dict(leaves(node))
    deeper = sorted((path for path in below if path.rpartition(".")[2] == names[-1] and "." in path), key=len)
    similar = find_similar(names[0], there if place else [*group_names(), *knobs()])
    if deeper and not similar:
        found = deeper[0]
    elif similar:
        found = ".".join([similar[0], *names[1:]])
    elif place and (last := find_similar(names[-1], [path.rpartition(".")[2] for path in below])):
        found = next(path for path in below if path.rpartition(".")[2] == last[0])
    else:
        return ""
    return f" Did you mean '{f'{place}.{found}'.lstrip('.')}'?"


def beside(key: str, config: Mapping[str, Any]) -> str:
    """A key of the same name in another part of the group: ``loss has loss.l2.weight``."""
    group, _, rest = key.partition(".")
    below = leaves(config[group]) if "." in rest and isinstance(config.get(group), Mapping) else ()
    same = [path for path, _ in below if ends_alike(path, rest)]
    return f"{group} has {group}.{same[0]}" if same else ""


def in_any_group(name: str) -> str:
    """An option of any group whose yaml has a key of this name: ``loss=softmax has loss.ranking.temperature``."""
    groups = (group for group in group_names() if group != "experiment")
    return next((text for group in groups if (text := elsewhere(f"{group}.{name}", similar=False))), "")


def elsewhere(key: str, similar: bool = True) -> str:
    """An option of the group whose yaml has such a key: ``score=content has score.adjustments.content.weight``.

    ``similar``: or one of a similar name.
    """
    from omegaconf import OmegaConf

    group, _, rest = key.partition(".")
    found: dict[str, str] = {}
    for word in option_names(group):
        if (file := option_file(group, word)) is None:
            continue
        raw: Any = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
        for path, _ in leaves(raw) if isinstance(raw, Mapping) and "/" not in word else ():
            found.setdefault(path, word)
    same = [path for path in found if path == rest] or [path for path in found if ends_alike(path, rest)]
    if similar and not same:
        near = find_similar(rest.rpartition(".")[2], [path.rpartition(".")[2] for path in found])
        same = [path for path in found for name in near if ends_alike(path, name)]
    return f"{group}={found[same[0]]} has {group}.{same[0]}" if same else ""


def ends_alike(one: str, other: str) -> bool:
    """Whether two dotted keys have the same last name."""
    return one.rpartition(".")[2] == other.rpartition(".")[2]


def several_values(word: str) -> str:
    """Of values with commas between, where one is wanted."""
    key, _, value = word.partition("=")
    text = f"{word} given, one value wanted. To run one after the other: {word} -m."
    return text if is_group(key) else f"{text} A list: {key}=[{value}]. One text with commas: '{key}=\"{value}\"'"


def not_readable(text: str, words: Sequence[str]) -> str:
    """Of an override that Hydra's grammar cannot read: how to quote its value."""
    for word in words:
        given = OVERRIDE.fullmatch(word)
        if given and word in text:
            plus, key, value = given.groups()
            return (
                f"{word}: characters such as , ; : ( ) {{ }} in a value need their own quotes, inside those of "
                f"the shell: '{plus}{key}=\"{value}\"'"
            )
    return text.partition("\nSee https")[0]


def composed(words: Sequence[str], root: str, tree: Path | None) -> Any:
    """The config of only the options of groups; the default config where even that cannot be composed."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from omegaconf import OmegaConf

    chosen = [word for word in words if (given := OVERRIDE.fullmatch(word)) and _chooses(*given.groups())]
    for kept in (chosen, []):
        GlobalHydra.instance().clear()
        try:
            with initialize_config_dir(str(tree or conf_dir()), version_base="1.3"):
                return OmegaConf.to_container(compose(root, kept), resolve=False)
        except Exception:  # another error on the command line, reported once this one is fixed
            continue
        finally:
            GlobalHydra.instance().clear()
    return {}


def _chooses(plus: str, key: str, value: str) -> bool:
    return plus in ("", "+") and is_group(key.partition("@")[0]) and "," not in value


def leaves(node: Mapping[Any, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of every leaf below a node."""
    for name, value in node.items():
        path = f"{place}.{name}".lstrip(".")
        if isinstance(value, Mapping) and value:
            yield from leaves(value, path)
        elif not str(name).startswith("_"):
            yield path, value


def find_similar(given: str, known: Sequence[str]) -> list[str]:
    """The nearest of ``known``, if any is near."""
    return difflib.get_close_matches(given.lower(), known, n=1, cutoff=0.65)


def knobs() -> list[str]:
    """The root scalars of train.yaml."""
    text = (conf_dir() / "train.yaml").read_text(encoding="utf-8")
    return [key for key in re.findall(r"^(\w+):", text, re.MULTILINE) if key not in ("defaults", "hydra", "choices")]
