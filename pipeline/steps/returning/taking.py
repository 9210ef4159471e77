"""What a decision keeps of an edited file: all that was taken from it, so that its record can be applied again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import UsageError
from pipeline.model import Changes, Edited
from pipeline.steps import blocks


@dataclass(frozen=True, slots=True)
class Taken:
    """What an edited file makes of a draft."""

    order: tuple[str, ...] = ()
    """Handles in their new order; none when that stays."""
    left_out: tuple[str, ...] = ()
    edits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Handle → field → its new value, as `Draft.edits` has it."""
    excerpts: Mapping[str, bool] = field(default_factory=dict)
    """Handle → whether it is marked （节选）."""


_ADAPTER = TypeAdapter(Taken)


def taken(found: Changes) -> str:
    """What is taken, as a decision's value."""
    edits: dict[str, dict[str, str]] = {}
    excerpts: dict[str, bool] = {}
    for one in found.taken:
        if one.what is Edited.TEXT:
            edits.setdefault(one.handle, {})[one.what.value] = blocks.written(one.blocks)
        elif one.what is Edited.EXCERPT:
            excerpts[one.handle] = bool(one.after)
            if one.blocks:
                edits.setdefault(one.handle, {}).setdefault(Edited.TEXT.value, blocks.written(one.blocks))
        elif one.what not in (Edited.ORDER, Edited.LEFT_OUT):
            edits.setdefault(one.handle, {})[one.what.value] = one.after
    gone = tuple(one.handle for one in found.taken if one.what is Edited.LEFT_OUT)
    return _ADAPTER.dump_json(Taken(found.order, gone, edits, excerpts), exclude_defaults=True).decode()


def read(text: str) -> Taken:
    """What `taken` wrote; raises `UsageError` for anything else."""
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError:
        raise UsageError("回读的内容读不出来。", "请重新用 draft import 读入文件。") from None


def summary(found: Changes) -> str:
    """What is taken, counted, as an editor reads it: 移动 1 条，正文 2 条（5 处）."""
    counted = Counter(one.what for one in found.taken)
    places = sum(len(one.paragraphs) for one in found.taken)
    return "，".join(
        f"{what.chinese} {counted[what]} 条" + (f"（{places} 处）" if what is Edited.TEXT else "")
        for what in Edited
        if counted[what]
    )
