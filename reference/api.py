"""The HTTP API, from its own description in OpenAPI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.web.api import description
from reference.markup import code, prose, sentence, table

Schema = Mapping[str, Any]


def page() -> str:
    """Every verb with what it takes and gives, then every message."""
    told = description()
    lines = [
        "# HTTP API",
        "",
        prose(told["info"]["description"]),
        "",
        "A program shows its token as `Authorization: Bearer …`; `bulletin account token` gives one, with the "
        "role and the series of its account. The same in OpenAPI is at `/api/v1/openapi.json`.",
    ]
    for path, methods in told["paths"].items():
        for method, verb in methods.items():
            lines += _verb(path, method.upper(), verb)
    lines += [*_refusals(told["paths"]), "", "## Messages { #messages }"]
    for name, schema in told["components"]["schemas"].items():
        lines += [
            "",
            f"### {name} {{ #{name.lower()} }}",
            "",
            prose(schema.get("description", "")),
            "",
            *_fields(schema),
        ]
    return "\n".join(lines)


def _verb(path: str, method: str, verb: Schema) -> Iterator[str]:
    yield from ("", f"## {method} {path} {{ #{verb['operationId']} }}", "")
    yield from (f"{prose(verb['summary'])} {prose(verb['description'])}", "")
    if verb["parameters"]:
        rows = [
            (
                code(one["name"]) + ("" if one["required"] else " (optional)"),
                one["in"],
                _kind(one["schema"]),
                prose(sentence(one["schema"].get("description", ""))),
            )
            for one in verb["parameters"]
        ]
        yield from (table(("Parameter", "In", "Type", "Meaning"), rows), "")
    if "requestBody" in verb:
        schema = next(iter(verb["requestBody"]["content"].values()))["schema"]
        yield from (f"Takes {_kind(schema)}.", "")
        if "properties" in schema:
            yield from _fields(schema)
    refused = [status for status in verb["responses"] if int(status) >= 400]
    for status, answer in verb["responses"].items():
        if status not in refused:
            gives = " or ".join(sorted({_kind(one["schema"]) for one in answer["content"].values()}))
            yield f"Gives {gives} ({status}). Refused with {', '.join(f'[{one}](#{one})' for one in refused)}."


def _refusals(paths: Schema) -> Iterator[str]:
    """What the statuses mean with which something is refused, each told once."""
    told = {
        status: answer["description"]
        for methods in paths.values()
        for verb in methods.values()
        for status, answer in verb["responses"].items()
        if int(status) >= 400
    }
    yield from ("", "## Refusals { #refusals }", "", "Each comes with a [Problem](#problem), in Chinese.", "")
    yield table(
        ("Status", "Meaning"), [(f"`{status}`{{ #{status} }}", prose(why)) for status, why in sorted(told.items())]
    )


def _fields(schema: Schema) -> Iterator[str]:
    needed = schema.get("required", ())
    rows = [
        (
            code(name) + ("" if name in needed else " (optional)"),
            _kind(one),
            prose(sentence(one.get("description", ""))),
        )
        for name, one in schema.get("properties", {}).items()
    ]
    if rows:
        yield from (table(("Field", "Type", "Meaning"), rows), "")
    elif "enum" in schema:
        yield from (f"One of {', '.join(code(str(one)) for one in schema['enum'])}.", "")


def _kind(schema: Schema) -> str:
    """The type of a value in words, messages linked."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in schema:
        return code(str(schema["const"]))
    if "enum" in schema:
        return "one of " + ", ".join(code(str(one)) for one in schema["enum"])
    if several := schema.get("oneOf") or schema.get("anyOf"):
        return " or ".join(_kind(one) for one in several if one.get("type") != "null")
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}" if "items" in schema else "list"
    if schema.get("format") == "binary":
        return "the file"
    bounds = [f"{words} {schema[key]:,}" for key, words in (("minimum", "from"), ("maximum", "to")) if key in schema]
    longest = [f"of at most {schema['maxLength']:,} characters"] if "maxLength" in schema else []
    return " ".join((_WORDS.get(schema.get("format", "")) or _WORDS[schema["type"]], *bounds, *longest))


_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "date": "day",
    "date-time": "moment",
}
