"""Verifying: that what was released is still what was released, proven from this workspace alone.

Nothing is written, made anew or repaired: the desk is not opened, whose opening puts published copies right.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from pathlib import Path, PurePosixPath

from pipeline import config as configuration
from pipeline.config import Config
from pipeline.desk.incoming import incoming
from pipeline.desk.rebuilding import laid_out, rendered
from pipeline.errors import BlobLost, SourceError, StoreError, TemplateError, UsageError, reason
from pipeline.executor import Children
from pipeline.model import BEIJING, Basis, Release, chinese_number
from pipeline.outputs import FORMATS, picture_files
from pipeline.outputs.evidence import Document, differences, read_document
from pipeline.outputs.program import program
from pipeline.store import Audit, Blobs, Database, Issues, Kept, soundness
from pipeline.store.looking import Looking
from pipeline.store.soundness import Sound

_MOST_NAMED = 5


class Proof(StrEnum):
    """What looking at one thing came to."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    """Nothing is wrong, but not everything that is promised could be shown."""
    COPY = "copy"
    """A published copy is not the released file; the next command makes it anew."""
    OTHER = "other"
    """A file that somebody holds is not the released one."""
    DAMAGED = "damaged"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _PROOFS[self]


_PROOFS = {
    Proof.PROVEN: "相符",
    Proof.UNPROVEN: "未能证明",
    Proof.COPY: "成品有变",
    Proof.OTHER: "不是发布件",
    Proof.DAMAGED: "损坏",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that was looked at, in Chinese."""

    proof: Proof
    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """What can be said of an issue, of a series' numbers, or of a file."""

    what: str
    """In Chinese: 北京市卫生信息化舆情监测月报 第五三五期."""
    statements: tuple[Statement, ...]
    series: str = ""
    number: int = 0
    file: str = ""

    @property
    def proof(self) -> Proof:
        """The worst of it."""
        return max((one.proof for one in self.statements), key=list(Proof).index, default=Proof.PROVEN)


def verify(workspace: Path, series: str = "", number: int = 0, files: Sequence[Path] = ()) -> list[Verified]:
    """What can be proven of a workspace's issues, or of a series or an issue of it; or of `files` that somebody holds.

    Raises `StoreError` when there is no database that can be read, `UsageError` for an issue that is not there.
    """
    config = configuration.load(workspace)
    blobs = Blobs(config.blobs)
    where = config.settings.database or config.data / "desk.db"
    if isinstance(where, Path) and not where.exists() and blobs.empty():
        return []  # a workspace that has not begun
    database = Looking(where)
    try:
        if database.empty and blobs.empty():
            return []
        schema = database.described()
        if schema["schema"] != schema["wanted"]:
            there, wanted = schema["schema"] or "none", schema["wanted"]
            raise StoreError(
                f"{database.place} is at schema {there}, this release speaks of {wanted}.",
                "Run any other command first: it brings the database up to date.",
            )
        with Children(1, preload=("pipeline.outputs.evidence",)) as children:
            verifier = _Verifier(config, Issues(database), blobs, children)
            if files:
                return [verifier.held(path, series, number) for path in files]
            found = verifier.all(series, number)
            return found if series or not found else [*found, _logged(Audit(database))]
    finally:
        database.close()


def verify_kept(
    config: Config, database: Database, blobs: Blobs, *, published: bool, place: str = ""
) -> list[Verified]:
    """What can be proven of everything that is kept, what was released included.

    `published` says whether the copies in the `out` folder belong to it; `place` what people know the database by.
    """
    try:
        found = [_whole(database, place or database.place)]
        for what, count, look in (
            ("文章", "篇", soundness.articles),
            ("备选材料", "条", soundness.candidates),
            ("草稿", "个修订", soundness.revisions),
            ("学到的模型", "个", soundness.models),
            ("文件库", "个文件", lambda one: soundness.files(one, blobs)),
        ):
            found.append(_sound(what, count, database, look))
        with Children(1, preload=("pipeline.outputs.evidence",)) as children:
            found += _Verifier(config, Issues(database), blobs, children, published).all("", 0)
        return [*found, _logged(Audit(database))]
    except (StoreError, ValueError) as error:  # a value that is none: what a changed row left
        told = error.message if isinstance(error, StoreError) else f"{type(error).__name__}"
        return [*found, Verified("数据库", (_damaged(f"其余读不出来（{told.rstrip('.')}）"),))]


