"""A table of triples: an item, the relation, and what it is related to; CSV, TSV, JSON, Parquet, found by content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ltgnn.data.formats import table_file
from ltgnn.data.raw import Raw
from ltgnn.data.triples import (
    BETWEEN_ITEMS,
    LEFT_OUT,
    NO_ITEMS,
    Related,
    choose_types,
    item_numbers,
    name_option,
    read_texts,
    relate,
)
from ltgnn.types import UserError


@dataclass(frozen=True)
class TripleTable:
    """The columns are named by the yaml or on the command line; each row is one triple."""

    file: str
    item: str  # column of item ids
    relation: str  # column of the names of relations
    other: str  # column of what the item is related to
    between_items: Sequence[str] = ()  # relations, by our names, whose others are items
    types: Mapping[str, str] = field(default_factory=dict)  # relations read, our name -> theirs; none: all
    kind: str = "entity"  # what the others are called; relations to the same kind share nodes
    separator: str | None = None  # None: found in the first line
    quote: str | None = '"'  # None: quotes are ordinary characters
    names: Sequence[str] | None = None  # of the columns; None: the first line has them
    encoding: str | None = None  # of text files; None: by a byte order mark, else UTF-8
    missing: Sequence[str] = ()  # values that are not ids, e.g. ["NA", "null"]
    drop_incomplete: bool = False  # drop and count rows without a value; else they are an error

    def __call__(self, folder: Path, raw: Raw, option: str) -> Related:
        options = {key: f"{option}.{key}" for key in ("separator", "quote", "encoding", "names")}
        with name_option(option):
            file = table_file(
                folder / self.file, self.separator, self.quote, self.names, self.encoding, options=options
            )
        columns = {"head": self.item, "relation": self.relation, "tail": self.other}
        triples, notes = read_texts(file, columns, self.missing, self.drop_incomplete, option)
        chosen = choose_types(triples, self.types, self.file, option)
        for name in self.between_items:
            if name not in chosen["relation"]:
                there = ", ".join(chosen["relation"].unique().sort())
                raise UserError(f"{option}.between_items: no relation '{name}'; there are: {there}.")
        items = item_numbers(raw)
        known = chosen["head"].is_in(items["id"].implode())
        if not known.any():
            raise UserError(
                f"{option}.file={self.file}: none of its items is in the data set; the column {self.item!r} has to "
                "hold ids as the interactions have them."
            )
        between = chosen["relation"].is_in(list(self.between_items))
        strange = between & ~chosen["tail"].is_in(items["id"].implode())
        chosen, between = chosen.filter(known & ~strange), between.filter(known & ~strange)
        size = len(raw.item_ids)
        found = relate(chosen.filter(~between), items, NO_ITEMS, size, self.kind)
        inside = relate(chosen.filter(between), items, items, size, self.kind)
        relations = found.relations | {name.removesuffix(BETWEEN_ITEMS): one for name, one in inside.relations.items()}
        gone = {
            **notes[LEFT_OUT],
            "triples of items that are not in the data": int((~known | strange).sum()),
            "triples of an item with itself": inside.notes[LEFT_OUT]["triples of an item with itself"],
        }
        unread = {"triples of relations that are not read": len(triples) - len(known)}
        return Related(relations, {**notes, **unread, LEFT_OUT: gone})
