"""What a value becomes on its way into the database: one rule, the same for every database.

Kept text has no NUL and no lone surrogate; both are left out, whatever stands around them stays. PostgreSQL takes
neither, SQLite no surrogate, and none of them is ever printed. Text is compared and put in order by code point, never
by the rules of a server's language: days and times are ISO text.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

_T = TypeVar("_T")
_LEFT_OUT = re.compile("[\x00\ud800-\udfff]")


class Words(sa.TypeDecorator[str]):
    """The type of every column of short text."""

    impl = sa.String
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """On PostgreSQL the server's language would otherwise decide what comes before what."""
        return sa.Text(collation="C") if dialect.name == "postgresql" else self.impl_instance

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Whatever is written, and whatever is looked for, is kept text."""
        return value if value is None else kept(value)


class Prose(Words):
    """The type of every column of long text."""

    impl = sa.Text
    cache_ok = True


class Tree(sa.TypeDecorator[Any]):
    """The type of every column of lists and mappings."""

    impl = sa.JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Every text in it is kept text."""
        return _kept_tree(value)


def kept(text: str) -> str:
    """Text as it is kept."""
    return _LEFT_OUT.sub("", text)


def utc(moment: dt.datetime) -> str:
    """A moment as it is kept: ISO text in UTC, so that later ones sort behind."""
    return moment.astimezone(dt.UTC).isoformat()


def written(adapter: TypeAdapter[_T], value: _T) -> str:
    """A value as JSON, every text in it kept text."""
    try:
        content = adapter.dump_json(value).decode()
    except PydanticSerializationError:  # a lone surrogate
        content = "\\u0000"
    if "\\u0000" not in content:
        return content
    tree = _kept_tree(adapter.dump_python(value, mode="json"))
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))


def _kept_tree(value: Any) -> Any:
    if isinstance(value, str):
        return kept(value)
    if isinstance(value, dict):
        return {_kept_tree(key): _kept_tree(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_kept_tree(one) for one in value]
    return value
