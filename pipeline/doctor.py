"""What is wrong with an installation and a workspace, in Chinese, for whoever keeps them running.

Each check is a function of its own that yields lines; one that breaks becomes a line itself, and one that needs what
another found broken is left out and named. Nothing is changed: no folder or database is made, no schema brought up to
date, nothing is fetched and nobody is told.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import locale
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree

from packaging.requirements import Requirement

from pipeline import config as configuration
from pipeline import libreoffice, wordings
from pipeline.config import Config, packaged
from pipeline.errors import ConfigError, DeskError, StoreError
from pipeline.fetch.browser import lacking
from pipeline.model import BEIJING, Event, Weight, chinese_number, mebibytes
from pipeline.notify import exposed, refused, targets
from pipeline.steps.health import LOOK_BACK, pulse, reason, trouble
from pipeline.steps.window import between, due_at, following, next_due, unannounced
from pipeline.store import Audit, Blobs, Issues, Notices, Signs, Visits, weights
from pipeline.store.backup import Backups
from pipeline.store.looking import Looking

_SPACE = 1024**3  # under 1 GiB a month of pages and a backup may no longer fit
_APART_SECONDS = 60.0  # a minute more or less moves no window; leases are kept by one clock anyway
_RESTORE = "恢复最近的备份（bulletin db restore 备份文件夹 --replace）"
_PATIENCE = 60.0  # seconds for a program that is asked for its version


class Condition(StrEnum):
    """How something is."""

    GOOD = "good"
    WARNING = "warning"
    FAULT = "fault"

    @property
    def chinese(self) -> str:
        """The word an operator reads."""
        return {"good": "正常", "warning": "提醒", "fault": "故障"}[self.value]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at: how it is, and what to do about it."""

    what: str
    condition: Condition
    detail: str
    fix: str = ""


class _Unknown(Exception):
    """Something a check needs cannot be had; another check says why."""


class _NotYet(Exception):
    """There is no database yet, and nothing wrong with that."""


@dataclass(frozen=True)
class _Patient:
    """What the checks look at."""

    workspace: Path
    now: dt.datetime
    opened: list[Looking] = field(default_factory=list)

    @cached_property
    def config(self) -> Config:
        if not (self.workspace / "config").is_dir():
            raise _Unknown
        try:
            return configuration.load(self.workspace)
        except ConfigError:
            raise _Unknown from None

    @cached_property
    def database(self) -> Looking:
        """The database, if it can be read and speaks of what this release does."""
        path, address = self.config.data / "desk.db", self.config.settings.database
        if not address and not path.exists() and not self.holds:
            raise _NotYet
        try:
            found = Looking(address or path)
            self.opened.append(found)
            described = found.described()
            sound = described["schema"] == described["wanted"] and not found.damage()
        except StoreError:
            raise _Unknown from None
        if found.empty and not self.holds:
            raise _NotYet
        if not sound:
            raise _Unknown
        return found

    @cached_property
    def blobs(self) -> Blobs:
        try:
            return Blobs(self.config.blobs)
        except StoreError:
            raise _Unknown from None

    @cached_property
    def holds(self) -> bool:
        """Whether there are blobs."""
        try:
            return not self.blobs.empty()
        except StoreError:
            raise _Unknown from None

    @property
    def templates(self) -> Path:
        own = self.workspace / "templates"
        return own if own.is_dir() else packaged("templates")


def examine(workspace: Path, now: dt.datetime) -> list[Diagnosis]:
    """Everything that can be said of an installation and a workspace; raises nothing."""
    patient, found, left = _Patient(workspace.absolute(), now), list[Diagnosis](), list[str]()
    for what, look in CHECKS.items():
        try:
            found += look(patient)
        except _NotYet:
            continue
        except _Unknown:
            left.append(what)
        except Exception as error:
            # a doctor that faints is of no use to anybody, whatever was met
            told = f"检查时出错（{type(error).__name__}：{error}）"
            found.append(Diagnosis(what, Condition.FAULT, told, "请把这一行告诉维护人员"))
    for database in patient.opened:
        database.close()
    if left:
        found.append(Diagnosis("未检查", Condition.WARNING, "、".join(left), "先排除上面的问题"))
    return found