def _whole(database: Database, place: str) -> Verified:
    """Whether the database can be read at all, every page of it."""
    try:
        damage = database.damage(thorough=True)
    except StoreError as error:
        damage = [error.message]
    if damage:
        return Verified("数据库", tuple(_damaged(one) for one in damage))
    return Verified("数据库", (_proven(f"{place} 完整"),))


def _sound(what: str, count: str, database: Database, look: Callable[[Database], Sound]) -> Verified:
    try:
        sound = look(database)
    except (StoreError, ValueError, KeyError, AttributeError) as error:
        told = error.message if isinstance(error, StoreError) else type(error).__name__
        return Verified(what, (_damaged(f"读不出来（{told.rstrip('.')}）"),))
    damaged = tuple(_damaged(f"{one} 不见了，或与写入时的 SHA-256 不符") for one in sound.damaged[:_MOST_NAMED])
    if more := len(sound.damaged) - len(damaged):
        damaged += (_damaged(f"还有 {more} 处"),)
    return Verified(what, damaged or (_proven(f"{sound.count} {count}，SHA-256 相符"),))


def _logged(audit: Audit) -> Verified:
    """Whether the audit log is as it was written."""
    if broken := audit.broken():
        told = (
            f"第{broken.id}条起与前文对不上（{broken.who}，{broken.when.astimezone(BEIJING):%Y-%m-%d %H:%M}）：被改动过"
        )
        return Verified("审计记录", (_damaged(told),))
    return Verified("审计记录", (_proven(f"{audit.last()} 条环环相扣，没有被改动、删去或插入的"),))


