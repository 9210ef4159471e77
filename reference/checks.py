"""Every release check: its name, whether it blocks, what it says and what mends it, in Chinese."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.model import Severity
from pipeline.steps import check, illustrate, revisit, sanity
from reference.markup import prose
from reference.reading import function, texts, tree


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a check may find."""

    name: str
    severities: tuple[Severity, ...]
    messages: tuple[str, ...]
    fixes: tuple[str, ...]


_WORDED_IN: Mapping[str, Callable[..., Any]] = {
    "date-conflict": check.other_day,
    "pictures": illustrate.missing_pictures,
    "lead": check.CHECKS["lead"],
    "sanity": sanity.alarm,
    "page-now": revisit.changed,
}
"""Finding → the function whose texts it tells, where the check hands on what another one says."""


def page() -> str:
    """All of them, in the order in which an issue is checked."""
    lines = [
        "# 检查项",
        "",
        "每一期在审定和发布之前都要经过下列检查；看稿时随时可以看到结果，命令行用 `bulletin draft check`。"
        "“阻断”的问题必须改正，或写明理由后放行（放行会署名留存）；“提醒”不妨碍发布。“…”处是具体内容。",
    ]
    for one in findings():
        severity = "或".join(severity.chinese for severity in one.severities)
        lines += ["", f"`{one.name}`{{ #{one.name.rstrip('-…')} }} <small>{severity}</small>"]
        lines += [f":   {prose('；'.join(one.messages))}。{prose(''.join(one.fixes))}"]
    return "\n".join(lines)


def findings() -> Iterator[Told]:
    """What the checks of `CHECKS` may find, read from their source."""
    for made in check.CHECKS.values():
        yield from _told(made)


def _told(made: Callable[..., Any]) -> Iterator[Told]:
    definition = function(made)
    merged: dict[str, Told] = {}
    for node in ast.walk(definition):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in ("_about", "Finding"):
            one = _finding(node.args[2:] if node.func.id == "_about" else node.args, definition, made)
            before = merged.get(one.name)
            merged[one.name] = (
                Told(one.name, one.severities, before.messages + one.messages, before.fixes + one.fixes)
                if before
                else one
            )
        elif node.func.id == "misprint" and made.__name__ != "misprint":  # a check that hands over to another function
            yield from _told(check.misprint)
    yield from merged.values()


def _finding(arguments: list[ast.expr], within: ast.FunctionDef, made: Callable[..., Any]) -> Told:
    name = next(iter(texts(_value(arguments[0], within))))
    severities = tuple(
        severity
        for severity in Severity
        if any(isinstance(node, ast.Attribute) and node.attr == severity.name for node in ast.walk(arguments[1]))
    )
    messages = tuple(texts(arguments[2]))
    if name in _WORDED_IN:
        messages = tuple(_worded(_WORDED_IN[name], own=_WORDED_IN[name] is made))
    fixes = tuple(texts(arguments[3]))
    if name == "genre":  # whose words stand in a table
        messages = tuple(
            f"体裁为{genre.chinese}，{why}：{fix.rstrip('。')}" for genre, (why, fix) in check.GENRES.items()
        )
    return Told(name, severities, messages, fixes)


def _value(node: ast.expr, within: ast.FunctionDef) -> ast.expr:
    """What a name stands for, where it is given a value in the function."""
    if isinstance(node, ast.Name):
        for each in ast.walk(within):
            if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name) and each.targets[0].id == node.id:
                return each.value
    return node


def _worded(made: Callable[..., Any], *, own: bool) -> Iterator[str]:
    definition = function(made)
    if own:
        calls = [node for node in ast.walk(definition) if isinstance(node, ast.Call)]
        yield from (
            text
            for call in calls
            if isinstance(call.func, ast.Attribute) and call.func.attr == "append"
            for one in call.args
            for text in texts(one)
        )
        return
    returned = [node.value for node in ast.walk(definition) if isinstance(node, ast.Return) and node.value]
    found = [text for node in returned for text in texts(node)]
    yield from found or _named(made, definition)


def _named(made: Callable[..., Any], definition: ast.FunctionDef) -> Iterator[str]:
    """The texts of the module that a function names, as `_MISSING`."""
    names = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
    module = inspect.getmodule(made)
    assert module is not None
    for node in tree(module).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in names:
            yield from (f"{text}…" for text in texts(node.value))
