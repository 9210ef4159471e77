"""The blocks of a body as one text, which an edit keeps: JSON, without what is not said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import UsageError
from pipeline.model import Block

MOST_TEXT = 300_000
"""Characters of a body that an editor gives; the longest article that was measured has 200,000."""
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


def within_limit(size: int) -> None:
    """Refuses a text of more than `MOST_TEXT` characters as a whole: raises `UsageError`."""
    if size > MOST_TEXT:
        raise UsageError(
            f"正文有 {size} 字，超过上限 {MOST_TEXT} 字，没有收下。", "原来的正文不变；请只保留与本期有关的部分。"
        )