@dataclass(frozen=True)
class _Verifier:
    config: Config
    issues: Issues
    blobs: Blobs
    children: Children
    published: bool = True
    """Whether the copies in the `out` folder are of these issues."""

    @cached_property
    def kept(self) -> list[Kept]:
        return self.issues.kept()

    @cached_property
    def known(self) -> dict[str, tuple[Kept, str]]:
        """Every frozen file, by its SHA-256."""
        return {blob: (one, name) for one in self.kept for name, blob in one.files.items()}

    # ------------------------------------------------------------------------------------ issues

    def all(self, series: str, number: int) -> list[Verified]:
        """Every issue asked for, and the numbers of each series."""
        if series and series not in self.config.series and not any(one.series == series for one in self.kept):
            known = "、".join(f"{one.id}（{one.title}）" for one in self.config.series.values())
            raise UsageError(f"没有刊物“{series}”。", f"已配置：{known}。")
        wanted = [one for one in self.kept if series in ("", one.series) and number in (0, one.number)]
        if number and not wanted:
            raise UsageError(
                f"{self._title(series)}没有已发布或导入的第{number}期。", "请用 bulletin issue list 查看。"
            )
        found = [Verified(self._name(one), tuple(self._issue(one)), one.series, one.number) for one in wanted]
        if not number:
            for each in dict.fromkeys(one.series for one in wanted):
                mine = [one for one in wanted if one.series == each and one.current]
                found.append(Verified(f"{self._title(each)} 期号", tuple(self._numbering(each, mine)), each))
        return found

    def _title(self, series: str) -> str:
        return self.config.series[series].title if series in self.config.series else series

    def _name(self, one: Kept) -> str:
        title = one.release.issue.title if one.release else self._title(one.series)
        told = "" if one.current else f"（修订{one.revision}，已被取代）"
        return f"{title} 第{chinese_number(one.number)}期{told}{'（已撤回）' * (one.withdrawn and one.current)}"

    def _issue(self, one: Kept) -> Iterator[Statement]:
        if one.trouble:
            yield _damaged(one.trouble)
        elif one.release:
            yield from self._row(one, one.release)
        yield from self._frozen(one)
        release = one.release
        if release and release.imported:
            yield from self._original(release)
        elif release and not one.trouble:
            yield from self._pictures(release)
            yield from self._rebuilt(release)
        if self.published and (one.files or one.current):  # what was corrected stays published beside its correction
            yield from self._copies(one.files)

    def _row(self, one: Kept, release: Release) -> Iterator[Statement]:
        issue = release.issue
        said = (issue.series, issue.number, issue.window, release.revision or one.revision, dict(release.files))
        if said != (one.series, one.number, one.window, one.revision, dict(one.files)):
            yield _damaged(
                f"数据库的登记与发布的内容不一致：登记为第{one.number}期（{one.window}），内容为第{issue.number}期"
            )
        else:
            yield _proven("保存的数据与发布时的摘要相符")

    def _frozen(self, one: Kept) -> Iterator[Statement]:
        whole = 0
        for name, blob in one.files.items():
            try:
                data = self.blobs.get(blob)
            except BlobLost as error:
                gone = "不见了" if "damaged" not in error.message else "已损坏，与它的 SHA-256 不符"
                yield _damaged(f"冻结的文件 {name} {gone}（{blob[:12]}…）")
                continue
            whole += 1
            if name.endswith(".docx"):
                yield from self._said(one, name, data)
        if one.files:
            yield _proven(f"冻结的文件 {whole} 个，SHA-256 相符")

    def _said(self, one: Kept, name: str, data: bytes) -> Iterator[Statement]:
        document = read_document(data, trusted=True)
        if document is None or not document.true:
            yield _damaged(f"{name} 的内容与它自带的摘要不符")
        elif (document.series, document.number) != (one.series, one.number):
            yield _damaged(f"{name} 自称是 {document.series} 第{document.number}期：文件被调换")

    def _original(self, release: Release) -> Iterator[Statement]:
        assert release.imported is not None
        try:
            self.blobs.get(release.imported.blob)
            yield _proven(f"导入的原件 {release.imported.file} 相符")
        except BlobLost:
            yield _damaged(f"导入的原件 {release.imported.file} 不见了或已损坏")

    def _pictures(self, release: Release) -> Iterator[Statement]:
        """Every picture that the issue prints, beside the Markdown that shows it."""
        frozen = {name: blob for name, blob in release.files.items() if "/" in name}
        try:
            printed = picture_files(release.issue, self.blobs.get)
        except BlobLost as error:
            yield _damaged(f"本期的配图缺失或损坏（{error.message}）")
            return
        if not any(name.endswith(".md") for name in release.files):
            return  # only beside the Markdown are they files of their own
        if sorted(printed.values()) != sorted(frozen.values()):
            yield _damaged(f"本期印 {len(printed)} 张配图，冻结的有 {len(frozen)} 张，两者不符")
        elif printed:
            yield _proven(f"配图 {len(printed)} 张在位")

    # -------------------------------------------------------------------------------- making again

    def _rebuilt(self, release: Release) -> Iterator[Statement]:
        basis = release.basis
        if basis is None:
            yield Statement(
                Proof.UNPROVEN,
                "发布时还没有保存模板：冻结的文件以 SHA-256 为证，不能重新生成来对照",
            )
            return
        frozen = {PurePosixPath(name).suffix[1:]: blob for name, blob in release.files.items() if "/" not in name}
        again = [suffix for suffix in frozen if suffix in FORMATS and FORMATS[suffix].repeatable]
        try:
            with laid_out(basis, self.blobs) as template:
                made = rendered(release.issue, template, release.pages, self.blobs.get, again)
        except BlobLost as error:
            yield _damaged(f"重新生成所需的模板或配图缺失或损坏（{error.message}）")
            return
        except TemplateError as error:
            if _changed(basis):
                yield Statement(Proof.UNPROVEN, f"现在的程序不能用当时的模板重新生成（{error.message}）")
            else:
                yield _damaged(f"当时的模板不能再用（{error.message}）")
            return
        same: list[str] = []
        other: list[str] = []
        for suffix in again:
            (same if hashlib.sha256(made[suffix]).hexdigest() == frozen[suffix] else other).append(suffix)
        if same:
            yield _proven(f"用保存的数据和模板重新生成 {'、'.join(same)}，逐字节相同")
        for suffix in other:
            yield self._otherwise(suffix, made[suffix], frozen[suffix], basis)

    def _otherwise(self, suffix: str, made: bytes, blob: str, basis: Basis) -> Statement:
        """A file that came out otherwise: by a program that changed, or because something is wrong."""
        told = f"重新生成的 {suffix} 与冻结的不同"
        if suffix == "docx" and (again := read_document(made, trusted=True)):
            try:
                first = read_document(self.blobs.get(blob), trusted=True)
            except BlobLost:
                first = None  # which was told
            if first and first.parts == again.parts:
                told += "：各部件逐字节相同，只是压缩结果不同"
            elif first and (found := differences(first, again)):
                told += f"：{found[0]}"
        if changed := _changed(basis):
            return Statement(Proof.UNPROVEN, f"{told}。发布后程序已更新（{changed}），冻结的文件以 SHA-256 为证")
        return _damaged(f"{told}，而程序没有变过：保存的数据、模板或文件被改动")

    # --------------------------------------------------------------------------- copies and numbers

    def _copies(self, files: Mapping[str, str]) -> Iterator[Statement]:
        fix = "运行任一其他命令即按冻结的文件补写，被改的一份另存为“…-改动…”。"
        same = 0
        for name, blob in files.items():
            target = self.config.out / name
            try:
                mode = target.lstat().st_mode
                if not stat.S_ISREG(mode):
                    yield Statement(Proof.COPY, f"{target} 不是普通文件", fix)
                elif (found := _sha256(target)) == blob:
                    same += 1
                elif found in self.known:
                    whose, there = self.known[found]
                    yield Statement(Proof.COPY, f"{target} 的内容是{self._name(whose)}的 {there}：被调换", fix)
                else:
                    yield Statement(Proof.COPY, f"{target} 被改动过", fix)
            except FileNotFoundError:
                yield Statement(Proof.COPY, f"{target} 被删除或移走", fix)
            except OSError as error:
                yield Statement(Proof.COPY, f"{target} 读不出来（{reason(error)}）", fix)
        if same:
            yield _proven(f"{self.config.out} 里的成品 {same} 个，与冻结的相同")

    def _numbering(self, series: str, mine: Sequence[Kept]) -> Iterator[Statement]:
        ordered = sorted(mine, key=lambda one: one.number)
        here = [one for one in ordered if one.files]  # released here, not taken in
        configured = self.config.series.get(series)
        wrong = False
        if here and here[0] is ordered[0] and configured and configured.last.number + 1 < here[0].number:
            wrong = True
            last = configured.last.number
            yield _damaged(
                f"第{last}期之后应为第{last + 1}期，却是第{here[0].number}期：缺 {here[0].number - last - 1} 期"
            )
        for before, after in pairwise(ordered):
            if after.number == before.number:
                wrong = True
                yield _damaged(f"第{after.number}期有两份")
            elif after.window.start <= before.window.start:
                wrong = True
                yield _damaged(f"第{before.number}期与第{after.number}期的窗口次序颠倒")
            if after.number > before.number + 1:
                missing = f"第{before.number}期之后是第{after.number}期：缺 {after.number - before.number - 1} 期"
                if after.files:
                    wrong = True
                    yield _damaged(missing)
                else:
                    yield Statement(Proof.UNPROVEN, f"{missing}，是没有导入的往期")
        if ordered and not wrong:
            span = f"第{ordered[0].number}期" + (f"至第{ordered[-1].number}期" if ordered[1:] else "")
            yield _proven(f"{span}，期号连续，没有缺号或重号" if here else f"{span}，均为导入")

    # ------------------------------------------------------------------------- what somebody holds

    def held(self, path: Path, series: str, number: int) -> Verified:
        """What a file is that somebody holds; with a series and number it is held against that issue."""
        statements = tuple(self._held(path, series, number))
        return Verified(path.name, statements, series, number, str(path))

    def _held(self, path: Path, series: str, number: int) -> Iterator[Statement]:
        try:
            data = incoming(path)
        except OSError as error:
            raise UsageError(f"{path}：文件打不开（{reason(error)}）。") from None
        blob = hashlib.sha256(data).hexdigest()
        if blob in self.known:
            whose, name = self.known[blob]
            if series in ("", whose.series) and number in (0, whose.number):
                yield _proven(f"正是{self._name(whose)}发布的 {name}，逐字节相同")
            else:
                yield _other(f"是{self._name(whose)}的 {name}，不是要核对的这一期")
            return
        try:
            document = self.children.apart(read_document, data)
        except SourceError as error:
            yield _other(f"没有发布过这个文件（SHA-256 {blob[:12]}…）；{error.message}，无从比对")
            return
        if document is None:
            yield _other(f"没有发布过这个文件（SHA-256 {blob[:12]}…）；内容只能与 DOCX 比对，而它不是完好的 DOCX")
            return
        if not document.digest:
            yield _other("逐字节与发布件不同，也没有自带的摘要：可能经 Word、WPS 等另存过")
        elif document.true:
            yield _other("逐字节与发布件不同；内容与自带的摘要相符")
        else:
            yield _other("逐字节与发布件不同；内容与自带的摘要不符：生成之后被改动过")
        if document.revision:
            yield _other(f"是修订{document.revision}的送审稿，不是发布件")
        series, number = series or document.series, number or document.number
        if not (series and number):
            yield _other("文件没有写明是哪一期", "请写明要与哪一期比对：bulletin verify 刊物 期号 --file …")
            return
        if (document.series, document.number) not in (("", 0), (series, number)):
            yield _other(f"文件自称是 {document.series} 第{document.number}期")
        yield from self._against(series, number, document)

    def _against(self, series: str, number: int, document: Document) -> Iterator[Statement]:
        name = f"{self._title(series)} 第{chinese_number(number)}期"
        for one in self.kept:
            blob = next((blob for file, blob in one.files.items() if file.endswith(".docx")), "")
            if (one.series, one.number, one.current) != (series, number, True) or not blob:
                continue
            try:
                original = read_document(self.blobs.get(blob), trusted=True)
            except BlobLost:
                original = None
            if original is None:
                yield _damaged(f"{name}冻结的 DOCX 不见了或已损坏，无从比对")
            else:
                yield from self._compared(name, original, document)
            return
        yield _other(f"没有发布过{name}")

    def _compared(self, name: str, original: Document, document: Document) -> Iterator[Statement]:
        try:
            found = self.children.apart(differences, original, document)
        except SourceError as error:
            yield _other(f"与{name}的发布件内容不同，没有比对完（{error.message}）")
            return
        for difference in found or ["内容完全相同，只是重新压缩过"]:
            yield _other(f"与{name}的发布件相比：{difference}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _changed(basis: Basis) -> str:
    """What of the program changed since a release, in Chinese; empty for nothing."""
    now = program()
    changed = [
        f"{name} {basis.program.get(name, '无')} → {now.get(name, '无')}"
        for name in sorted({*basis.program, *now})
        if basis.program.get(name) != now.get(name)
    ]
    return "，".join(changed[:_MOST_NAMED])


def _proven(text: str) -> Statement:
    return Statement(Proof.PROVEN, text)


def _damaged(text: str) -> Statement:
    return Statement(Proof.DAMAGED, text, "请从最近的备份恢复。")


def _other(text: str, fix: str = "") -> Statement:
    return Statement(Proof.OTHER, text, fix)
