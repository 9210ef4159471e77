"""What `/metrics` counts, as Prometheus reads it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from pipeline.web import watch
from pipeline.web.pages import watching
from reference.markup import code, prose
from reference.reading import docstring, tree

_KINDS = {"_gauge": "gauge", "Counter": "counter", "Histogram": "histogram"}


def page() -> str:
    """All of them, with their labels, and the addresses that machines ask."""
    addresses = " ".join(f"{code(one.path)}: {prose(docstring(one.handler))}" for one in watching.ROUTES)
    lines = [
        "# Metrics",
        "",
        f"{addresses} From this machine all is told to everybody, from elsewhere to whoever brings the token of "
        "[`web.metrics`](settings.md#settings.web.metrics). Prometheus' client adds `process_…` to what stands here.",
    ]
    for name, kind, labels, told in measured():
        facts = f"{kind}, by {' and '.join(map(code, labels))}" if labels else kind
        lines += ["", f"{code(name)}{{ #{name} }} <small>{facts}</small>", f":   {prose(told)}"]
    return "\n".join(lines)


def measured() -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Name, kind, labels and meaning of each, read from the source that makes them."""
    for node in ast.walk(tree(watch)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _KINDS):
            continue
        words = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if not words or not words[0].startswith("bulletin_"):
            continue
        kind = _KINDS[node.func.id]
        labels = tuple(label for one in node.args for label in _labels(one, words))
        yield words[0] + ("_total" if kind == "counter" else ""), kind, labels, words[1]


def _labels(argument: ast.expr, words: Sequence[str]) -> Iterator[str]:
    """The labels that an argument names: texts behind name and meaning, those of a list, the keys of `*built`."""
    if isinstance(argument, ast.Constant) and argument.value in words[2:]:
        yield str(argument.value)
    elif isinstance(argument, ast.List):
        yield from (str(one.value) for one in argument.elts if isinstance(one, ast.Constant))
    elif isinstance(argument, ast.Starred):
        keys = [
            key.value
            for node in ast.walk(tree(watch))
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == ast.unparse(argument.value)
            for key in (node.value.keys if isinstance(node.value, ast.Dict) else ())
            if isinstance(key, ast.Constant)
        ]
        yield from map(str, keys)