def _good(what: str, detail: str) -> Diagnosis:
    return Diagnosis(what, Condition.GOOD, detail)


def _warning(what: str, detail: str, fix: str = "") -> Diagnosis:
    return Diagnosis(what, Condition.WARNING, detail, fix)


def _fault(what: str, detail: str, fix: str = "") -> Diagnosis:
    return Diagnosis(what, Condition.FAULT, detail, fix)


def _by(what: str, error: DeskError, fix: str = "") -> Diagnosis:
    """A fault that an error tells of, in Chinese; with `fix` for what is known better here."""
    return _fault(what, wordings.what(error.message), fix or wordings.fix(error.fix, error.message))


# ------------------------------------------------------------------------------------- the installation


def _python(_: _Patient) -> Iterator[Diagnosis]:
    # an older one cannot even read this file
    yield _good("Python", f"{'.'.join(str(part) for part in sys.version_info[:3])}，{sys.executable}")


def _libraries(_: _Patient) -> Iterator[Diagnosis]:
    """Every library is there in a release that was tried: later ones break Prefect without a word."""
    wrong = 0
    wanted = [Requirement(line) for line in importlib.metadata.requires("bulletin-desk") or ()]
    wanted = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    for one in wanted:
        try:
            version = importlib.metadata.version(one.name)
        except importlib.metadata.PackageNotFoundError:
            wrong += 1
            yield _fault("依赖库", f"没有安装 {one.name}", "重新运行 make install")
            continue
        if not one.specifier.contains(version, prereleases=True):
            wrong += 1
            yield _fault("依赖库", f"{one.name} {version} 不合用，要求 {one.specifier}", "重新运行 make install")
    if not wrong:
        traps = ("sqlalchemy", "fastapi", "apprise")
        told = "，".join(f"{name} {importlib.metadata.version(name)}" for name in traps)
        yield _good("依赖库", f"{len(wanted)} 个都合用，其中 {told}")


def _prefect(_: _Patient) -> Iterator[Diagnosis]:
    """Imported in a process and a home of its own: importing it takes seconds and writes into its home."""
    with tempfile.TemporaryDirectory(prefix="bulletin-doctor-") as home:
        # what it imports is what the flows import; it says its version on a line of its own
        code = "import fastapi, prefect, prefect.flows; print('prefect', prefect.__version__)"
        environment = {**os.environ, "PREFECT_HOME": home, "DO_NOT_TRACK": "1"}
        said = _said([sys.executable, "-c", code], environment)
    if version := re.search(r"^prefect (\S+)", said, re.MULTILINE):
        yield _good("Prefect", version[1])
    else:
        why = said.strip().splitlines()[-1] if said.strip() else "没有回答"
        yield _fault("Prefect", f"不能载入：{why}", "重新运行 make install；急用时加 --engine inline")


def _libreoffice(_: _Patient) -> Iterator[Diagnosis]:
    program = libreoffice.program()
    if not program:
        yield _warning("LibreOffice", "没有安装，目录页码按估算", "安装 libreoffice-writer（make system）")
        return
    with tempfile.TemporaryDirectory(prefix="bulletin-doctor-") as home:
        said = _said(
            [program, f"-env:UserInstallation={Path(home).as_uri()}", "--version"], {**os.environ, "HOME": home}
        )
    if version := re.search(r"LibreOffice ([\d.]+)", said):
        yield _good("LibreOffice", version[1])
    else:
        yield _warning("LibreOffice", f"{program} 没有说出版本，目录页码可能按估算", "重新安装 libreoffice-writer")


