"""The command that sets up a workspace."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.speech import out, say
from pipeline.errors import UsageError
from pipeline.errors import reason as why

if TYPE_CHECKING:
    from pipeline.config import Series
    from pipeline.config.starting import Answers, Begun, Preset


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The workspace to make.")] = Path(),
    office: Annotated[str, typer.Option("--office", help="Who issues the bulletins.")] = "",
    preset: Annotated[
        str, typer.Option("--preset", help="Field and sources: beijing, national, both, none or ecology.")
    ] = "",
    series: Annotated[
        list[str] | None,
        typer.Option("--series", help="A bulletin's title, KEY=TITLE to name its key. May be given several times."),
    ] = None,
    last: Annotated[
        list[str] | None,
        typer.Option("--last", help="Its last issue: 534@2024-05, for weeks 635@2025-08-01. One for each --series."),
    ] = None,
    topic: Annotated[str, typer.Option("--topic", help="What the lead sentence calls the topic.")] = "",
    contact: Annotated[
        str, typer.Option("--contact", help="A mail or web address of yours, for the sites that are asked.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: defaults for what is not said.")] = False,
) -> None:
    """Write a workspace with a commented configuration (新建工作区).

    In a terminal it asks the few questions that matter, with defaults in brackets; never writes over one.
    """
    from pipeline.config.starting import presets

    for taken in (folder / "config", folder / "templates"):
        if taken.exists():
            raise UsageError(f"{taken} 已经存在，没有改动任何东西。", "请另选一个文件夹，或先移走它。")
    offered = presets()
    if preset and preset not in offered:
        known = "；".join(f"{key}（{one.name}）" for key, one in offered.items())
        raise UsageError(f"没有预设“{preset}”。", f"可选：{known}。")
    ask = _answered if sys.stdin.isatty() and sys.stderr.isatty() and not yes else _default
    chosen = offered[preset or _preset(ask, offered)]
    answers = _answers(chosen, ask, office, series or (), last or (), topic, contact)
    _write(folder, answers)
    for name in ("config", "templates"):
        out(f"{folder / name}: " + ", ".join(sorted(path.name for path in (folder / name).iterdir())))
    for one in answers.series:
        since = (
            f"第{one.last.number}期（{one.last.window}）之后" if one.last.number else f"{one.last.window} 之后的第1期"
        )
        say(f"{one.title}（{one.key}）：从{since}接着编；不对就改 config/series.yaml 的 last。")
    say(
        f"接下来：\n"
        f"  cd {folder}\n"
        f"  bulletin doctor                        看还缺什么\n"
        f"  bulletin sources check --all --write   逐个试信源，能用的启用\n"
        f"  bulletin serve                         打开审稿网页，按时生成草稿"
    )


Ask = Callable[[str, str, Callable[[str], object]], str]
"""Question, default, what refuses an answer by `UsageError` → the answer."""


def _answered(question: str, default: str, check: Callable[[str], object]) -> str:
    def checked(text: str) -> str:
        try:
            check(text)
        except UsageError as error:
            raise typer.BadParameter(str(error)) from None
        return text.strip()

    return str(typer.prompt(question, default=default, show_default=bool(default), value_proc=checked, err=True))


def _default(question: str, default: str, check: Callable[[str], object]) -> str:
    return default


def _preset(ask: Ask, offered: Mapping[str, Preset]) -> str:
    def check(text: str) -> None:
        if text.strip() not in offered:
            raise UsageError(f"请写 {'、'.join(offered)} 中的一个。")

    lines = "".join(f"  {key:<10}{one.name}\n" for key, one in offered.items())
    return ask(f"领域和信源\n{lines}选哪个", "both", check)


def _answers(
    preset: Preset,
    ask: Ask,
    office: str,
    series: Sequence[str],
    last: Sequence[str],
    topic: str,
    contact: str,
) -> Answers:
    """What was said by options, what is asked, and the defaults, checked; raises `UsageError`."""
    from pipeline.config.starting import Answers, samples

    known = samples(preset)
    if len(last) > len(series or known):
        raise UsageError("--last 比期刊多。", "每种期刊写一个，次序与 --series 相同。")
    office = office or ask("单位名称", next(iter(known.values())).issuer, _something)
    begun: dict[str, Begun] = {}
    for number, title in enumerate(series or [one.title for one in known.values()]):
        said = title if series else ask("刊名（含“月报”或“周报”）", title, _weekly)
        one = _begun(known, ask, said, list(begun), "".join(last[number : number + 1]), topic)
        if one.key in begun:
            raise UsageError(f"两种期刊都叫“{one.key}”。", "请给各自的代号：--series 代号=刊名。")
        begun[one.key] = one
    contact = contact or ask("联系方式（邮箱或网址，写进对网站的请求里；可不填）", "", lambda _: None)
    return Answers(preset, office, tuple(begun.values()), contact)


def _begun(known: Mapping[str, Series], ask: Ask, said: str, taken: Sequence[str], last: str, topic: str) -> Begun:
    """One bulletin by its title, `KEY=TITLE` for its key; what is not said of it is asked."""
    from pipeline.config.starting import Begun, key_of, last_of

    key, _, title = said.rpartition("=")
    weekly = _weekly(title)
    if key and not re.fullmatch(r"[a-z0-9][a-z0-9-]*", key):
        raise UsageError(f"代号“{key}”不合适。", "代号只用小写字母、数字和连字符，如 beijing-monthly。")
    key = key or key_of(title, weekly, taken, known)
    alike = [one for one in known.values() if (one.first_day is not None) is weekly]
    topic = topic or ask("导语里的主题", (alike or list(known.values()))[0].topic, _something)
    latest = f"{known[key].last.number}@{known[key].last.window}" if key in known else _none_yet(weekly)
    question = "在别处出到哪一期（期号@时段；从未出过，期号写 0）"
    last = last or ask(question, latest, lambda text: last_of(text, weekly=weekly))
    return Begun(key, title, weekly, topic, last_of(last, weekly=weekly))


def _none_yet(weekly: bool) -> str:
    """No issue yet: the window before the last closed one, so that the next draft is the first issue."""
    from pipeline.config.starting import probe
    from pipeline.desk import now
    from pipeline.steps.window import last_closed, preceding

    before = preceding(probe(weekly), last_closed(probe(weekly), now()))
    return f"0@{before.end}" if weekly else f"0@{before.start:%Y-%m}"


def _weekly(title: str) -> bool:
    """Whether a title is that of a weekly; raises `UsageError` where it does not say."""
    if "周" in title or "月" in title:
        return "周" in title
    raise UsageError(f"看不出“{title}”是月刊还是周刊。", "刊名里请写“月报”或“周报”；出刊后仍可在 series.yaml 里改。")


def _something(text: str) -> None:
    if not text.strip():
        raise UsageError("不能为空。")


def _write(folder: Path, answers: Answers) -> None:
    """Writes config/ and templates/ beside their place, then moves them there: a half workspace is never one."""
    from pipeline.config import packaged
    from pipeline.config.starting import written

    texts = written(answers)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".init-", dir=folder) as made:
            config = Path(made) / "config"
            config.mkdir()
            for name, text in texts.items():
                (config / f"{name}.yaml").write_text(text, "utf-8")
            shutil.copytree(packaged("templates"), Path(made) / "templates", ignore=shutil.ignore_patterns("web"))
            for part in _moved(made):
                part.rename(folder / part.name)
    except OSError as error:
        raise UsageError(f"{folder}：{why(error)}。", "请另选一个文件夹。") from None


def _moved(made: str) -> Iterator[Path]:
    """Templates first: the folder with a config/ is the workspace."""
    yield Path(made) / "templates"
    yield Path(made) / "config"
