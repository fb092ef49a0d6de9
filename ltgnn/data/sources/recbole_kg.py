"""RecBole's knowledge graph: ``NAME.kg`` with triples of entities, ``NAME.link`` with the entity of each item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ltgnn.data.columns import TableFile
from ltgnn.data.formats import table_file
from ltgnn.data.raw import Raw
from ltgnn.data.triples import LEFT_OUT, Related, choose_types, item_numbers, name_option, read_texts, relate
from ltgnn.types import UserError


@dataclass(frozen=True)
class RecBoleKnowledgeGraph:
    """The triples that have an item at an end; the entity at the other end is related to it.

    A triple of two items makes the relation ``NAME_items``. Triples of two entities, neither of which is an item, are
    counted and left out. See https://recbole.io/docs/user_guide/data/atomic_files.html.
    """

    triples: str  # NAME.kg
    links: str  # NAME.link
    head: str
    relation: str
    tail: str
    item: str  # column of the links
    entity: str  # column of the links
    types: Mapping[str, str] = field(default_factory=dict)  # relations read, our name -> theirs; none: all
    kind: str = "entity"  # what the other ends are called; relations to the same kind share nodes
    separator: str = "\t"  # RecBole's field_separator
    quote: str | None = None  # None: quotes are ordinary characters
    encoding: str | None = None  # None: by a byte order mark, else UTF-8
    missing: Sequence[str] = ()  # values that are not ids, e.g. ["NA", "null"]
    drop_incomplete: bool = False  # drop and count rows without an id; else they are an error

    def __call__(self, folder: Path, raw: Raw, option: str) -> Related:
        def file(name: str) -> TableFile:
            options = {key: f"{option}.{key}" for key in ("separator", "quote", "encoding")}
            with name_option(option):
                return table_file(folder / name, self.separator, self.quote, None, self.encoding, None, True, options)

        columns = {"head": self.head, "relation": self.relation, "tail": self.tail}
        triples, of_triples = read_texts(file(self.triples), columns, self.missing, self.drop_incomplete, option)
        linked = {"id": self.item, "entity": self.entity}
        links, of_links = read_texts(file(self.links), linked, self.missing, self.drop_incomplete, option)
        unique = links.unique("id", keep="first", maintain_order=True)
        unique = unique.unique("entity", keep="first", maintain_order=True)
        known = unique.join(item_numbers(raw), on="id", how="inner", maintain_order="left")
        if known.is_empty():
            raise UserError(
                f"{option}.links={self.links}: none of its {len(links)} items is in the data set; the column "
                f"{self.item!r} has to hold ids as the interactions have them."
            )
        chosen = choose_types(triples, self.types, self.triples, option)
        entities = known.select(pl.col("entity").alias("id"), "item")
        found = relate(chosen, entities, entities, len(raw.item_ids), self.kind)
        of_links[LEFT_OUT] |= {
            "links that repeat an item or an entity": len(links) - len(unique),
            "links of items that are not in the data": len(unique) - len(known),
        }
        notes = {
            **of_triples,
            "links": of_links,
            "items without a link": len(raw.item_ids) - len(known),
            "triples of relations that are not read": len(triples) - len(chosen),
            LEFT_OUT: {**of_triples[LEFT_OUT], **found.notes[LEFT_OUT]},
        }
        return Related(found.relations, notes)