def _fonts(patient: _Patient) -> Iterator[Diagnosis]:
    """For each face of the template the one that is used in its place, as fontconfig chooses."""
    rules = patient.templates / "fonts.conf"
    program = shutil.which("fc-match")
    if program is None:
        yield _warning("字体", "没有 fontconfig，看不到有哪些字体", "安装 fontconfig 和 fonts-noto-cjk（make system）")
        return
    if not rules.is_file():
        yield _warning("字体", f"缺少 {rules}，中文字体由系统决定", f"从 {packaged('templates')} 复制过来")
        return
    wanted: dict[str, list[str]] = {}
    for match in ElementTree.parse(rules).iter("match"):  # noqa: S314 - a template of the office's own
        face, *instead = [one.text or "" for one in match.iter("string")]
        wanted[face] = instead
    used: dict[str, str] = {}
    for face in wanted:
        said = _said([program, "-f", "%{family}", face], {**os.environ, "FONTCONFIG_FILE": str(rules.resolve())})
        used[face] = said.partition(",")[0].strip()
    wrong = {face: other for face, other in used.items() if other not in (face, *wanted[face])}
    if right := [f"{face}用 {other}" for face, other in used.items() if face not in wrong]:
        yield _good("字体", "，".join(right))
    if wrong:
        told = "，".join(f"{face}只能用 {other or '（无）'} 代替" for face, other in wrong.items())
        yield _warning("字体", told, "安装 fonts-noto-cjk、texlive-lang-chinese（make system），否则页码可能差一页")


def _clock(patient: _Patient) -> Iterator[Diagnosis]:
    here, there = patient.now.astimezone(), patient.now.astimezone(BEIJING)
    told = f"北京时间 {there:%Y-%m-%d %H:%M}"
    if here.utcoffset() != there.utcoffset():
        told += f"，本机时区 {here.tzname()}（不影响：窗口一律按北京时间计算）"
    yield _good("时间", told)


def _terminal(_: _Patient) -> Iterator[Diagnosis]:
    encodings = {"终端": sys.stdout.encoding or "无", "系统": locale.getpreferredencoding(False)}
    told = "，".join(f"{name} {encoding}" for name, encoding in encodings.items())
    if all(encoding.lower().replace("-", "") in ("utf8", "utf8sig") for encoding in encodings.values()):
        yield _good("编码", told)
    else:
        yield _warning("编码", f"{told}，显示不了的中文会变成代码", "export LANG=C.UTF-8 或 PYTHONUTF8=1")


# --------------------------------------------------------------------------------------- the workspace


def _configuration(patient: _Patient) -> Iterator[Diagnosis]:
    if not (patient.workspace / "config").is_dir():
        yield _fault("配置", f"{patient.workspace} 不是工作区", "用 -C 指定工作区，或用 bulletin init 新建")
        return
    problems = configuration.problems(patient.workspace)
    for name, problem in problems.items():
        own = (patient.workspace / "config" / f"{name}.yaml").exists()
        if problem:
            yield _by("配置", problem)
        else:
            yield _good("配置", f"{name}.yaml" + ("" if own else "（用随附的）"))
    if not any(problems.values()):
        try:
            configuration.load(patient.workspace)
        except ConfigError as error:
            yield _by("配置", error)


def _environment(_: _Patient) -> Iterator[Diagnosis]:
    known = configuration.variables()
    if given := [name for name in known if os.environ.get(name)]:
        yield _good("环境变量", f"{'、'.join(given)} 盖过配置文件")
    for name in configuration.strays():
        yield _warning("环境变量", f"{name} 不起作用：没有这项设置，或它不是单个的值", "改正名称，或写进 settings.yaml")


def _folders(patient: _Patient) -> Iterator[Diagnosis]:
    for what, folder in (("数据", patient.config.data), ("成品", patient.config.out)):
        there = folder
        while not there.exists() and there != there.parent:
            there = there.parent
        if not there.is_dir():
            yield _fault(what, f"{there} 不是文件夹", "移走它，或在 settings.yaml 里换一处")
        elif not os.access(there, os.W_OK | os.X_OK):
            yield _fault(what, f"{there} 不能写入", "改权限，或在 settings.yaml 里换一处")
        else:
            free = shutil.disk_usage(there).free
            told = f"{folder} 可写" if there == folder else f"{folder} 尚不存在，第一次运行时建立"
            told += f"，剩余 {free / 1024**3:.1f} GiB"
            yield _warning(what, told, "腾出空间") if free < _SPACE else _good(what, told)


