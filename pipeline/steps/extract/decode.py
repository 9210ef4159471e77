"""Bytes to text: what a page's bytes say, whatever its labels claim.

Method: a byte-order mark decides; then strict UTF-8, which other encodings almost never satisfy by
accident; then every candidate (the page's own label, the transport's, gb18030, UTF-8, Big5) is decoded
with replacement and the most Chinese-looking result wins. Labels are only candidates: pages that say
gb2312 hold GBK or UTF-8, and the reverse.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

from pipeline.model import Fate, Rejection

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "PDF 文件"),
    (b"PK\x03\x04", "压缩包或 Office 文件"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧版 Office 文件"),
    (b"Rar!\x1a\x07", "压缩包"),
    (b"7z\xbc\xaf\x27\x1c", "压缩包"),
    (b"\x1f\x8b", "压缩数据"),
    (b"\x89PNG\r\n\x1a\n", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF87a", "图片"),
    (b"GIF89a", "图片"),
    (b"RIFF", "图片或音视频"),
    (b"II*\x00", "图片"),
    (b"MM\x00*", "图片"),
    (b"ID3", "音频"),
    (b"OggS", "音视频"),
    (b"\x1aE\xdf\xa3", "视频"),
    (b"\x7fELF", "程序文件"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PAIRED = re.compile(rb"[\xa1-\xfe]{9,}")
_MARK = "\ufffd".encode("gb18030")
_LABEL = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.I)
_WIDER = {  # what is really used under a narrower name
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
}
_TEXTUAL_CODES = (  # labels that name a code for bytes of text; Python's registry also holds rot13, zip, utf-7
    "utf-8 gb18030 big5hkscs big5 cp950 euc_jp shift_jis cp932 euc_kr cp949 cp1252 cp1251 koi8-r cp1250 cp1254 "
    "iso8859-2 iso8859-5 iso8859-9 iso8859-15"
)
_TEXTUAL = frozenset(_TEXTUAL_CODES.split())
_COMMON = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多"
    "定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因"
    "由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又利比或但质气第向道命此变条只没结解问"
    "这為個國時來們對會發動學經過說產種後進著電裡現實體當點從業應開還這與關線內數題長見東車書馬門"
    "，。、：；！？“”（）《》·—…　"
)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f]")
_CONTROLS = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
_C1 = re.compile(b"\xc2[\x80-\x9f]")
_NO_CHARACTER = re.compile(b"\xef[\xb7\xbf]")
_TAG_LEAD = b"\xf3"
_MAX_REPLACED = 0.01  # of the characters outside tags
_FEW = 5  # bad bytes that never condemn a page, however short it is
_TWICE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]{1,3}")
_TWICE_LEAD = b"\xc3"  # how UTF-8 begins each of them, and nothing else
_TWICE_MIN = 20  # such pairs; a Latin text with an odd “Ã©” has a few
_CP1252_HIGH = {
    bytes([code]).decode("cp1252"): code for code in range(0x80, 0xA0) if code not in b"\x81\x8d\x8f\x90\x9d"
}
_FOREIGN = re.compile("[^\x00-\x7f]+")
_LOST = tuple(word.encode() for word in ("锟斤拷", "烫烫烫", "屯屯屯"))


@dataclass(frozen=True, slots=True)
class Text:
    """A page's bytes as text."""

    text: str
    encoding: str
    replaced: int = 0
    """How many places could not be decoded."""


def decode(body: bytes, charset: str = "") -> Text | Rejection:
    """The text of `body`, or why there is none; `charset` is what the transport claimed."""
    if kind := _binary(body):
        return Rejection(Fate.UNREADABLE, f"内容是{kind}，不是网页")
    if not body.strip(b"\x00\t\n\r\x0c \xef\xbb\xbf"):
        return Rejection(Fate.UNREADABLE, "空白页面：没有任何内容")
    text, encoding = _read(body, charset)
    data = text.encode()  # every character is looked at, which bytes make three times as fast
    if data.count(_TWICE_LEAD) >= _TWICE_MIN:
        text = _undo_double_encoding(text)
        data = text.encode()
    if _may_be_unprintable(data):
        text = _UNPRINTABLE.sub(lambda match: " " if match.group() == "\x85" else "", text)
        data = text.encode()
    replaced = text.count("\ufffd")
    if replaced > _FEW and replaced > _shown(text) * _MAX_REPLACED:
        return Rejection(Fate.UNREADABLE, f"乱码：{replaced} 处字节无法按任何中文编码解读")
    lost = 3 * sum(map(data.count, _LOST))
    if lost > 3 * _FEW and lost > _shown(text) * _MAX_REPLACED:
        return Rejection(Fate.UNREADABLE, f"乱码：含“锟斤拷”一类已无法复原的文字约 {lost} 字")
    return Text(text, encoding, replaced)


