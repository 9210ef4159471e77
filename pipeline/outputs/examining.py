"""What an office's template can and cannot do, said before a bulletin is due: styles, placeholders, page, fonts.

Beside looking, it prints a specimen with everything an issue may hold, as a draft and as released, so that a template
that passes has been used once.
"""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docx.shared import Mm
from lxml import etree

from pipeline.errors import TemplateError
from pipeline.model import Block, Finding, Issue, Item, Kind, Severity, Window
from pipeline.outputs.styles import w
from pipeline.outputs.template import Fixed, Loop, Sample, Template
from pipeline.outputs.vocabulary import CONTENTS, ITEMS, LOOPS, PLACEHOLDERS, STYLES, meant
from pipeline.outputs.word import render_docx

_A4 = (210, 297)
_MIN_LINE = 100  # mm; below it a line holds under 18 characters
_LEFTOVER = re.compile(r"[{｛]{2}|[}｝]{2}|[{｛][%％]|[%％][}｝]")
_FONTS = frozenset(
    (
        *("宋体", "仿宋", "楷体", "黑体", "新宋体", "微软雅黑", "等线", "等线 Light", "隶书", "幼圆"),
        *("仿宋_GB2312", "楷体_GB2312", "华文中宋", "华文仿宋", "华文楷体", "华文宋体", "华文细黑", "华文黑体"),
        *("方正小标宋简体", "方正小标宋_GBK", "方正仿宋_GBK", "方正楷体_GBK", "方正黑体_GBK", "方正书宋_GBK"),
        *("SimSun", "FangSong", "KaiTi", "SimHei", "NSimSun", "Microsoft YaHei", "DengXian", "STZhongsong"),
        *("STFangsong", "STKaiti", "STSong", "STXihei", "FangSong_GB2312", "KaiTi_GB2312", "FZXiaoBiaoSong-B05S"),
        *("Times New Roman", "Arial", "Calibri", "Cambria", "Calibri Light", "Courier New", "Georgia", "Verdana"),
        *("Tahoma", "Symbol", "Wingdings", "Cambria Math"),
    )
)
"""What Windows, Office, WPS and the offices that write 公文 have."""