def _templates(patient: _Patient) -> Iterator[Diagnosis]:
    from pipeline.desk import absent_templates

    looks = {one.template or patient.config.settings.template for one in patient.config.series.values()}
    needed = (
        "lead.j2",
        "bulletin.md.j2",
        "bulletin.html.j2",
        "mail.html.j2",
        "mail.txt.j2",
        "archive.html.j2",
    )
    for error in absent_templates(patient.config):
        yield _by("模板", error)
    missing = [name for name in needed if not os.access(patient.templates / name, os.R_OK)]
    if missing:
        yield _fault(
            "模板", f"{patient.templates} 里读不到 {'、'.join(missing)}", f"从 {packaged('templates')} 复制过来"
        )
    elif not absent_templates(patient.config):
        own = patient.templates.is_relative_to(patient.workspace)
        yield _good("模板", "、".join(sorted(looks)) + ("" if own else "（用随附的）"))


def _database(patient: _Patient) -> Iterator[Diagnosis]:
    config, path = patient.config, patient.config.data / "desk.db"
    address = config.settings.database
    if not address and not path.exists():
        if patient.holds:
            blobs = patient.blobs.place
            yield _fault("数据库", f"{path} 不见了，而 {blobs} 里有内容", f"{_RESTORE}；不要新建，否则期号会重复")
        else:
            yield _good("数据库", f"{path} 尚不存在，第一次运行时建立")
        return
    try:
        found = Looking(address or path)
    except StoreError as error:
        yield _by("数据库", error, "" if address else f"{_RESTORE}，或在 settings.yaml 里换一处 data")
        return
    patient.opened.append(found)
    try:
        described = found.described()
        damage = found.damage()
    except StoreError as error:
        yield _by("数据库", error, _RESTORE)
        return
    why = "（3.51.3 之前的 WAL 可能损坏数据，故不用）" if described["journal"] == "TRUNCATE" else ""
    told = f"{described['kind']} {described['version']}，日志方式 {described['journal']}{why}，{described['place']}"
    if described["journal"].endswith("fsync=off"):
        yield _warning("数据库", told, "把服务器的 fsync 打开，否则断电会丢数据")
    else:
        yield _good("数据库", told)
    if found.empty:
        if patient.holds:
            yield _fault(
                "数据库",
                f"里面是空的，而 {patient.blobs.place} 里有内容",
                f"{_RESTORE}；如果刚改过 database，先改回去（换数据库见 README）；不要新建，否则期号会重复",
            )
        else:
            yield _good("数据库", "里面还是空的，第一次运行时建表")
        return
    schema, wanted = described["schema"], described["wanted"]
    if described["known"] == "no":
        yield _fault("数据库", f"结构版本 {schema}，是更新的版本写的", "安装那个版本或更新的")
    elif schema != wanted:
        yield _warning("数据库", f"结构版本 {schema or '（空）'}，下次运行时升级到 {wanted}", "先备份")
    else:
        yield _good("数据库", f"结构版本 {schema}")
    if damage:
        yield _fault("数据库", f"已损坏：{damage[0]}" + (f" 等 {len(damage)} 处" if damage[1:] else ""), _RESTORE)
    elif described["kind"] == "SQLite":
        yield _good("数据库", "快速检查未见损坏")


def _moments(patient: _Patient) -> Iterator[Diagnosis]:
    newest = patient.database.newest()
    if newest and (last := dt.datetime.fromisoformat(newest)) > patient.now + dt.timedelta(minutes=5):
        ahead = f"数据库里最新的一笔是北京时间 {last.astimezone(BEIJING):%Y-%m-%d %H:%M}，晚于现在"
        yield _fault("时钟", ahead, "校准系统时间：时钟倒退会算错窗口")
    else:
        yield _good("时钟", "不早于数据库里最新的一笔")


def _ticking(patient: _Patient) -> Iterator[Diagnosis]:
    """Leases count by the server's clock, windows by this machine's."""
    if not patient.config.settings.database:
        return
    with patient.database.read() as connection:
        there = dt.datetime.fromtimestamp(patient.database.seconds(connection), BEIJING)
    apart = abs(there - patient.now).total_seconds()
    if apart > _APART_SECONDS:
        told = f"数据库服务器为北京时间 {there:%Y-%m-%d %H:%M:%S}，与本机相差 {apart:.0f} 秒"
        yield _warning("时钟", told, "两边都与标准时间同步（如 chrony）：期刊的窗口按本机的时间计算")
    else:
        yield _good("时钟", "与数据库服务器的一致")


