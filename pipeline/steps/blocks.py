"""The blocks of a body as one text, which an edit keeps: JSON, without what is not said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import UsageError
from pipeline.model import Block, Kind

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


@dataclass(frozen=True, slots=True)
class Row:
    """A block as a form shows it and sends it back: what it was, and the kind and the text it has now."""

    block: str
    """`written` of the one block that it was; empty for a new one."""
    kind: str
    """One of `ROW_KINDS`."""
    text: str
    """What stands in the row's field; several lines are several blocks."""


ROW_KINDS: Mapping[str, tuple[Kind, int, str]] = {
    "paragraph": (Kind.PARAGRAPH, 0, "正文"),
    "heading-1": (Kind.HEADING, 1, "小标题"),
    "heading-2": (Kind.HEADING, 2, "次级小标题"),
    "item": (Kind.ITEM, 0, "列表"),
    "quote": (Kind.QUOTE, 0, "引文"),
    "caption": (Kind.CAPTION, 0, "图表说明"),
    "figure": (Kind.FIGURE, 0, "图片"),
    "table": (Kind.TABLE, 0, "表格"),
}
"""What a row may be: the kind of its block, its level, and the word an editor reads."""
_SHOWN = (Kind.FIGURE, Kind.TABLE)


def rows(blocks: Sequence[Block]) -> tuple[Row, ...]:
    """The blocks as a form shows them; `composed` gives them back."""
    return tuple(Row(written([block]), _row_kind(block), block.text) for block in blocks)


def composed(rows: Sequence[Row], figures: Collection[str]) -> tuple[Block, ...]:
    """The blocks that a form's rows are; a row without text is gone, a table or picture stays as it was.

    A row that says what it said is the very block it was, with its level, its mark and its blanks. `figures` are the
    addresses and blobs of the pictures that may be printed. Raises `UsageError` for what no form of ours sends.
    """
    found: list[Block] = []
    for row in rows:
        if row.kind not in ROW_KINDS:
            raise UsageError(f"没有“{row.kind}”这种段落。")
        was = next(iter(read(row.block)), None) if row.block else None
        kind, level, _ = ROW_KINDS[row.kind]
        if kind in _SHOWN:
            if was is None or was.kind is not kind:
                raise UsageError("图片和表格只能移动或删去，不能由文字改成。")
            if kind is Kind.FIGURE and not {was.src, was.blob} - {""} <= set(figures):
                raise UsageError("正文里有不属于本条的图片，没有收下。", "只能使用文章原有的图片。")
            found.append(was)
            continue
        if was is not None and _row_kind(was) == row.kind and was.text.split() == row.text.split():
            found.append(was)
            continue
        kept = was if was is not None and was.kind is kind else None
        for line in filter(None, (" ".join(line.split()) for line in row.text.splitlines())):
            if kept is not None:
                found.append(replace(kept, text=line))
            else:
                found.append(Block(kind, line, level))
            if kind is Kind.HEADING:
                kind, level, kept = Kind.PARAGRAPH, 0, None  # what is pasted behind a sub-heading is its text
            elif kept is not None:
                kept = replace(kept, mark="")  # two items are not both the third
    return tuple(found)


def _row_kind(block: Block) -> str:
    if block.kind is Kind.HEADING:
        return "heading-1" if block.level <= 1 else "heading-2"
    return block.kind.value