@dataclass(frozen=True, slots=True)
class Known:
    """A style, marker or placeholder that a template may have."""

    name: str
    what: str
    required: bool
    there: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """What a template has, and what is wrong with it."""

    styles: tuple[Known, ...] = ()
    placeholders: tuple[Known, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether bulletins may be printed with it."""
        return not any(one.severity is Severity.BLOCKING for one in self.findings)


def examine(data: bytes, name: str) -> Examined:
    """Looks at an uploaded template and tries it; a file that is no template at all is a finding too."""
    with tempfile.TemporaryDirectory(prefix="bulletin-template-") as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(data)
        return _examined(path)


def _examined(path: Path) -> Examined:
    try:
        template = Template(path)
    except TemplateError as error:
        return Examined(findings=(_blocking(error.message, error.fix),))
    styles, placeholders = tuple(_styles(template)), tuple(_placeholders(template))
    findings = [
        *_missing(styles, "样式"),
        *_missing(placeholders, "占位符或标记"),
        *_misplaced(template),
        *_undefined_styles(template),
        *_look(template),
    ]
    if not any(one.severity is Severity.BLOCKING for one in findings):
        findings += _tried(path)
    return Examined(styles, placeholders, tuple(findings))


def refusal(reason: str) -> Examined:
    """What is said of a file that is not even opened."""
    return Examined(findings=(_blocking(f"{reason}。"),))


def _blocking(message: str, fix: str = "") -> Finding:
    return Finding("template", Severity.BLOCKING, message, fix)


def _warning(message: str, fix: str = "") -> Finding:
    return Finding("template", Severity.WARNING, message, fix)


def _missing(found: tuple[Known, ...], kind: str) -> Iterator[Finding]:
    for one in found:
        if one.required and not one.there:
            yield _blocking(f"缺少{kind}“{one.name}”（用于{one.what}）。", one.note)


# --------------------------------------------------------------------------------------------- styles


def _styles(template: Template) -> Iterator[Known]:
    ours = {use.name.lower() for use in STYLES}
    theirs = [name for name in template.styles.names() if name.lower() not in ours]
    for use in STYLES:
        there = bool(template.styles.find(use.name, use.kind))
        note = ""
        if not there:
            note = meant(use.name, theirs, "模板里有{}，是不是把名称写错了？")
            if use.stand_in and not use.required:
                note += f"将用“{use.stand_in}”代替。"
        yield Known(use.name, use.what, use.required, there, note)


def _undefined_styles(template: Template) -> Iterator[Finding]:
    for sample, _ in _samples(template):
        if sample.style and sample.style not in template.styles:
            yield _warning(f"{sample.place}: 用了模板里没有的样式“{sample.style}”。", "请给这一段选一个样式。")


# --------------------------------------------------------------------------------------- placeholders


def _samples(template: Template) -> Iterator[tuple[Sample, str]]:
    """Every paragraph with placeholders, and the loop it is in."""
    for node in template.nodes:
        if isinstance(node, Loop):
            for one in node.inside:
                yield from ((sample, node.name) for sample in _within(one))
        else:
            yield from ((sample, "") for sample in _within(node))
    for around in template.around:
        yield from ((sample, "") for sample in _within(around))


def _within(node: Sample | Fixed) -> Iterator[Sample]:
    if isinstance(node, Sample):
        yield node
        for piece in node.pieces:
            if piece.fixed is not None:
                yield from _within(piece.fixed)
    else:
        for _, sample in node.holes:
            yield from _within(sample)


def _placeholders(template: Template) -> Iterator[Known]:
    loops = {node.name for node in template.nodes if isinstance(node, Loop)}
    for loop, what in LOOPS.items():
        note = "" if loop in loops else f"成对加上 {{% {loop} %}} … {{% {loop}结束 %}}，各占一段。"
        yield Known(f"{{% {loop} %}}", what, True, loop in loops, note)
    used: dict[str, set[str]] = {}
    for sample, loop in _samples(template):
        for name in sample.names:
            used.setdefault(name, set()).add(loop)
    names = {one.name for one in PLACEHOLDERS}
    strange = [name for name in used if name not in names]
    for one in PLACEHOLDERS:
        there = one.name in used
        if one.name == "期号":
            there = there or "总期号" in used
        elif one.name == "标题":
            there = CONTENTS in used.get(one.name, ()) and bool({"标题", "文章标题"} & _of_loop(used, ITEMS))
        note = "" if there else meant(one.name, strange, "模板里有{}，是不是写错了？")
        yield Known(one.name, one.what, one.required, there, note)


def _of_loop(used: dict[str, set[str]], loop: str) -> set[str]:
    return {name for name, loops in used.items() if loop in loops}


def _misplaced(template: Template) -> Iterator[Finding]:
    known = {one.name: one for one in PLACEHOLDERS}
    whole = {id(node) for loop in template.nodes if isinstance(loop, Loop) for node in loop.inside}
    for sample, loop in _samples(template):
        for name in sorted(sample.names):
            if name not in known:
                yield _blocking(f"{sample.place}: 没有占位符“{name}”。", meant(name, known))
            elif known[name].loops and loop not in known[name].loops:
                where = "或".join(f"{{% {one} %}}" for one in known[name].loops)
                yield _blocking(f"{sample.place}: “{name}”只能写在 {where} 与相应的结束标记之间。")
        if "正文" in sample.names and (sample.fields != {"正文"} or id(sample) not in whole):
            yield _blocking(f"{sample.place}: “正文”须独占一段，不能放在表格或文本框里。", "否则文章全文印不出来。")
        text = "".join(piece.text for piece in sample.pieces)
        if found := _LEFTOVER.search(text):
            yield _blocking(f"{sample.place}: 有不成对的“{found[0]}”，占位符没有写全。", "例如：{{ 期号 }}。")
    for place, text in _printed_as_it_stands(template):
        if found := _LEFTOVER.search(text):
            yield _blocking(f"{place}: 有不成对的“{found[0]}”，占位符没有写全。", "例如：{{ 期号 }}。")


def _printed_as_it_stands(template: Template) -> Iterator[tuple[str, str]]:
    for node in template.nodes:
        for one in node.inside if isinstance(node, Loop) else (node,):
            if isinstance(one, Fixed) and not one.holes:
                text = "".join(map(str, one.element.itertext(w("t"))))
                yield f"{template.path.name}（“{text[:12]}{'…' if len(text) > 12 else ''}”）", text


# ----------------------------------------------------------------------------------------------- look


def _look(template: Template) -> Iterator[Finding]:
    if template.tracked:
        yield _warning("模板里有未处理的修订，印刷时按“全部接受”处理。", "请在“审阅”里接受或拒绝全部修订后再存。")
    for section in template.document.sections:
        if not section.page_width or not section.page_height:
            yield _warning("没有写明纸张大小。", "请在“布局—纸张大小”里选 A4。")
            continue
        size = (section.page_width / Mm(1), section.page_height / Mm(1))
        if any(abs(one - other) > 1 for one, other in zip(size, _A4, strict=True)):
            yield _warning(
                f"纸张是 {size[0]:.0f}×{size[1]:.0f} 毫米，不是纵向 A4（210×297）。", "请核对“布局—纸张大小”。"
            )
        line = size[0] - ((section.left_margin or 0) + (section.right_margin or 0)) / Mm(1)
        if line < _MIN_LINE:
            yield _warning(f"版心只有 {line:.0f} 毫米宽，标题和表格会排得很挤。", "请核对“布局—页边距”。")
    if (figure := template.styles.find("文章图片")) and template.styles.measure(figure).line:
        yield _warning("样式“文章图片”的行距是固定值，图片会被截断。", "请把它的行距改为“单倍行距”。")
    yield from _fonts(template)


def _fonts(template: Template) -> Iterator[Finding]:
    strange: dict[str, str] = {}
    lacking: dict[str, str] = {}
    ours = {template.styles.find(use.name, use.kind) for use in STYLES} | {template.styles.normal}
    ours |= {sample.style for sample, _ in _samples(template)}
    for style in template.document.styles.element.iter(w("style")):
        name = style.find(w("name"))
        for font in _named_fonts(style) if style.get(w("styleId")) in ours else ():
            if font not in _FONTS:
                strange.setdefault(font, name.get(w("val"), "") if name is not None else "")
            elif font.endswith("_GB2312"):
                lacking.setdefault(font, "")
    for font, style in strange.items():
        yield _warning(
            f"样式“{style}”的字体“{font}”不是常见字体，在没有它的电脑上会换成别的字体。", "请确认收件单位装有它。"
        )
    for font in lacking:
        yield _warning(f"字体“{font}”缺少“镕、喆、珺”等字。", f"请改用“{font.removesuffix('_GB2312')}”。")


def _named_fonts(style: etree._Element) -> Iterator[str]:
    for fonts in style.iter(w("rFonts")):
        for script in ("eastAsia", "ascii"):
            if (font := fonts.get(w(script))) and fonts.get(w(f"{script}Theme")) is None:
                yield font.partition(";")[0]  # LibreOffice lists what may stand in


# ---------------------------------------------------------------------------------------------- trial


def _tried(path: Path) -> Iterator[Finding]:
    issue = _specimen()
    warned = (Finding("template", Severity.WARNING, "试排用的提醒。", handle="specimen", position=1),)
    try:
        render_docx(issue, template=path)
        render_docx(issue, template=path, draft=True, findings=warned)
    except TemplateError as error:
        yield _blocking(error.message, error.fix)


def _specimen() -> Issue:
    """An issue with one item that holds everything an article may."""
    rows = (("指标", "数量"), ("接入机构（家）", "128"))
    wide = (tuple("一二三四五六七八九十甲乙"), ("1,024.5",) * 12)
    blocks = (
        Block(Kind.PARAGRAPH, "试排段落，用来查看“模板”能否排印……"),
        Block(Kind.HEADING, "小标题", level=1),
        Block(Kind.HEADING, "下一级小标题", level=2),
        *(Block(Kind.ITEM, "列举项", level=level, mark="1.") for level in (0, 1, 2)),
        Block(Kind.QUOTE, "引文"),
        Block(Kind.CAPTION, "表格的标题"),
        Block(Kind.TABLE, rows=rows, header=1),
        Block(Kind.TABLE, rows=wide, header=1),
        Block(Kind.FIGURE, "没有取到的图片", src="https://www.example.com/a.jpg"),
        Block(Kind.CAPTION, "图片的说明"),
    )
    day = dt.date(2024, 6, 30)
    item = Item("specimen", "试排标题", "试排来源", "https://www.example.com/a.html", day, blocks)
    return Issue(
        series="specimen",
        title="试排刊名",
        issuer="试排单位",
        number=999,
        window=Window(day.replace(day=1), day),
        lead="试排导语，共收集一篇。",
        items=(item,),
        footer=("内部资料\t试排",),
    )