def _backup(patient: _Patient) -> Iterator[Diagnosis]:
    settings, config = patient.config.settings.backup, patient.config
    folder = config.at(settings.folder)
    there = Backups(folder)
    every = there.all()
    command = "运行 bulletin db backup"
    if every:
        last = every[0].manifest
        days = (patient.now - last.made) // dt.timedelta(days=1)
        told = f"最近的在 {every[0].path}，{last.made.astimezone(BEIJING):%Y-%m-%d %H:%M}，共 {len(every)} 份"
        if settings.remind_days and days >= settings.remind_days:
            yield _warning("备份", f"{told}：已有 {days} 天", command)
        else:
            yield _good("备份", told)
        if last.missing:
            yield _warning("备份", f"备份时有 {len(last.missing)} 个文件缺失或损坏", "运行 bulletin db verify")
    elif settings.remind_days:
        yield _warning("备份", f"{folder} 里还没有备份", command)
    if unread := there.unread():
        yield _warning("备份", f"{unread[0].name} 读不出来", "移走它，再备份一次")
    needed = _bytes_of_a_backup(patient, there)
    place = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        told = f"{folder} 剩余 {free / 1024**3:.1f} GiB，下一次备份约要 {needed / 1024**3:.1f} GiB"
        yield _warning("备份", told, "腾出空间，删去较早的备份（--keep），或在 settings.yaml 里把 backup.folder 换一处")


def _bytes_of_a_backup(patient: _Patient, there: Backups) -> int:
    """What the next one needs: the rows, at most as much as the database, and the blobs that no earlier one has."""
    blobs, total = Blobs(patient.config.blobs), patient.database.size()
    for name in patient.database.blobs():
        if not there.has(name):
            try:
                total += blobs.size(name)
            except StoreError:
                continue  # another check tells of it
    return total


def _blobs(patient: _Patient) -> Iterator[Diagnosis]:
    try:
        there = {one.name for one in Blobs(patient.config.blobs).all()}
    except StoreError as error:
        yield _by("文件库", error)
        return
    released = set(Issues(patient.database).published().values())
    for one in Issues(patient.database).released():
        released |= {one.imported.blob} if one.imported else set(one.basis.templates.values()) if one.basis else set()
    needed = released | patient.database.blobs()
    missing = sorted(needed - there)
    frozen = [name for name in missing if name in released]
    if frozen:
        yield _fault("文件库", f"{len(frozen)} 份已发布的成品、所用模板或导入的原件不见了：{frozen[0][:12]}…", _RESTORE)
    if len(missing) > len(frozen):
        yield _warning("文件库", f"{len(missing) - len(frozen)} 个采集的页面或配图不见了", f"重新采集；或{_RESTORE}")
    if not missing:
        yield _good("文件库", f"{len(needed)} 个文件都在")


def _growth(patient: _Patient) -> Iterator[Diagnosis]:
    """How much there is of what: what grows is seen here before the disk is full."""
    try:
        held = weights(patient.database, patient.blobs)
    except StoreError:
        raise _Unknown from None
    heaps: dict[str, list[Weight]] = {}
    for one in held:
        heaps.setdefault(one.what.partition("：")[0], []).append(one)
    told = []
    for place, parts in heaps.items():
        largest = sorted(parts, key=lambda one: -one.bytes)[:3]
        named = "、".join(f"{one.what.partition('：')[2]} {mebibytes(one.bytes)}" for one in largest if one.bytes)
        told.append(f"{place} {mebibytes(sum(one.bytes for one in parts))}" + (f"（{named}）" if named else ""))
    yield _good("占用", "，".join(told) + "；bulletin db prune --dry-run 列出各占多少、可清理多少")


def _sources(patient: _Patient) -> Iterator[Diagnosis]:
    sources = patient.config.sources
    enabled = [one for one in sources if one.enabled]
    if enabled:
        yield _good("信源", f"{len(sources)} 个，启用 {len(enabled)} 个")
    else:
        yield _fault(
            "信源", f"{len(sources)} 个，一个也没有启用", "试一遍，能用的会启用：bulletin sources check --all --write"
        )
    rendered = [one.name for one in enabled if getattr(one, "render", False) or getattr(one, "render_pages", False)]
    why = lacking()
    if rendered and why:
        yield _fault("信源", f"{'、'.join(rendered)}要用浏览器读取，{why[0]}", f"安装：{why[1]}")
    elif why:
        yield _good("浏览器", f"{why[0]}；没有信源要用（只有靠脚本显示的网页才要，安装：{why[1]}）")
    else:
        yield _good("浏览器", f"可用，{len(rendered)} 个信源要用")


