"""What a new workspace begins with: the answers of whoever sets it up, as commented files."""

from __future__ import annotations

import copy
import datetime as dt
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML

from pipeline.config.files import packaged, read
from pipeline.config.scope import Scope
from pipeline.config.series import LastIssue, Series
from pipeline.config.strict import Strict
from pipeline.config.workspace import FILES
from pipeline.errors import UsageError


class Preset(Strict):
    """A field that an office may watch, and the sources that come with it."""

    name: str
    """As it is offered."""
    sources: tuple[str, ...] = ()
    """Files of config/presets."""
    series: Annotated[tuple[str, ...], Field(min_length=1)]
    """Which of the field's sample bulletins are offered first."""
    example: str = ""
    """A folder of config/examples: its bulletins and scope are offered, its sources and outlets come along."""

    def sample(self, name: str) -> Path:
        """The file of this name that the field brings: of its example, else the packaged one."""
        home = packaged("config")
        return (home / "examples" / self.example if self.example else home) / f"{name}.yaml"


def presets() -> Mapping[str, Preset]:
    """What `--preset` names, of presets.yaml."""
    found: dict[str, Preset] = read(packaged("config") / "presets.yaml", _PRESETS)
    return found


_PRESETS = TypeAdapter(dict[str, Preset])


@dataclass(frozen=True, slots=True)
class Begun:
    """One bulletin as it is begun."""

    key: str
    title: str
    weekly: bool
    topic: str
    last: LastIssue


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody said who sets a workspace up."""

    preset: Preset
    office: str
    series: tuple[Begun, ...]
    contact: str = ""
    """An address of theirs, for those whose pages are fetched; empty for none."""


def samples(preset: Preset) -> Mapping[str, Series]:
    """The bulletins of the field's sample configuration, those that are offered."""
    series: dict[str, Series] = read(preset.sample("series"), FILES["series"])
    return {key: series[key] for key in preset.series}


def probe(weekly: bool) -> Series:
    """A bulletin of which only the windows count."""
    last = {"number": 0, "window": "2000-01-07" if weekly else "2000-01"}
    window = {"weekly": {"from": "sat"}} if weekly else "monthly"
    return Series.model_validate(
        {"title": "-", "issuer": "-", "unit": "-", "topic": "-", "window": window, "last": last}
    )


def last_of(text: str, *, weekly: bool) -> LastIssue:
    """The last issue as somebody writes it, `534@2024-05` or `635@2025-08-01`; raises `UsageError`."""
    number, _, window = text.strip().partition("@")
    try:
        if weekly:
            window = probe(weekly).window_of(dt.date.fromisoformat(window)).end.isoformat()
        elif not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", window):
            raise ValueError(window)
        return LastIssue(number=int(number), window=window)
    except (ValueError, OverflowError, ValidationError):
        example = "635@2025-08-01（这一周的任一天）" if weekly else "534@2024-05"
        raise UsageError(f"“{text}”看不懂。", f"请写成期号@时段，如 {example}。") from None


def written(answers: Answers) -> dict[str, str]:
    """The files of a workspace's config/, by name; what the samples explain in comments stays explained."""
    preset, home = answers.preset, packaged("config")
    texts = {name: (home / f"{name}.yaml").read_text("utf-8") for name in FILES}
    for one in preset.sources:
        texts["sources"] += "\n" + (home / "presets" / f"{one}.yaml").read_text("utf-8")
    if preset.example:
        texts["scope"] = preset.sample("scope").read_text("utf-8")
        for name in ("sources", "outlets"):
            texts[name] += "\n" + preset.sample(name).read_text("utf-8")
    texts["series"] = _series(texts["series"], answers)
    if answers.contact:
        agent = json.dumps(f"bulletin-desk/0.1 (+{answers.contact})", ensure_ascii=False)
        texts["settings"] = re.sub(
            r"^  user_agent: .*$", lambda _: f"  user_agent: {agent}", texts["settings"], count=1, flags=re.MULTILINE
        )
    return texts


def _series(packed: str, answers: Answers) -> str:
    """series.yaml with the answers' bulletins in the place of the samples; the comments stay."""
    yaml = YAML()
    yaml.width = 4096
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    tree: Any = yaml.load(packed)
    models: Any = yaml.load(answers.preset.sample("series").read_text("utf-8"))
    scope: Scope = read(answers.preset.sample("scope"), FILES["scope"])
    for key in list(tree):
        del tree[key]
    for one in answers.series:
        fitting = [each for each in models.values() if (each["window"] != "monthly") == one.weekly]
        entry = copy.deepcopy(models.get(one.key) or (fitting or list(models.values()))[0])
        if (entry["window"] != "monthly") != one.weekly:
            entry["window"] = {"weekly": {"from": "sat"}} if one.weekly else "monthly"
        entry["title"], entry["issuer"], entry["topic"] = one.title, answers.office, one.topic
        entry["unit"] = "周报" if one.weekly else "月报"
        entry["last"]["number"] = one.last.number
        entry["last"]["window"] = dt.date.fromisoformat(one.last.window) if one.weekly else one.last.window
        entry.pop("place", None)
        if local := [key for key, rule in scope.places.items() if rule.name in one.title]:
            entry.insert(list(entry).index("last"), "place", local[0])
        tree[one.key] = entry
    text = io.StringIO()
    yaml.dump(tree, text)
    return text.getvalue()


def key_of(title: str, weekly: bool, taken: Sequence[str], known: Mapping[str, Series]) -> str:
    """What a bulletin goes by on the command line: the sample's key for its title, else one that is free."""
    for key, series in known.items():
        if series.title == title and key not in taken:
            return key
    name = "weekly" if weekly else "monthly"
    return next(one for one in (name, *(f"{name}-{n}" for n in range(2, 100))) if one not in taken)
