"""Requests and responses of the JSON API: the schema that /openapi.json shows."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ltgnn.inference.search.retrieval import BLANKS, LONGEST

MOST = 100  # rows of one answer
LONGEST_ID = 200


def refuse_spelling(pattern: str, what: str) -> BeforeValidator:
    """Refuses numbers in a query that are spelled in another way than JSON spells them: 1_000, nan, inf."""

    def check(value: object) -> object:
        if isinstance(value, str) and re.fullmatch(pattern, value) is None:
            raise ValueError(f"{what} wanted")
        return value

    return BeforeValidator(check)


NUMBER = refuse_spelling(r"-?(?:[0-9]{1,40}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?", "a number")
UserId = Annotated[str, Query(min_length=1, max_length=LONGEST_ID, description="id of a user")]
ItemId = Annotated[str, Query(min_length=1, max_length=LONGEST_ID, description="id of an item")]
Count = Annotated[
    int, Query(ge=1, le=MOST, description="rows at most"), refuse_spelling(r"-?[0-9]{1,18}(?:\.0*)?", "a whole number")
]
Tail = Annotated[float, Query(ge=-2, le=2, allow_inf_nan=False, description="above 0 rare items gain"), NUMBER]
Least = Annotated[float, Query(ge=0, le=1, allow_inf_nan=False, description="least share of rare items"), NUMBER]
Whole = BeforeValidator(lambda value: int(value) if isinstance(value, float) and value.is_integer() else value)
"""JSON has one kind of number: 10.0 is a whole one."""


Rank = Annotated[int, Field(description="place in the list, from 1")]
ItemOf = Annotated[str, Field(description="id of the item")]
Title = Annotated[str, Field(description="title of the item; its id where it has none")]
Group = Annotated[str, Field(description="group of the item, such as head, tail or cold")]


class Failure(BaseModel):
    detail: str = Field(description="what was wrong, in one sentence")


class Refusal(BaseModel):
    detail: str | list[dict[str, Any]] = Field(description="a message, or what is wrong with each value")


class Health(BaseModel):
    status: str = Field(description="ok: the server is up")


class Info(BaseModel):
    name: str = Field(description="data set and options of the model")
    users: int = Field(description="how many users the model knows")
    items: int = Field(description="how many items the model knows")
    groups: dict[str, int] = Field(description="items of each group")
    policy: str = Field(description="name of the groups' policy")
    rule: str = Field(description="how the groups are made")
    rules: list[str] = Field(description="rules of every list, by name")
    tail_share: float = Field(description="least share of tail_groups on a list where none is asked for")
    tail_groups: list[str] = Field(description="groups that tail_share counts")
    data: str = Field(description="name of the data set")
    search: list[str] = Field(description="by what is searched; empty: the items have no text")
    unknown_user: str = Field(description="what an unknown user gets")


class User(BaseModel):
    user: str = Field(description="id of the user")
    items: int = Field(description="train interactions")


class Item(BaseModel):
    item: ItemOf
    title: Title
    group: Group
    users: int = Field(description="train interactions of the item")


class Recommended(BaseModel):
    rank: Rank
    item: ItemOf
    score: float = Field(description="of the model; larger is better, comparable within one list only")
    title: Title
    group: Group
    reason: str = Field(description="why the item is listed")


class Listed(BaseModel):
    user: str = Field(description="id of the user; empty for a history")
    policy: str = Field(description="how the list was made")
    shares: dict[str, float] = Field(description="share of the list by group")
    list: Annotated[list[Recommended], Field(description="the best first")]


class Hit(BaseModel):
    rank: Rank
    item: ItemOf
    score: float = Field(description="of all ways of search together; comparable within one answer only")
    title: Title
    group: Group
    by: dict[str, float] = Field(description="score of each way of search that found the item")


class Similar(BaseModel):
    rank: Rank
    item: ItemOf
    cosine: float = Field(description="similarity, at most 1")
    title: Title
    group: Group
    by: str = Field(description="of what the cosine is: model, features or users")


class Body(BaseModel):
    """What a client sends: no key that is not known, no value of another type, no number that JSON cannot hold."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def known_only(cls, values: Any) -> Any:
        names = list(cls.model_fields)
        if isinstance(values, dict) and (unknown := [key for key in values if key not in names]):
            raise ValueError(f"unknown: {unknown[0]!r:.60}; known: {', '.join(names)}")
        return values


class Asked(Body):
    query: str = Field(max_length=LONGEST, pattern=f"[^{BLANKS}]", description="words or a sentence")
    k: Annotated[int, Field(ge=1, le=MOST, description="rows at most"), Whole] = 10
    user: str | None = Field(default=None, max_length=LONGEST_ID, description="reorders by this user's taste")
    taste: float = Field(default=0.5, ge=0, le=10, description="how much the taste counts")


class Wanted(Body):
    history: list[Annotated[str, Field(max_length=LONGEST_ID)]] = Field(
        min_length=1, max_length=200, description="ids of items that the user has"
    )
    k: Annotated[int, Field(ge=1, le=MOST, description="rows at most"), Whole] = 10
    tail: float = Field(default=0, ge=-2, le=2, description="above 0 rare items gain")


class Summand(BaseModel):
    item: str = Field(description="of the user's history; empty: see the title")
    title: str = Field(description="title of the item, or what the value stands for")
    group: str = Field(description="group of the item; empty where there is none")
    value: float = Field(description="what it adds to the score")
    by: dict[str, float] = Field(description="sums to the value")


class ReadsAlike(BaseModel):
    item: ItemOf
    title: Title
    cosine: float | None = Field(description="similarity of the features; null: they have none")
    words: list[str] = Field(description="words that both texts have")


class KindOf(BaseModel):
    name: str = Field(description="kind of features, ids, or another part of the score")
    value: float = Field(description="what it adds to the score")
    direct: float | None = Field(description="of this, by the item's first state; null: not split")
    neighbours: float | None = Field(description="of this, by what the item receives over the graph; null: not split")


class ByKind(BaseModel):
    shares: list[KindOf] = Field(description="the kinds, the largest first")
    sums: bool = Field(description="whether they add up to the score")
    rule: str = Field(description="how they were measured")


class Explained(BaseModel):
    user: str = Field(description="id of the user")
    item: ItemOf
    title: Title
    group: Group
    score: float = Field(description="of the model")
    total: float = Field(description="sum of the lines")
    rank: int | None = Field(description="place of the item for this user; null: the user has it")
    lines: list[Summand] = Field(description="what adds up to the score, the largest first")
    by: dict[str, float] = Field(description="sum of each part of the score over all lines")
    alike: list[ReadsAlike] = Field(description="items of the user's history with similar features")
    note: str = Field(description="what else should be known; may be empty")
    sums: bool = Field(description="whether the lines are the score, or only come near it")
    kinds: ByKind | None = Field(description="by kind of item features; null: the model reads none")