def _silent(patient: _Patient) -> Iterator[Diagnosis]:
    visits = Visits(patient.database).every(patient.now - LOOK_BACK)
    states = [(one, pulse(visits.get(one.id, ()))) for one in patient.config.sources if one.enabled]
    for one, state in states:
        if state.trouble:
            because = f"：{reason(state.because)}" if state.because else ""
            yield _warning(
                "信源",
                f"{one.name} {trouble(state)}{because}",
                f"运行 bulletin sources check {one.id} 看它现在给出什么；不再用的改为 enabled: false",
            )
    if not any(state.trouble for _, state in states):
        yield _good("信源", "没有长期失败、空白或比平时安静的")


def _manners(patient: _Patient) -> Iterator[Diagnosis]:
    polite = patient.config.settings.politeness
    if not polite.robots:
        yield _warning("采集礼仪", "不遵守 robots.txt", "politeness.robots 改为 true，或确认已得到各网站同意")
    if "see settings.yaml" in polite.user_agent:
        yield _warning("采集礼仪", "user_agent 里没有联系方式", "在 settings.yaml 的 user_agent 里写上邮箱或网址")
    if polite.robots:
        yield _good("采集礼仪", f"遵守 robots.txt，同一网站间隔 {polite.seconds_per_host:g} 秒")


def _notify(patient: _Patient) -> Iterator[Diagnosis]:
    wrong = refused(patient.config)
    for error in wrong:
        yield _by("通知", error)
    for told in exposed(patient.config):
        yield _warning("通知", told, "改完后把旧密钥作废：配置文件会被复制、备份")
    everybody = targets(patient.config)
    if not everybody:
        yield _good("通知", "没有配置")
    elif len(everybody) > len(wrong):
        yield _good("通知", f"{len(everybody) - len(wrong)} 个地址可用（bulletin notify test 试发一条）")
    for event in Event:
        if everybody and not any(event in one.events for one in everybody):
            yield _warning("通知", f"“{event.chinese}”没有人收", "在 settings.yaml 的 notify 里加上")


def _told(patient: _Patient) -> Iterator[Diagnosis]:
    notices = Notices(patient.database)
    waiting = notices.waiting(dt.datetime.max.replace(tzinfo=dt.UTC)) if patient.config.settings.notify else []
    if waiting:
        yield _warning("通知", f"{len(waiting)} 条待发，最早的：{waiting[0].notice.title}", "运行 bulletin notify send")
    if lost := notices.lost():
        why = f"（{lost[-1].trouble}）" if lost[-1].trouble else ""
        yield _warning("通知", f"{len(lost)} 条没有送到，最近的：{lost[-1].notice.title}{why}", "检查 notify 的地址")
    if patient.config.settings.notify and not waiting and not lost:
        yield _good("通知", "没有待发的")


def _log(patient: _Patient) -> Iterator[Diagnosis]:
    from pipeline.desk import LOG

    if told := _of_late(patient, LOG):
        yield _warning("日志", told, "检查日志所在的磁盘和权限；工作没有停，一周后不再提示")
    else:
        yield _good("日志", "近七天没有写不成的")


def _cluster(patient: _Patient) -> Iterator[Diagnosis]:
    from pipeline.desk import CLUSTER

    if not patient.config.settings.executor:
        return
    if told := _of_late(patient, CLUSTER):
        yield _warning("计算集群", told, "检查 settings.yaml 的 executor、调度器和各工作机；草稿照常生成，一周后不提示")
    else:
        yield _good("计算集群", "近七天没有退回本机")


def _of_late(patient: _Patient, name: str) -> str:
    """What a sign of the store told in the last seven days, and when; empty when nothing."""
    last = Signs(patient.database).last(name)
    if last is None or patient.now - last.when > dt.timedelta(days=7):
        return ""
    return f"{last.told}（{last.when.astimezone(BEIJING):%Y-%m-%d %H:%M}）"


