"""A workspace's five files together: its own or the packaged ones, checked against each other."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SkipValidation, TypeAdapter, ValidationError

from pipeline.config.environment import environment, variable
from pipeline.config.files import parse, path_of, plain, position, read
from pipeline.config.outlets import Outlet, Outlets
from pipeline.config.scope import Scope
from pipeline.config.series import Series
from pipeline.config.settings import Settings
from pipeline.config.sources import ExtractRule, FeedSource, ManualSource, Source, Tls, WebSource
from pipeline.errors import ConfigError
from pipeline.model import file_title


class Config(BaseModel):
    """Everything a workspace says, checked and frozen."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    workspace: Path
    settings: Settings
    series: Mapping[str, Series]
    scope: SkipValidation[Scope]  # read and checked already: looking its terms over again took 4 ms of each opening
    sources: tuple[Source, ...]
    outlets: Outlets

    @cached_property
    def data(self) -> Path:
        """The data folder, absolute."""
        return self.workspace / self.settings.data

    @cached_property
    def blobs(self) -> Path | str:
        """Where blobs are: a folder, absolute, or an address."""
        return self.settings.blobs or self.data / "blobs"

    @cached_property
    def out(self) -> Path:
        """The folder of published files, absolute."""
        return self.workspace / self.settings.out

    @cached_property
    def rules(self) -> Mapping[str, tuple[ExtractRule, ...]]:
        """How the pages of sources are read: source id → its rules, for those that have any."""
        return {source.id: source.extract for source in self.sources if source.extract}

    @cached_property
    def tls(self) -> Mapping[str, Tls]:
        """The hosts of whose encryption not everything is asked: host → what is."""
        found: dict[str, Tls] = {}
        for source in self.sources:
            if isinstance(source, WebSource):
                urls = source.urls if isinstance(source, ManualSource) else (source.url,)
                asked = source.tls
                hosts = asked if isinstance(asked, Mapping) else {urlsplit(url).hostname or "": asked for url in urls}
                found.update((host.lower(), mode) for host, mode in hosts.items() if mode != "strict")
        return found

    def at(self, path: Path) -> Path:
        """A path of the configuration, relative to the workspace."""
        return self.workspace / path.expanduser()

    def secret(self, written: str) -> tuple[str, str]:
        """What `env:NAME` or `file:path` stands for, anything else itself; or nothing, and why in Chinese."""
        kind, _, rest = written.partition(":")
        if kind == "env":
            value = os.environ.get(rest, "").strip()
            return value, "" if value else f"环境变量 {rest} 没有设置"
        if kind == "file" and not rest.startswith("//"):
            try:
                value = (self.workspace / rest).read_text("utf-8-sig").strip()
            except (OSError, UnicodeDecodeError):
                return "", f"读不到文件 {rest}"
            return value, "" if value else f"文件 {rest} 是空的"
        return written, ""


FILES: Mapping[str, TypeAdapter[Any]] = {
    "settings": TypeAdapter(Settings),
    "series": TypeAdapter(dict[str, Series]),
    "scope": TypeAdapter(Scope),
    "sources": TypeAdapter(tuple[Source, ...]),
    "outlets": TypeAdapter(tuple[Outlet, ...]),
}
"""The five files, and what each holds."""


def load(workspace: Path) -> Config:
    """Reads the five files of a workspace; raises `ConfigError` at the first that cannot be used."""
    workspace = workspace.resolve()
    parts = {name: _part(workspace, name) for name in FILES}
    series = {key: value.model_copy(update={"id": key}) for key, value in parts["series"].items()}
    for key, one in series.items():
        if one.place and one.place not in parts["scope"].places:
            known = ", ".join(parts["scope"].places) or "none"
            raise ConfigError(
                position(path_of(workspace, "series"), (key, "place")),
                f"unknown place rule {one.place!r} (known: {known})",
                "Name one that scope.yaml lists under places.",
            )
    _no_shared_files(path_of(workspace, "series"), series)
    no_two_alike(path_of(workspace, "sources"), [source.id for source in parts["sources"]])
    for index, told in enumerate(parts["settings"].notify):
        for place, one in enumerate(told.series):
            if one not in series:
                raise ConfigError(
                    position(path_of(workspace, "settings"), ("notify", index, "series", place)),
                    f"unknown series {one!r} (known: {', '.join(series)})",
                )
    return Config(
        workspace=workspace,
        settings=parts["settings"],
        series=series,
        scope=parts["scope"],
        sources=tuple(routed(workspace, parts["settings"], parts["sources"])),
        outlets=Outlets(parts["outlets"]),
    )


