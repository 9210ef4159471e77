"""What one person is told at one time, and how it looks as plain text and as HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.model import Event, Notice, Tone

_FIRST = (Event.RUN_FAILED, Event.RELEASED, Event.DRAFT_READY, Event.WINDOW_MISSED, Event.SOURCE_SILENT)
"""Which notice of several a message is named for."""
COLOURS = {Tone.GOOD: "#2e7d32", Tone.WARNING: "#b26a00", Tone.FAILURE: "#c62828"}


@dataclass(frozen=True, slots=True)
class Part:
    """One notice in a message."""

    title: str
    text: str
    words: str = ""
    """What is done where it leads: 看稿."""
    link: str = ""
    """Where it leads; empty where the review page has no address."""
    command: str = ""
    """What one types instead."""

    @property
    def way(self) -> str:
        """The last line of its text: where to look, or what to type."""
        where = self.link or self.command
        return f"{self.words}：{where}" if self.words and where else ""


@dataclass(frozen=True, slots=True)
class Message:
    """What one person is told at one time: one thing, or all that happened since the last time."""

    title: str
    tone: Tone
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """All of it as plain text; the title stands over it."""
        blocks = []
        for part in self.parts:
            head = [f"【{part.title}】"] if self.parts[1:] else []
            blocks.append("\n".join([*head, part.text, *([part.way] if part.way else [])]))
        return "\n\n".join(blocks)

    @property
    def html(self) -> str:
        """All of it as a page of an e-mail: nothing is fetched for it, and its links can be read."""
        colour = COLOURS[self.tone]
        rows = []
        for part in self.parts:
            head = f'<h2 style="margin:0 0 6px;font-size:17px">{html.escape(part.title)}</h2>' if self.parts[1:] else ""
            lines = "<br>\n".join(map(html.escape, part.text.splitlines()))
            rows.append(
                f'<div style="padding:14px 0;border-top:1px solid #d9d9d9">{head}'
                f'<p style="margin:0;line-height:1.7">{lines}</p>{_way(part)}</div>'
            )
        return (
            '<!DOCTYPE html><html lang="zh-Hans"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
            '<body style="margin:0;padding:16px;background:#ffffff;color:#1a1a1a;font-size:15px;word-break:break-word;'
            "font-family:'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif\">"
            f'<div style="max-width:640px;margin:0 auto"><h1 style="margin:0 0 14px;padding-left:10px;font-size:20px;'
            f'line-height:1.4;border-left:4px solid {colour}">{html.escape(self.title)}</h1>{"".join(rows)}'
            '<p style="margin:0;padding:12px 0;border-top:1px solid #d9d9d9;color:#595959;font-size:13px">'
            "本邮件由舆情期刊编辑台自动发出。</p></div></body></html>"
        )


def _way(part: Part) -> str:
    if not part.way:
        return ""
    words = html.escape(part.words)
    if part.link:
        link = html.escape(part.link)
        return f'<p style="margin:10px 0 0">{words}：<a href="{link}" style="color:#1f3864">{link}</a></p>'
    return (
        f'<p style="margin:10px 0 0">{words}：<span style="padding:2px 6px;background:#f2f2f2;'
        f'font:14px monospace">{html.escape(part.command)}</span></p>'
    )


def folded(notices: Sequence[Notice], url: str) -> Message:
    """One message of one or several notices, named for the gravest; `url` is where the review page is, if anywhere."""
    first = min(notices, key=lambda one: _FIRST.index(one.event))
    more = f"，另有 {len(notices) - 1} 条消息" if notices[1:] else ""
    return Message(first.title + more, first.tone, tuple(_part(one, url.rstrip("/")) for one in notices))


def _part(notice: Notice, url: str) -> Part:
    if notice.pointer is None:
        return Part(notice.title, notice.text)
    link = url + notice.pointer.page if url else ""
    return Part(notice.title, notice.text, notice.pointer.words, link, notice.pointer.command)
