"""The blocks of a body as one text, which an edit keeps: JSON, without what is not said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import UsageError
from pipeline.model import Block

_ADAPTER = TypeAdapter(tuple[Block, ...])


def written(blocks: Sequence[Block]) -> str:
    """The blocks as JSON; `read` gives them back."""
    return _ADAPTER.dump_json(tuple(blocks), exclude_defaults=True).decode()


def read(text: str) -> tuple[Block, ...]:
    """What `written` made of blocks; raises `UsageError` for anything else."""
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        raise UsageError(f"正文的各段读不出来（{error.errors()[0]['msg']}）。") from None


def text_of(edits: Mapping[str, str]) -> str | None:
    """The text that an editor gave, one block a line; `None` when the article's own stands."""
    if "blocks" in edits:
        return "\n".join(line for line in (block.plain for block in read(edits["blocks"])) if line)
    return edits.get("body")
