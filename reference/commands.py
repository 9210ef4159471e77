"""Every command, as the command line itself has it: usage, arguments, options, exit codes."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

from typer.core import TyperGroup
from typer.main import get_command

from pipeline import cli
from pipeline import errors as tree_of_errors
from pipeline.desk import Desk
from reference.markup import code, prose, table
from reference.reading import function

_FRAME = import_module("pipeline.cli.app")  # the package hides it behind the application of that name
_CODES: Mapping[str, int] = {
    name: value for name, value in vars(_FRAME).items() if name.isupper() and isinstance(value, int)
}
ALWAYS = (_CODES["DONE"], _CODES["FAILED"], _CODES["MISUSED"], _CODES["INTERRUPTED"])
"""The exit codes that any command may end with."""


def page() -> str:
    """All of them, group by group in the order of `bulletin --help`."""
    whole = _whole()
    lines = [
        "# Commands",
        "",
        prose(whole.help or ""),
        "",
        f"Any command may end with {_counted(ALWAYS)} ([exit codes](codes.md)); what else one ends with stands "
        "beside it. `bulletin --install-completion` teaches the shell to complete commands and options.",
        "",
        "## bulletin { #bulletin }",
        "",
        "Options that stand before the command: `bulletin -C office draft list`.",
        "",
        *_parameters(whole),
    ]
    alone = {name: one for name, one in whole.commands.items() if not isinstance(one, TyperGroup)}
    for name, command in alone.items():
        lines += _described((name,), command, "##")
    for name, group in whole.commands.items():
        if isinstance(group, TyperGroup):
            lines += ["", f"## bulletin {name} {{ #{name} }}", "", prose(group.help or "")]
            for each, command in group.commands.items():
                lines += _described((name, each), command, "###")
    return "\n".join(lines)


def _whole() -> TyperGroup:
    whole = get_command(cli.app)
    assert isinstance(whole, TyperGroup)
    return whole


def all_commands() -> dict[tuple[str, ...], Any]:
    """Words of a command → the command."""
    found: dict[tuple[str, ...], Any] = {}
    for name, one in _whole().commands.items():
        if isinstance(one, TyperGroup):
            found |= {(name, each): command for each, command in one.commands.items()}
        else:
            found[name,] = one
    return found


def codes_of(command: Any) -> tuple[int, ...]:
    """The exit codes of a command besides those of all: its function's own, and what the desk's verbs raise."""
    found: set[int] = set()
    seen: set[str] = set()
    todo = [inspect.unwrap(command.callback)]
    while todo:
        made = todo.pop()
        seen.add(made.__name__)
        for node in ast.walk(function(made)):
            if isinstance(node, ast.Name) and node.id in _CODES:
                found.add(_CODES[node.id])
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in seen:
                other = made.__globals__.get(node.func.id)
                if inspect.isfunction(other) and other.__module__ == made.__module__:
                    todo.append(other)
            elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("desk."):
                found |= _raised(ast.unparse(node.func).removeprefix("desk."))
    return tuple(sorted(found - {*ALWAYS}))


@cache
def _raised(verb: str) -> frozenset[int]:
    """The exit codes of what a verb of the desk says that it raises."""
    said = inspect.getdoc(getattr(Desk, verb, None)) or ""
    names = re.findall(r"`(\w+)`", " ".join(re.findall(r"[Rr]aises[^.]*\.", said)))
    kinds = [vars(tree_of_errors).get(name) for name in names]
    return frozenset(
        kind.exit_code for kind in kinds if isinstance(kind, type) and issubclass(kind, tree_of_errors.DeskError)
    )


def meanings() -> dict[int, str]:
    """Exit code → what it means, as the docstring of the command line has it."""
    said = " ".join((cli.__doc__ or "").split())
    listed = re.search(r"Exit codes: (.*?)\. ", said)
    assert listed is not None
    return {int(one.partition(" ")[0]): one.partition(" ")[2] for one in listed[1].split(" · ")}


def _described(words: Sequence[str], command: Any, level: str) -> Iterator[str]:
    name = " ".join(words)
    yield from ("", f"{level} bulletin {name} {{ #{'-'.join(words)} }}", "")
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        yield from (prose(paragraph), "")
    arguments = [usage(one) for one in command.params if one.param_type_name == "argument"]
    yield from ("```sh", " ".join(["bulletin", name, "[OPTIONS]", *arguments]), "```", "")
    yield from _parameters(command)
    if more := codes_of(command):
        told = meanings()
        if re.search(r"[Ee]xit code", command.help or ""):
            yield f"Exit codes besides: {', '.join(map(str, more))}, as said above."
        else:
            yield f"Exit codes besides: {', '.join(f'{one} ({prose(told[one])})' for one in more)}."


def _parameters(command: Any) -> Iterator[str]:
    kinds = get_type_hints(inspect.unwrap(command.callback))
    shown = [one for one in command.params if not one.hidden and one.name in kinds]
    for place, title in (("argument", "Argument"), ("option", "Option")):
        if rows := [_row(one, kinds[one.name]) for one in shown if one.param_type_name == place]:
            yield from (table((title, "Meaning"), rows), "")


def _row(one: Any, kind: Any) -> tuple[str, str]:
    option = one.param_type_name == "option"
    facts = [prose(one.help or "")]
    if option and not one.is_flag and one.default not in (None, "", 0, Path(), ()):
        facts.append(f"Default: {code(str(one.default))}.")
    if one.envvar:
        facts.append(f"Environment: {code(one.envvar)}.")
    if option and one.multiple:
        facts.append("May be given several times.")
    return _named(one, kind) if option else code(usage(one)), " ".join(fact for fact in facts if fact)


def _named(one: Any, kind: Any) -> str:
    within = (kind, *get_args(kind), *(deep for each in get_args(kind) for deep in get_args(each)))
    value = "" if one.is_flag else next((f" {word}" for type_, word in _VALUES.items() if type_ in within), " TEXT")
    return ", ".join(code(name + (value if name.startswith("--") else "")) for name in (*one.opts, *one.secondary_opts))


_VALUES = {int: "NUMBER", float: "NUMBER", Path: "PATH"}


def usage(one: Any) -> str:
    """An argument as a line of usage has it."""
    word = one.name.upper() + ("…" if one.nargs != 1 else "")
    return word if one.required else f"[{word}]"


def _counted(codes: Sequence[int]) -> str:
    return ", ".join(map(str, codes[:-1])) + f" or {codes[-1]}"
