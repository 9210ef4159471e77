"""The names a template works by: styles, placeholders and markers, and what each is for, in an editor's words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class StyleUse:
    """A style that the bulletin is set with."""

    name: str
    what: str
    """What is set in it."""
    stand_in: str = ""
    """The style taken when a template has none of this name."""
    required: bool = False
    """Whether no bulletin can be set without it."""
    kind: str = "paragraph"


STYLES = (
    StyleUse("文章正文", "文章的正文段落", required=True),
    StyleUse("文章图片", "文章的图片；行距不能是固定值，否则图片被截断", required=True),
    StyleUse("表格文字", "表格中的文字", required=True),
    StyleUse("文章表格", "表格的框线", "Table Grid", required=True, kind="table"),
    StyleUse("报头名称", "刊名"),
    StyleUse("报头期号", "期号"),
    StyleUse("报头编发行", "编发单位和日期"),
    StyleUse("导语标签", "“本期导语：”"),
    StyleUse("导语", "导语"),
    StyleUse("heading 1", "“一、信息目录”等一级标题"),
    StyleUse("一级标题另页", "另起一页的一级标题", "heading 1"),
    StyleUse("toc 1", "目录中的标题和页码"),
    StyleUse("toc 2", "目录中的来源"),
    StyleUse("heading 2", "每一条的标题，也是导航窗格里的条目"),
    StyleUse("二级标题首条", "第一条的标题，段前不空", "heading 2"),
    StyleUse("条目信息", "来源、主要内容"),
    StyleUse("条目标签", "“来源：”等字样", kind="character"),
    StyleUse("条目链接", "链接"),
    StyleUse("文章标题", "文章的标题"),
    StyleUse("文章来源行", "文章标题下的日期和来源"),
    StyleUse("heading 3", "文章中的小标题", "文章正文"),
    StyleUse("heading 4", "文章中的下一级小标题", "heading 3"),
    StyleUse("文章正文左齐", "带长网址的正文段落，不两端对齐", "文章正文"),
    StyleUse("文章列举", "文章中的列举项", "文章正文"),
    StyleUse("文章列举二级", "列举项之下的列举项", "文章列举"),
    StyleUse("文章列举三级", "再下一级的列举项", "文章列举二级"),
    StyleUse("文章引文", "文章中的引文", "文章正文"),
    StyleUse("无说明图片", "没有说明文字的图片", "文章图片"),
    StyleUse("caption", "图片的说明文字", "文章正文"),
    StyleUse("表格标题", "表格上方的标题", "caption"),
    StyleUse("表格表头", "表格的表头", "表格文字"),
    StyleUse("表格数字", "表格中的数字", "表格文字"),
    StyleUse("表格文字小号", "宽表格中的文字", "表格文字"),
    StyleUse("表格表头小号", "宽表格的表头", "表格表头"),
    StyleUse("表格数字小号", "宽表格中的数字", "表格数字"),
    StyleUse("表格文字同页", "与下一行同页的表格文字", "表格文字"),
    StyleUse("表格数字同页", "与下一行同页的表格数字", "表格数字"),
    StyleUse("表格文字小号同页", "与下一行同页的宽表格文字", "表格文字小号"),
    StyleUse("表格数字小号同页", "与下一行同页的宽表格数字", "表格数字小号"),
    StyleUse("表格间隔", "表格与正文之间的空隙", "文章正文"),
    StyleUse("版记", "末页的版记"),
    StyleUse("header", "送审稿的页眉", "Normal"),
    StyleUse("footer", "页码"),
    StyleUse("页脚双页", "双数页的页码", "footer"),
    StyleUse("annotation text", "送审稿的批注"),
    StyleUse("Hyperlink", "链接的颜色", kind="character"),
    StyleUse("目录链接", "目录中的链接，不显示为链接的颜色", kind="character"),
)
STAND_INS = {use.name: use.stand_in for use in STYLES if use.stand_in}
PURPOSES = {use.name: use.what for use in STYLES}

BUILT_IN = {
    "正文": "normal",
    "页眉": "header",
    "页脚": "footer",
    "题注": "caption",
    "超链接": "hyperlink",
    "网格型": "table grid",
    **{f"标题 {level}": f"heading {level}" for level in range(1, 5)},
    **{f"目录 {level}": f"toc {level}" for level in range(1, 3)},
}
"""What WPS and translated files call Word's own styles → the name that Word writes."""

CONTENTS, ITEMS, COLOPHON = "目录", "条目", "版记"
LOOPS = {CONTENTS: "每一条在目录中的样子", ITEMS: "每一条在正文中的样子"}
"""What stands between `{% 目录 %}` and `{% 目录结束 %}`, and so on."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A name that may stand in double braces."""

    name: str
    what: str
    loops: tuple[str, ...] = ()
    """The loops it has a value in; empty: it has one everywhere, in headers and footers too."""
    required: bool = False


PLACEHOLDERS = (
    Placeholder("刊名", "刊名，字号按长度自动缩小到一行", required=True),
    Placeholder("期号", "期号，如 五三五", required=True),
    Placeholder("总期号", "期号的阿拉伯数字，如 535；可代替“期号”"),
    Placeholder("编发单位", "编发单位"),
    Placeholder("日期", "本期日期，如 2024年6月30日"),
    Placeholder("起始日期", "本期窗口的第一天"),
    Placeholder("篇数", "本期的条数"),
    Placeholder("导语", "导语", required=True),
    Placeholder(COLOPHON, "版记各行，见 series.yaml 的 footer"),
    Placeholder("序号", "第几条", (CONTENTS, ITEMS)),
    Placeholder("标题", "标题", (CONTENTS, ITEMS), required=True),
    Placeholder("来源", "来源", (CONTENTS, ITEMS)),
    Placeholder("页码", "这一条从第几页开始", (CONTENTS,)),
    Placeholder("链接", "原文链接", (ITEMS,)),
    Placeholder("文章标题", "文章标题，按两行均衡断开，节选时加注（节选）", (ITEMS,)),
    Placeholder("发布日期", "原文日期，如 2024-06-04", (ITEMS,)),
    Placeholder("正文", "文章全文；须独占一段", (ITEMS,), required=True),
)


def meant(name: str, known: Iterable[str], question: str = "您是不是要写{}？") -> str:
    """What somebody who wrote `name` may have meant, as a question; empty when nothing is near."""
    near = get_close_matches(name, known, n=2, cutoff=0.5)
    return question.format("或".join(f"“{one}”" for one in near)) if near else ""
