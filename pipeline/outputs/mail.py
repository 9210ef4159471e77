"""The issue as an e-mail: plain text, HTML with inline CSS, and the document attached.

A file that a mail program opens as a message to be sent (`X-Unsent`): whoever sends it gives sender and recipients.
Pictures are left to the document; Gmail cuts a message off at 102 kB, so a longer issue has its contents only.
The templates `mail.html.j2` and `mail.txt.j2` belong to the office.

Headers are written by `Header`: of 123 titles `EmailMessage` lost a space in 12, where an encoded word follows a
plain one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime

from pipeline.model import BEIJING, Block, Issue, Kind, digest
from pipeline.outputs.context import Context, no_picture
from pipeline.outputs.markup import Plain, Style, body, printed, render_html, render_plain
from pipeline.outputs.pieces import Listing, Piece, Table, Text, pieces
from pipeline.outputs.review import DRAFT
from pipeline.outputs.text import clean, slug
from pipeline.outputs.word import Word

_MAX_HTML = 100_000  # bytes
_MAX_ATTACHED = 18 * 2**20  # bytes; base64 makes 25 MB of it, which most mail servers take
_HOST = "bulletin.invalid"  # a name that RFC 2606 keeps free: the office's own is not known here
_TEXT = "font-family:FangSong,STFangsong,SimSun,serif"
_KAI = "font-family:KaiTi,STKaiti,SimSun,serif"
_HEI = "font-family:SimHei,PingFang SC,Microsoft YaHei,sans-serif"
_CELL = "padding:4px 8px;border:1px solid #a6a6a6;font-size:15px;line-height:22px"
_LOOK: Mapping[str, str] = {
    "p": f"margin:0;text-indent:2em;{_TEXT}",
    "p.caption": f"margin:8px 0;text-align:center;color:#595959;font-size:15px;{_KAI}",
    "h5": f"margin:12px 0 4px;font-size:17px;font-weight:bold;{_KAI}",
    "h6": f"margin:8px 0 0;font-size:17px;font-weight:bold;{_TEXT}",
    "blockquote": f"margin:10px 0;padding:0 0 0 16px;border-left:3px solid #d9d9d9;{_KAI}",
    "ol": f"margin:0;padding:0 0 0 2em;list-style:none;{_TEXT}",
    "ul": f"margin:0;padding:0 0 0 3em;{_TEXT}",
    "ul.marked": f"margin:0;padding:0 0 0 2em;list-style:none;{_TEXT}",
    "div.wide": "margin:12px 0;overflow-x:auto",
    "table": "width:100%;border-collapse:collapse;border-top:2px solid #1a1a1a;border-bottom:2px solid #1a1a1a",
    "caption": f"padding:4px 0;color:#595959;font-size:15px;{_KAI}",
    "th": f"{_CELL};font-weight:normal;text-align:center;{_HEI}",
    "th.short": f"{_CELL};font-weight:normal;text-align:center;white-space:nowrap;{_HEI}",
    "td": f"{_CELL};{_TEXT}",
    "td.short": f"{_CELL};white-space:nowrap;{_TEXT}",
    "td.number": f"{_CELL};text-align:center;white-space:nowrap",
}


class Mail:
    """The output `eml`."""

    media_type = "message/rfc822"
    repeatable = True

    def render(self, issue: Issue, context: Context) -> bytes:
        """The issue as a message (RFC 5322); raises `TemplateError` when a template cannot be used."""
        document = context.document or Word().render(issue, context)
        attached = len(document) <= _MAX_ATTACHED
        message = MIMEMultipart("mixed")
        self._address(message, issue, context)
        message.attach(self._texts(issue, context, attached=attached))
        if attached:
            mark = f"-{DRAFT}{context.revision or ''}" if context.draft else ""
            file = MIMEApplication(document, Word.media_type.partition("/")[2])
            file.add_header("Content-Disposition", "attachment", filename=("utf-8", "", f"{issue.filename}{mark}.docx"))
            message.attach(file)
        # the library's boundaries are random; in base64, which all parts are in, no `_` stands
        for number, part in enumerate(one for one in message.walk() if one.is_multipart()):
            part.set_boundary(f"=_bulletin_{number}_{digest(issue.series, str(issue.number))[:16]}")
        return message.as_bytes(policy=compat32.clone(linesep="\r\n"))

    def _address(self, message: MIMEMultipart, issue: Issue, context: Context) -> None:
        mark = f"【{DRAFT}】" if context.draft else ""
        subject = f"{mark}{clean(issue.title)}（第{issue.number_chinese}期）{'（更正）' * (issue.correction > 0)}"
        message["Subject"] = Header(subject, "utf-8", header_name="Subject").encode()
        sender = Header(clean(issue.issuer), "utf-8", header_name="From")
        sender.append(f"<bulletin@{_HOST}>", "us-ascii")
        message["From"] = sender.encode()
        message["Date"] = format_datetime(dt.datetime.combine(issue.date, dt.time(), BEIJING))
        revision = f".{context.revision}" if context.revision else ""
        revision += f".correction{issue.correction}" if issue.correction else ""
        message["Message-ID"] = f"<{slug(issue.series)}.{issue.number}{revision}@{_HOST}>"
        message["Content-Language"] = "zh-Hans"
        message["X-Unsent"] = "1"

    def _texts(self, issue: Issue, context: Context, *, attached: bool) -> MIMEMultipart:
        shown = self._html(issue, context, attached=attached, whole=True)
        whole = len(shown.encode()) <= _MAX_HTML
        if not whole:
            shown = self._html(issue, context, attached=attached, whole=False)
        text = self._text(issue, context, attached=attached, whole=whole)
        both = MIMEMultipart("alternative")
        for part, subtype in ((text, "plain"), (shown, "html")):
            both.attach(MIMEText(part.replace("\n", "\r\n"), subtype, "utf-8"))
        return both

    def _html(self, issue: Issue, context: Context, *, attached: bool, whole: bool) -> str:
        style = Style(_LOOK)
        items = printed(issue, (body(item.blocks, style) for item in issue.items))
        return render_html(
            context.templates, "mail.html.j2",
            issue=issue, items=items, draft=context.draft, attached=attached, whole=whole,
        )  # fmt: skip

    def _text(self, issue: Issue, context: Context, *, attached: bool, whole: bool) -> str:
        items = printed(issue, (plain(item.blocks) for item in issue.items))
        return render_plain(
            context.templates, "mail.txt.j2",
            issue=issue, items=items, draft=context.draft, attached=attached, whole=whole,
        )  # fmt: skip


def plain(blocks: Sequence[Block]) -> Plain:
    """An article's body as plain text, a paragraph a line."""
    return Plain("\n".join(line for piece in pieces(blocks, no_picture) for line in _lines(piece)))


def _lines(piece: Piece) -> Iterator[str]:
    match piece:
        case Listing():
            yield from _listed(piece, "　　")
        case Table(grid, caption):
            yield from ("", *filter(None, [caption]), *(" | ".join(row).rstrip() for row in grid.filled()), "")
        case Text(Kind.HEADING, text):
            yield from ("", text)
        case Text(Kind.CAPTION, text):
            yield f"（图：{text}）"
        case Text(_, text):
            yield f"　　{text}"


def _listed(listing: Listing, indent: str) -> Iterator[str]:
    for entry in listing.entries:
        yield f"{indent}{'' if listing.marked else '· '}{entry.text}"
        for inside in entry.inside:
            yield from _listed(inside, f"{indent}　　")
