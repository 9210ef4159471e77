"""The front matter of a Markdown file: what it says of the issue, whoever wrote it anew."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

_FRONT = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*$", re.DOTALL | re.MULTILINE)
_MOST = 2_000_000  # characters; 500 items have 150,000


@dataclass(frozen=True, slots=True)
class Front:
    """What the front matter says."""

    fields: dict[str, Any] = field(default_factory=dict)
    lines: int = 0
    """How many lines of the file it takes, both `---` included."""
    trouble: str = ""
    """Why it could not be read, in Chinese."""

    def text(self, name: str) -> str:
        """One value as it stands there; empty when it is missing or no plain value."""
        value = self.fields.get(name)
        return str(value) if isinstance(value, str | int | float | dt.date) else ""

    def number(self, name: str) -> int:
        """One value as a number; 0 when it is none."""
        value = self.text(name)
        return int(value) if re.fullmatch(r"-?\d{1,9}", value) else 0

    def part(self, name: str) -> Front:
        """What it says below one of its keys."""
        value = self.fields.get(name)
        return Front(value if isinstance(value, dict) else {})

    def items(self) -> list[Front]:
        """What it says of each item."""
        listed = self.fields.get("items")
        return [Front(one) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def front_matter(text: str) -> Front:
    """The front matter of a text with plain line ends, as far as it can be read."""
    found = _FRONT.match(text[:_MOST])
    if not found:
        return Front()
    lines = found[0].count("\n") + 1
    try:
        fields = YAML(typ="safe").load(found[1])
    except (YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        return Front({}, lines, f"第{mark.line + 2}行" if mark else "格式有误")
    return Front(fields if isinstance(fields, dict) else {}, lines)