def _series(patient: _Patient) -> Iterator[Diagnosis]:
    issues, config = Issues(patient.database), patient.config
    for series in config.series.values():
        released = [*issues.released(series.id), *(one.release for one in issues.withdrawn(series.id))]
        number = max([series.last.number, *(one.issue.number for one in released)])
        window = max([series.last_window, *(one.issue.window for one in released)], key=lambda one: one.start)
        skipped = issues.skipped(series.id)
        after = following(series, window)
        while after.start in skipped:
            after = following(series, after)
        drafts = [str(one.draft.window) for one in issues.all(series.id) if one.state.open]
        told = f"最近第{chinese_number(number, series.zero)}期，下一期窗口 {after}"
        told += f"，草稿 {len(drafts)} 份（{'、'.join(drafts)}）" if drafts else "，没有草稿"
        told += f"，跳过 {len(skipped)} 期" if skipped else ""
        today = patient.now.astimezone(BEIJING).date()
        overdue = [one for one in between(series, window, series.window_of(today)) if one.start not in skipped]
        told += f"，已结束而未发布的窗口 {len(overdue)} 个" if overdue else ""
        yield Diagnosis(
            series.title, Condition.GOOD, told, f"运行 bulletin schedule list {series.id}" if overdue else ""
        )


def _workdays(patient: _Patient) -> Iterator[Diagnosis]:
    waiting = [series for series in patient.config.series.values() if series.workday]
    told = {note: None for one in waiting if (note := unannounced(one, next_due(one, patient.now)))}
    for note in told:
        yield _warning("工作日历", note, "国务院公布放假安排后，升级 holidays 库：pip install -U holidays")
    if waiting and not told:
        years = {due_at(one, next_due(one, patient.now)).year for one in waiting}
        yield _good("工作日历", f"{'、'.join(map(str, sorted(years)))}年的放假和调休安排已知")


def _publications(patient: _Patient) -> Iterator[Diagnosis]:
    published = Issues(patient.database).published()
    pending = [name for name in published if not (patient.config.out / name).is_file()]
    if pending:
        told = f"{len(pending)} 个成品还没有写出：{pending[0]}"
        yield _fault("成品", told, f"排除 {patient.config.out} 的问题；之后运行任一命令即补写，serve 几分钟内自动补写")
    elif published:
        yield _good("成品", f"{len(published)} 个都已写出")


def _audit(patient: _Patient) -> Iterator[Diagnosis]:
    audit = Audit(patient.database)
    if broken := audit.broken():
        told = f"第{broken.id}条起与前文对不上（{broken.who}，{broken.when.astimezone(BEIJING):%Y-%m-%d %H:%M}）"
        yield _fault("审计记录", told, "有人直接改过数据库：与最近的备份比对")
    else:
        yield _good("审计记录", f"{audit.last()} 条，前后相符")


CHECKS: Mapping[str, Callable[[_Patient], Iterator[Diagnosis]]] = {
    "Python": _python,
    "依赖库": _libraries,
    "Prefect": _prefect,
    "LibreOffice": _libreoffice,
    "字体": _fonts,
    "时间": _clock,
    "编码": _terminal,
    "配置": _configuration,
    "环境变量": _environment,
    "数据与成品文件夹": _folders,
    "模板": _templates,
    "数据库": _database,
    "时钟": _moments,
    "数据库的时钟": _ticking,
    "备份": _backup,
    "文件库": _blobs,
    "占用": _growth,
    "信源": _sources,
    "信源的近况": _silent,
    "采集礼仪": _manners,
    "通知": _notify,
    "待发的通知": _told,
    "日志": _log,
    "计算集群": _cluster,
    "各刊": _series,
    "工作日历": _workdays,
    "成品": _publications,
    "审计记录": _audit,
}
"""What is looked at, in the order it is told."""


def _said(command: list[str], environment: Mapping[str, str]) -> str:
    """What a program says, on either stream; nothing when it does not end in time."""
    try:
        ended = subprocess.run(  # noqa: S603 - programs found above, with arguments of our own
            command, env=environment, capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{type(error).__name__}"
    return (ended.stdout + ended.stderr).decode(errors="replace")
