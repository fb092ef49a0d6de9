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


class Failure(BaseModel):
    detail: str


class Refusal(BaseModel):
    detail: str | list[dict[str, Any]] = Field(description="a message, or what is wrong with each value")


class Health(BaseModel):
    status: str


class Info(BaseModel):
    name: str
    users: int
    items: int
    groups: dict[str, int]
    policy: str = Field(description="name of the groups' policy")
    rule: str = Field(description="how the groups are made")
    rules: list[str] = Field(description="rules of every list, by name")
    tail_share: float = Field(description="least share of tail_groups on a list where none is asked for")
    tail_groups: list[str]
    data: str
    search: list[str] = Field(description="by what is searched; empty: the items have no text")
    unknown_user: str = Field(description="what an unknown user gets")


class User(BaseModel):
    user: str
    items: int = Field(description="train interactions")


class Item(BaseModel):
    item: str
    title: str
    group: str
    users: int = Field(description="train interactions of the item")


class Recommended(BaseModel):
    rank: int
    item: str
    score: float
    title: str
    group: str
    reason: str


class Listed(BaseModel):
    user: str
    policy: str
    shares: dict[str, float] = Field(description="share of the list by group")
    list: list[Recommended]


class Hit(BaseModel):
    rank: int
    item: str
    score: float
    title: str
    group: str
    by: dict[str, float]


class Similar(BaseModel):
    rank: int
    item: str
    cosine: float
    title: str
    group: str
    by: str


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
    query: str = Field(max_length=LONGEST, pattern=f"[^{BLANKS}]")
    k: Annotated[int, Field(ge=1, le=MOST), Whole] = 10
    user: str | None = Field(default=None, max_length=LONGEST_ID, description="reorders by this user's taste")
    taste: float = Field(default=0.5, ge=0, le=10)


class Wanted(Body):
    history: list[Annotated[str, Field(max_length=LONGEST_ID)]] = Field(min_length=1, max_length=200)
    k: Annotated[int, Field(ge=1, le=MOST), Whole] = 10
    tail: float = Field(default=0, ge=-2, le=2)


class Summand(BaseModel):
    item: str = Field(description="of the user's history; empty: see the title")
    title: str
    group: str
    value: float
    by: dict[str, float] = Field(description="sums to the value")


class ReadsAlike(BaseModel):
    item: str
    title: str
    cosine: float | None
    words: list[str]


class Explained(BaseModel):
    user: str
    item: str
    title: str
    group: str
    score: float
    total: float = Field(description="sum of the lines")
    rank: int | None
    lines: list[Summand]
    by: dict[str, float]
    alike: list[ReadsAlike]
    note: str
