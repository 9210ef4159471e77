"""The five files of `config/`, setting by setting: name, type, default, meaning."""

from __future__ import annotations

import collections.abc
import datetime as dt
import json
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import AfterValidator, BaseModel, SecretStr
from pydantic.fields import FieldInfo

from pipeline.config import ExtractRule, Outlet, Scope, Series, Settings, Source, variables
from reference.markup import code, prose, sentence
from reference.reading import attributes, docstring, heading, remarks


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, as a reader looks it up."""

    name: str
    """As it is written: `politeness.retries`, `notify[].to`."""
    kind: str
    default: str
    """As YAML; empty where it must be given."""
    meaning: str
    variable: str = ""
    """What overrides it in the environment."""


def settings() -> str:
    """settings.yaml."""
    plain = [_plain(one.name).split(".") for one in walked(Settings, {})]
    said = remarks("settings.yaml", {".".join(steps[:some]) for steps in plain for some in range(1, len(steps) + 1)})
    found = [*walked(Settings, said)]
    lines = [
        "# settings.yaml",
        "",
        f"{prose(docstring(Settings))} What is left out has its default. The environment wins over a single value, "
        "by the variable that is named with it. `bulletin config show --origin` says which values are in "
        "force, and why.",
    ]
    parts: dict[str, list[Setting]] = {"": []}
    for one in found:
        outer, mark, _ = _plain(one.name).partition(".")
        parts.setdefault(outer if mark else "", []).append(one)
    lines += _listed("settings", [one for one in parts.pop("") if _plain(one.name) not in parts])
    for name, those in parts.items():
        lines += ["", f"## {name}", ""]
        if about := said.get(name) or docstring(_inner(Settings.model_fields[name].annotation)):
            lines += [prose(sentence(about))]
        lines += _listed("settings", those)
    return "\n".join(lines)


def series() -> str:
    """series.yaml."""
    said = heading("series.yaml")
    found = [one for one in walked(Series, said) if one.name != "id"]
    return "\n".join(
        [
            "# series.yaml",
            "",
            "The bulletins this office puts out, each under the name by which the command line knows it: "
            "`bulletin run beijing-monthly`.",
            *_listed("series", found),
        ]
    )


def sources() -> str:
    """sources.yaml."""
    said = heading("sources.yaml")
    kinds: Mapping[str, type[BaseModel]] = {
        get_args(one.model_fields["kind"].annotation)[0]: one for one in get_args(get_args(Source)[0])
    }
    common = set.intersection(*(set(one.model_fields) for one in kinds.values()))
    web = {name for kind in kinds.values() for name in kind.model_fields if name in said} - common - {*kinds}
    of_web = [code(kind) for kind, one in kinds.items() if web & {*one.model_fields}]
    lines = [
        "# sources.yaml",
        "",
        "Where leads come from: a list of sources. `bulletin sources add URL` proposes an entry, `bulletin "
        "sources check ID` shows what one gives.",
        "",
        "## Every source",
        *_listed("sources", [one for one in walked(next(iter(kinds.values())), said) if one.name in common - {"kind"}]),
        "",
        f"`kind`{{ #sources.kind }} <small>one of {', '.join(f'[`{kind}`](#{kind})' for kind in kinds)} · required"
        "</small>",
        ":   What the source is; what else may be said follows from it.",
        "",
        "## Sources of the web",
        "",
        f"What leads to pages of the web ({', '.join(of_web)}) has besides:",
        *_listed(
            "sources",
            [
                one
                for one in walked(next(k for k in kinds.values() if web <= set(k.model_fields)), said)
                if one.name in web
            ],
        ),
        "",
        "## Rules of extract",
        "",
        prose(docstring(ExtractRule)),
        *_listed("sources.extract", [*walked(ExtractRule, {})]),
    ]
    for name, kind in kinds.items():
        own = [one for one in walked(kind, {}) if one.name.split("[")[0] not in common | web]
        lines += [
            "",
            f"## {name}",
            "",
            prose(docstring(kind)),
            "",
            prose(sentence(said[name])),
            *_listed(f"sources.{name}", own),
        ]
    return "\n".join(lines)


def scope() -> str:
    """scope.yaml."""
    said = remarks("scope.yaml", set(Scope.model_fields))
    return "\n".join(
        [
            "# scope.yaml",
            "",
            f"{prose(docstring(Scope))} The file explains itself in Chinese, since editors change it; "
            "`bulletin scope test` tells what a change would change.",
            *_listed("scope", [*walked(Scope, said)]),
        ]
    )


def outlets() -> str:
    """outlets.yaml."""
    return "\n".join(
        ["# outlets.yaml", "", "Who owns which host: a list of outlets.", *_listed("outlets", [*walked(Outlet, {})])]
    )


def walked(model: type[BaseModel], said: Mapping[str, str], before: str = "") -> Iterator[Setting]:
    """Every setting of a model and of those within it, in their order."""
    overriding = {".".join(path): name for name, path in variables().items()} if model is Settings or before else {}
    for name, field in model.model_fields.items():
        path = f"{before}{_written(name, field)}"
        inner = _inner(field.annotation)
        many = "" if inner is field.annotation else "[]" if get_origin(field.annotation) is tuple else ".*"
        plain = _plain(path)
        if not inner or many or (plain in said and not overriding):  # those of settings.yaml have a heading instead
            samples = "[]" in before  # what stands in the file is one that is commented out
            meaning = (not samples and said.get(plain)) or attributes(model).get(name, "")
            variable = overriding.get(path, "")
            yield Setting(path, kind_of(field), _default(field), meaning, variable)
        if inner:
            yield from walked(inner, said, f"{path}{many}.")


def kind_of(field: FieldInfo) -> str:
    """The type of a setting in words: whole number, 0 to 5."""
    return _named(field.annotation, field.metadata)


def _named(kind: Any, limits: list[Any]) -> str:
    origin, within = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _named(within[0], [*within[1:], *limits])
    if origin in (Union, types.UnionType):
        return " or ".join(_named(one, limits) for one in within if one is not type(None))
    if origin is Literal:
        return ("one of " if len(within) > 1 else "") + ", ".join(
            code(one if isinstance(one, str) else json.dumps(one)) for one in within
        )
    if origin is tuple:
        return f"list of {_plural(_named(within[0], []))}"
    if origin is not None and issubclass(origin, Mapping):
        return f"mapping of {_plural(_named(within[0], []))} to {_plural(_named(within[1], []))}"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "mapping"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "one of " + ", ".join(code(str(one.value)) for one in kind)
    shape = _shape(limits, text=kind is str)
    return _WORDS[kind] + (f", {shape}" if shape else "")


_WORDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    SecretStr: "text that is never shown",
    Path: "path",
    dt.date: "day",
}


def _plural(words: str) -> str:
    first, mark, rest = words.removeprefix("one of ").partition(",")
    several = {
        "text": "texts",
        "whole number": "whole numbers",
        "number": "numbers",
        "path": "paths",
        "mapping": "mappings",
    }
    return several.get(first, first) + mark + rest


def _shape(limits: list[Any], *, text: bool) -> str:
    """What a value is held to, in words; two bounds are told together."""
    all_of = [each for one in limits for each in (one.metadata if isinstance(one, FieldInfo) else [one])]
    least = next((f"{one.ge:,}" for one in all_of if isinstance(one, Ge)), "")
    most = next((f"{one.le:,}" for one in all_of if isinstance(one, Le)), "")
    said = [f"{least} to {most}"] if least and most else [f"at least {least}"] if least else []
    for one in all_of:
        if isinstance(one, Gt):
            said.append(f"more than {one.gt}")
        elif isinstance(one, Lt):
            said.append(f"less than {one.lt}")
        elif isinstance(one, Le) and not least:
            said.append(f"at most {one.le:,}")
        elif isinstance(one, MinLen):
            said.append("not empty")
        elif text and isinstance(one, AfterValidator) and (example := _example(one)):
            said.append(f"such as {prose(example)}" if " " not in example else prose(example))
        elif pattern := getattr(one, "pattern", None):
            said.append(f"of the form {code(pattern)}")
    return ", ".join(said)


def _example(check: AfterValidator) -> str:
    """What a text must look like, in the words by which another one is refused."""
    try:
        cast(Callable[[str], str], check.func)("\0")
    except ValueError as error:
        words = str(error)
        return words.removeprefix("write ") if words.startswith("write ") else ""
    return ""


def _inner(kind: Any) -> type[BaseModel] | None:
    """The model that a setting holds, or holds several of."""
    if get_origin(kind) in (None, tuple, collections.abc.Mapping):
        return next(
            (one for one in (kind, *get_args(kind)) if isinstance(one, type) and issubclass(one, BaseModel)), None
        )
    return None


def _plain(name: str) -> str:
    """The name of a setting as anchors and files have it: `notify.to` for `notify[].to`."""
    return name.replace("[]", "").replace(".*", "")


def _written(name: str, field: FieldInfo) -> str:
    return field.alias or name


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    value = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, tuple):
        return "[" + ", ".join(str(getattr(one, "value", one)) for one in value) + "]"
    if isinstance(value, Path):
        return str(value)
    if value is None:
        return "none"
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, str) or not value else value


def _listed(where: str, found: list[Setting]) -> list[str]:
    lines: list[str] = []
    for one in found:
        facts = [one.kind, f"default {code(one.default)}" if one.default else "required", code(one.variable)]
        anchor = f"{where}.{_plain(one.name)}"
        lines += ["", f"{code(one.name)}{{ #{anchor} }} <small>{' · '.join(filter(None, facts))}</small>"]
        lines += [f":   {prose(sentence(one.meaning))}"]
    return lines