def _shown(text: str) -> int:
    """How many characters stand outside tags."""
    return len(re.sub(r"<[^<>]*>|\s+", "", text))


def _may_be_unprintable(data: bytes) -> bool:
    """Whether `_UNPRINTABLE` may find something in a text's UTF-8."""
    return (
        len(data.translate(None, _CONTROLS)) != len(data)
        or _C1.search(data) is not None
        or _NO_CHARACTER.search(data) is not None
        or _TAG_LEAD in data
    )


def _binary(body: bytes) -> str:
    head = body[:1024].lstrip()
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if b"%PDF-" in head and b"<" not in head[: head.find(b"%PDF-")]:
        return "PDF 文件"
    return "视频" if head[4:8] == b"ftyp" else ""


def _read(body: bytes, charset: str) -> tuple[str, str]:
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name
    if name := _wide(body):
        return body.decode(name, "replace"), name
    whole = body.rstrip(b"\x00 \r\n")
    try:
        return whole.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if error.start >= len(whole) - 3:  # a page that was cut inside its last character
            return whole[: error.start].decode("utf-8"), "utf-8"
    labels = [match.decode("ascii") for match in _LABEL.findall(body[:4096])[:3]]
    names = dict.fromkeys(filter(None, map(_known, [*labels, charset, "gb18030", "utf-8", "big5"])))
    best = max(names, key=lambda name: _plausibility(body.decode(name, "replace")))
    return _line_by_line(body, best, tuple(names)), best


def _wide(body: bytes) -> str:
    """UTF-16 without a mark: every other byte of the markup is zero."""
    head = body[:64]  # markup: Chinese text has few zeros
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.1 * half:
        return "utf-16-be"
    return ""


def _known(label: str) -> str:
    label = label.strip().lower()
    try:
        name = codecs.lookup(_WIDER.get(label, label)).name
    except LookupError:
        return ""
    return name if name in _TEXTUAL else ""


def _plausibility(text: str) -> float:
    """How much like Chinese the non-ASCII part reads, less ten times its share of replacements."""
    foreign = "".join(_FOREIGN.findall(text))
    if not foreign:
        return 0.0
    usual = sum(map(_COMMON.__contains__, foreign))
    return (usual - 10 * foreign.count("\ufffd")) / len(foreign)


def _line_by_line(body: bytes, main: str, others: tuple[str, ...]) -> str:
    """The text in `main`, except for lines that are valid only, or plainly better, in another encoding."""
    lines = body.split(b"\n")
    decoded: list[str] = []
    for line in lines:
        text = line.decode(main, "replace")
        if not line.isascii():
            if main == "gb18030":
                text = max(text, _PAIRED.sub(_realigned, line).decode(main, "replace"), key=_plausibility)
            if main != "utf-8" and (utf8 := _strict(line, "utf-8")) and _plausibility(utf8) > _plausibility(text):
                text = utf8
            elif "\ufffd" in text:
                candidates = [_strict(line, name) for name in others if name not in (main, "cp1252")]
                text = max([text, *filter(None, candidates)], key=_plausibility)
        decoded.append(text)
    return "\n".join(decoded)


def _realigned(match: re.Match[bytes]) -> bytes:
    """A run of GB 2312 that lost a byte, with a mark in its place: the half after it is read one byte on."""
    run = match.group()
    if len(run) % 2 == 0:
        return run
    usual = [run[i : i + 2].decode("gb18030", "replace") in _COMMON for i in range(len(run) - 1)]
    now = best = sum(usual[1::2])
    place = 0
    for i in range(0, len(run) - 1, 2):
        now += usual[i] - (usual[i + 1] if i + 1 < len(usual) else 0)
        if now > best:
            best, place = now, i + 2
    return run[:place] + _MARK + run[place + 1 :]


def _strict(line: bytes, name: str) -> str:
    try:
        return line.decode(name)
    except UnicodeDecodeError:
        return ""


def _undo_double_encoding(text: str) -> str:
    """UTF-8 that was read as Latin and saved again (`ä¸­`) turned back, run by run."""
    if len(_TWICE.findall(text)) < _TWICE_MIN:
        return text

    def back(match: re.Match[str]) -> str:
        run = match.group()
        try:
            return bytes(_CP1252_HIGH[c] if c in _CP1252_HIGH else ord(c) for c in run).decode("utf-8")
        except (ValueError, UnicodeDecodeError):
            return run

    repaired = _TWICE.sub(back, text)
    return repaired if sum(unicodedata.category(c) == "Lo" for c in repaired) >= _TWICE_MIN else text