def read_scope(path: Path, series: Series) -> Scope:
    """Another scope file, for one series; raises `ConfigError` with file and line."""
    scope: Scope = read(path, FILES["scope"])
    if series.place and series.place not in scope.places:
        known = ", ".join(scope.places) or "none"
        raise ConfigError(
            position(path, ("places",)),
            f"has no place rule {series.place!r}, which series {series.id} names (known: {known})",
            "Copy it from the scope.yaml in force.",
        )
    return scope


def routed(workspace: Path, settings: Settings, sources: tuple[Source, ...]) -> Iterator[Source]:
    """The sources, routes of RSSHub as addresses of the one that settings.yaml names; disabled ones may lack it."""
    for index, source in enumerate(sources):
        if not isinstance(source, FeedSource) or not source.url.startswith(_RSSHUB):
            yield source
        elif settings.rsshub:
            route = source.url.removeprefix(_RSSHUB).lstrip("/")
            yield source.model_copy(update={"url": f"{settings.rsshub.rstrip('/')}/{route}"})
        elif not source.enabled:
            yield source  # a preset may bring routes along for those who have one
        else:
            raise ConfigError(
                position(path_of(workspace, "sources"), (index, "url")),
                f"source {source.name}: url: {source.url!r} is a route of RSSHub, and settings.yaml names none",
                "Set rsshub in settings.yaml to the address of yours.",
            )


_RSSHUB = "rsshub://"


def problems(workspace: Path) -> dict[str, ConfigError | None]:
    """Each of the five files with the first error in it; what two files say of each other is `load`'s to refuse."""
    found: dict[str, ConfigError | None] = {}
    for name in FILES:
        try:
            _part(workspace.resolve(), name)
            found[name] = None
        except ConfigError as error:
            found[name] = error
    return found


def missing_secrets(config: Config) -> list[ConfigError]:
    """Every `env:NAME` and `file:path` of single settings behind which nothing stands, each with its place.

    Those of `notify` are looked at by who sends to them.
    """
    model = config.settings.classifiers.llm
    wanted = {
        ("proxy",): config.settings.proxy,
        ("classifiers", "llm", "key"): model.key.get_secret_value() if model.url else "",
        ("web", "metrics"): config.settings.web.metrics.get_secret_value(),
    }
    return [
        ConfigError(
            place_of(config.workspace, "settings", *loc),
            f"{'.'.join(loc)}: {why}",
            "请设置好它，或写 env:变量名、file:路径；不需要时留空。",
        )
        for loc, written in wanted.items()
        if (why := config.secret(written)[1])
    ]


def place_of(workspace: Path, name: str, *loc: str | int) -> str:
    """`path:line:column` of a value of one of the files, for errors that show up only in its use."""
    return position(path_of(workspace.resolve(), name), loc)


def _part(workspace: Path, name: str) -> Any:
    """One of the five files, with what the environment has to say about it."""
    path, overrides = path_of(workspace, name), environment() if name == "settings" else {}
    if not overrides:
        return read(path, FILES[name])
    read(path, FILES[name])  # a mistake in the file is one, whatever the environment says
    tree = plain(parse(path))
    for steps, value in overrides.items():
        node = tree
        for step in steps[:-1]:
            node = node.setdefault(step, {})
        node[steps[-1]] = value
    try:
        return FILES[name].validate_python(tree)
    except ValidationError as error:
        first = error.errors()[0]
        where = f"environment variable {variable(tuple(str(step) for step in first['loc'][:2]))}"
        said = first["msg"].removeprefix("Value error, ")
        raise ConfigError(where, f"{said[:1].lower()}{said[1:]}") from None


def _no_shared_files(path: Path, series: Mapping[str, Series]) -> None:
    """Raises `ConfigError` for series whose files would bear one name, also where case and width do not count."""
    taken: dict[str, str] = {}
    for key, one in series.items():
        name = unicodedata.normalize("NFKC", file_title(one.title, key)).casefold()
        if (other := taken.setdefault(name, key)) != key:
            raise ConfigError(
                position(path, (key, "title")),
                f"the files of {key} would have the names of those of {other}: {file_title(one.title, key)}-第…期",
                "Make the titles differ in their letters or digits.",
            )


def no_two_alike(path: Path, ids: list[str]) -> None:
    """Raises `ConfigError` for an id that stands twice."""
    for index, one in enumerate(ids):
        if one in ids[:index]:
            raise ConfigError(position(path, (index, "id")), f"source id {one!r} stands twice", "Give each its own id.")
