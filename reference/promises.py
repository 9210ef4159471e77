"""What is promised, and the source of what holds each promise."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reference.markup import code, prose

_ROOT = Path(__file__).parent.parent
_TESTS = _ROOT / "tests"


@dataclass(frozen=True, slots=True)
class Line:
    """A fault or a promise."""

    number: str
    told: str
    held: tuple[str, ...]
    """`test_desk.py::test_…`, `drills/sweep.py`, or a remark."""


def promises() -> str:
    """The promises, each linked to its tests."""
    return "\n".join(_listed("P"))


def faults() -> str:
    """The faults that were thought of, each with its tests."""
    return "\n".join(
        [
            "# Faults",
            "",
            "What may break, and the tests and drills that hold what then happens. A fault that is open says "
            "what is not held yet.",
            *_listed("F"),
        ]
    )


def tests() -> str:
    """The source of every test that holds a promise or a fault, and what each drill does."""
    named = [item for line in lines() for item in line.held]
    drills = sorted({item for item in named if item.startswith("drills/")})
    files: dict[str, list[str]] = {}
    for item in dict.fromkeys(named):
        file, mark, name = item.partition("::")
        if mark:
            files.setdefault(file, []).append(name)
    text = [
        "---",
        "search: {exclude: true}",
        "---",
        "# Tests and drills that hold the promises",
        "",
        "`make test` runs the tests, `make drill` the drills. [Promises](../explanation/promises.md) and "
        "[faults](faults.md) name what each of them holds.",
        "",
        "## Drills",
    ]
    for drill in drills:
        said = ast.get_docstring(ast.parse((_ROOT / drill).read_text("utf-8"))) or ""
        text += [
            "",
            f"### {code(drill)} {{ #{anchor(drill)} }}",
            "",
            *(prose(one) + "\n" for one in said.split("\n\n")),
        ]
    for file, names in sorted(files.items()):
        text += ["", f"## {code(f'tests/{file}')}"]
        for name in names:
            text += [
                "",
                f"### {prose(_sentence(name))} {{ #{anchor(f'{file}::{name}')} }}",
                "",
                "```python",
                source(file, name),
                "```",
            ]
    return "\n".join(text)


@cache
def lines() -> tuple[Line, ...]:
    """The table of faults and promises, line by line."""
    found: list[Line] = []
    for text in (_TESTS / "faults.md").read_text("utf-8").splitlines():
        if head := re.match(r"([FP]\d+) — (\S.*)", text):
            found.append(Line(head[1], head[2], ()))
        elif text.startswith("- "):
            last = found.pop()
            found.append(Line(last.number, last.told, (*last.held, text.removeprefix("- ").strip("`"))))
    return tuple(found)


@cache
def _functions(file: str) -> Mapping[str, str]:
    """Test of a file → its source, with what decorates it."""
    text = (_TESTS / file).read_text("utf-8")
    split = text.splitlines()
    return {
        node.name: "\n".join(
            split[min([node.lineno, *(one.lineno for one in node.decorator_list)]) - 1 : node.end_lineno]
        )
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def source(file: str, name: str) -> str:
    """The source of one test."""
    return _functions(file)[name]


def anchor(item: str) -> str:
    """Where the page of tests has an item."""
    return re.sub(r"[^a-z0-9_]+", "-", item.lower())


def _listed(letter: str) -> Iterator[str]:
    for line in lines():
        if line.number.startswith(letter):
            yield from ("", f"## {line.number} — {prose(line.told)} {{ #{line.number} }}", "")
            yield from (f"- {_linked(item)}" for item in line.held)


def _linked(item: str) -> str:
    where = f"../reference/tests.md#{anchor(item)}"
    _, mark, name = item.partition("::")
    if mark:
        return f"[{_sentence(name)}]({where})"
    return f"drill [{code(item)}]({where})" if item.startswith("drills/") else prose(item)


def _sentence(name: str) -> str:
    """The name of a test as the sentence it is."""
    words = name.removeprefix("test_").replace("_", " ")
    return words[:1].upper() + words[1:]
