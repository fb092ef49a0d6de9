"""What goes in and out of the JSON API: the schema that /openapi.json shows."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ltgnn.serving.retrieval import BLANKS, LONGEST

MOST = 100  # rows of one answer
LONGEST_ID = 200


class Failure(BaseModel):
    detail: str


class Refusal(BaseModel):
    detail: str | list[dict[str, Any]] = Field(description="a mistake in words, or what is wrong with each value")


class Info(BaseModel):
    name: str
    users: int
    items: int
    groups: dict[str, int]
    rule: str = Field(description="how the groups are made")
    data: str
    search: list[str] = Field(description="by what is searched; empty: the items have no text")
    unknown_user: str = Field(description="what somebody gets whom the model does not know")


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


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: str = Field(max_length=LONGEST, pattern=f"[^{BLANKS}]")
    k: int = Field(default=10, ge=1, le=MOST)
    user: str | None = Field(default=None, max_length=LONGEST_ID, description="reorders by this user's taste")
    taste: float = Field(default=0.5, ge=0, le=10)


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    history: list[Annotated[str, Field(max_length=LONGEST_ID)]] = Field(min_length=1, max_length=200)
    k: int = Field(default=10, ge=1, le=MOST)
    tail: float = Field(default=0, ge=-2, le=2)


class Summand(BaseModel):
    item: str = Field(description="of the user's history; empty: what is said in the title")
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
