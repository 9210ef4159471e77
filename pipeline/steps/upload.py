"""Whether an uploaded DOCX (a template, an edited draft, an old issue) may be opened at all.

Asked of the bytes before python-docx or LibreOffice see them: both unpack without limits, and what python-docx does not
know it hands on unread into the next file. Every part is unpacked once, under the caps, and its XML is read by expat,
which tells a DTD at its first character, before an entity can grow.

A file is refused for what is in it, not for what is done with it; a caller that only reads the text of a file says in
`allowing` which of the hazards do not concern it. Caps, broken packages and DTDs are refused in any case.
"""

from __future__ import annotations

import io
import posixpath
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator
from enum import StrEnum
from urllib.parse import unquote, urlsplit
from xml.parsers import expat

MAX_ENTRIES = 2_000
"""Parts of a package."""
MAX_UNPACKED = 64 * 1024 * 1024
MAX_RATIO = 200
FEW = 1024 * 1024  # bytes unpacked that no ratio makes a bomb: a white picture packs a thousandfold
_MAX_DEPTH = 200  # of tags within tags; libxml2 gives up at 256, Word nests about 30
_PIECE = 256 * 1024

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENTRY = b"PK\x01\x02"
_TYPES = "[content_types].xml"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_STRICT = "http://purl.oclc.org/ooxml/"
_NOT_A_DOCUMENT = {
    "wordprocessingml.template.main+xml": "这是 Word 模板文件（.dotx），请另存为 .docx",
    "spreadsheetml": "这是 Excel 表格，不是 Word 文档",
    "presentationml": "这是 PowerPoint 演示文稿，不是 Word 文档",
}
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main "
_CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types "
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships "
_VML = ("urn:schemas-microsoft-com:vml ", "urn:schemas-microsoft-com:office:office ")

# What computes from the document itself; all other fields read files, ask questions or run something.
_FIELDS = re.compile(
    r"ADVANCE|AUTHOR|BIBLIOGRAPHY|CITATION|COMMENTS|CREATEDATE|DATE|DOCPROPERTY|EDITTIME|EQ|FILENAME|FILESIZE|"
    r"FORMCHECKBOX|FORMDROPDOWN|FORMTEXT|HYPERLINK|IF|INDEX|KEYWORDS|LASTSAVEDBY|LISTNUM|MERGEFORMAT|NOTEREF|NUMCHARS|"
    r"NUMPAGES|NUMWORDS|PAGE|PAGEREF|PRINTDATE|REF|REVNUM|SAVEDATE|SECTION|SECTIONPAGES|SEQ|SHAPE|STYLEREF|SUBJECT|"
    r"SYMBOL|TA|TC|TEMPLATE|TIME|TITLE|TOA|TOC|USERADDRESS|USERINITIALS|USERNAME|XE|=",
    re.IGNORECASE,
)
_TARGET = re.compile(r'\s*(?:"([^"]*)"|([^\s\\]\S*|\\\\\S+))')  # in quotes, or one word that is no switch


class Hazard(StrEnum):
    """What can do harm in a document that is well-formed otherwise."""

    MACROS = "宏"
    TEMPLATE = "外部模板链接"
    EXTERNAL = "外部链接"
    LINKS = "不是网址的超链接"
    EMBEDDED = "嵌入的对象"
    FIELDS = "会读取外部内容的域"
    STRICT = "“Strict Open XML”格式的内容"


READING = frozenset({Hazard.TEMPLATE, Hazard.EXTERNAL, Hazard.LINKS, Hazard.EMBEDDED, Hazard.FIELDS, Hazard.STRICT})
"""What does not concern somebody who only reads the text and never hands the file on to an office program."""

_KINDS = {
    "vbaproject": Hazard.MACROS,
    "wordvbadata": Hazard.MACROS,
    "keymapcustomizations": Hazard.MACROS,
    "attachedtoolbars": Hazard.MACROS,
    "webextension": Hazard.MACROS,
    "webextensiontaskpanes": Hazard.MACROS,
    "extensibility": Hazard.MACROS,
    "attachedtemplate": Hazard.TEMPLATE,
    "mailmergesource": Hazard.EXTERNAL,
    "subdocument": Hazard.EXTERNAL,
    "frame": Hazard.EXTERNAL,
    "oleobject": Hazard.EMBEDDED,
    "package": Hazard.EMBEDDED,
    "control": Hazard.EMBEDDED,
    "activexcontrolbinary": Hazard.EMBEDDED,
    "afchunk": Hazard.EMBEDDED,
}
"""The last word of a relationship's type."""
_MEDIA = (
    ("macroenabled", Hazard.MACROS),
    ("vbaproject", Hazard.MACROS),
    ("vbadata", Hazard.MACROS),
    ("activex", Hazard.EMBEDDED),
    ("oleobject", Hazard.EMBEDDED),
)
"""A part of a content type."""
_ELEMENTS = {
    f"{_W}altChunk": Hazard.EMBEDDED,
    f"{_W}object": Hazard.EMBEDDED,
    f"{_W}control": Hazard.EMBEDDED,
    "urn:schemas-microsoft-com:office:office OLEObject": Hazard.EMBEDDED,
    f"{_W}subDoc": Hazard.EXTERNAL,
    f"{_W}mailMerge": Hazard.EXTERNAL,
}
_ADVICE = {
    Hazard.MACROS: "请另存为不带宏的 .docx",
    Hazard.TEMPLATE: "请在“开发工具—文档模板”里改回 Normal 并取消链接",
    Hazard.EXTERNAL: "请把外部图片改为插入到文件中，断开外部链接",
    Hazard.LINKS: "请删除该超链接，或改为 http(s) 网址",
    Hazard.EMBEDDED: "请把它转为普通文字、表格或图片",
    Hazard.FIELDS: "请选中该域按 Ctrl+Shift+F9 转为文字",
    Hazard.STRICT: "请另存为普通的 .docx（Word 文档）",
}


class _Refused(Exception):
    """Why."""


def refused(data: bytes, *, allowing: Collection[Hazard] = ()) -> str:
    """Why a DOCX is not opened, in Chinese without a full stop; empty when it is safe.

    Takes time and memory in proportion to what it unpacks, at most `MAX_UNPACKED`: call it in a child process.
    """
    try:
        _check(data, frozenset(allowing))
    except _Refused as error:
        return str(error)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError):
        return "文件已损坏，打不开；请用 Word 或 WPS 打开后另存为 .docx"
    return ""


def _check(data: bytes, allowed: frozenset[Hazard]) -> None:
    if not data:
        raise _Refused("文件是空的（0 字节）")
    if data.startswith(_COMPOUND):
        raise _Refused(_old_office(data))
    if not data.startswith(b"PK\x03\x04"):
        raise _Refused("不是 DOCX 文件；请用 Word 或 WPS 另存为 .docx")
    if len(data) > MAX_UNPACKED:
        raise _Refused(f"文件超过 {MAX_UNPACKED // 1024 // 1024} MiB")
    if (entries := data.count(_ENTRY)) > MAX_ENTRIES:  # before zipfile makes an object of each
        raise _Refused(f"内含 {entries} 个部件，超过上限 {MAX_ENTRIES}，疑似恶意文件")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        _bounded(package, len(data))
        _Package(package, allowed).check()


def _old_office(data: bytes) -> str:
    """Which of the files in the old compound format it is; the name of a stream is UTF-16."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return "文件已加密；请去掉打开密码后再上传"
    if "WordDocument".encode("utf-16-le") in data:
        return "是旧版 Word 文件（.doc）；请用 Word 或 WPS 另存为 .docx"
    return "是旧版 Office 文件；请另存为 .docx"


def _bounded(package: zipfile.ZipFile, size: int) -> None:
    """Refuses what is too much, or leads out of the package, by the list of its entries."""
    entries = package.infolist()
    if len(entries) > MAX_ENTRIES:
        raise _Refused(f"内含 {len(entries)} 个部件，超过上限 {MAX_ENTRIES}，疑似恶意文件")
    unpacked = sum(one.file_size for one in entries)
    if unpacked > MAX_UNPACKED:
        raise _Refused(f"解压后超过 {MAX_UNPACKED // 1024 // 1024} MiB，疑似压缩炸弹")
    largest = [one for one in entries if one.file_size > FEW and one.file_size > MAX_RATIO * one.compress_size]
    if largest or unpacked > MAX_RATIO * size:  # entries that share their bytes are many files of one
        raise _Refused(f"压缩比超过 {MAX_RATIO}，疑似压缩炸弹")
    seen = set[str]()
    for one in entries:
        name = one.orig_filename
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or "\0" in name or re.match(r"[A-Za-z]:", name):
            raise _Refused(f"部件路径越界（{_shown(name)}），疑似恶意文件")
        if stat.S_ISLNK(one.external_attr >> 16):
            raise _Refused(f"部件是指向别处的链接（{_shown(name)}），疑似恶意文件")
        if one.flag_bits & 1:
            raise _Refused("文件已加密；请去掉打开密码后再上传")
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _Refused("使用了 Word 不认识的压缩方法；请用 Word 或 WPS 另存为 .docx")
        if name.lower() in seen:
            raise _Refused(f"有两个同名的部件（{_shown(name)}），疑似恶意文件")
        seen.add(name.lower())


class _Package:
    """A package within its bounds, read part by part."""

    def __init__(self, package: zipfile.ZipFile, allowed: frozenset[Hazard]) -> None:
        self._package = package
        self._allowed = allowed
        self._names = {one.filename.lower(): one for one in package.infolist() if not one.is_dir()}

    def check(self) -> None:
        """Raises `_Refused` for the first thing found."""
        if _TYPES not in self._names:
            raise _Refused("是普通压缩包，不是 DOCX 文件")
        types = _Part(_TYPES, self)
        self._feed(_TYPES, types)
        self._kind(types.media)
        for name in sorted(self._names, key=lambda name: (not name.endswith(".rels"), name)):
            if "vbaproject" in name or "vbadata" in name:
                self.found(Hazard.MACROS, name)
            if name == _TYPES:
                continue
            if name.endswith((".xml", ".rels", ".vml")) or types.is_markup(name):
                self._feed(name, _Part(name, self))
            else:
                for _ in self._pieces(name):  # its length and checksum, before anybody else unpacks it
                    pass
        for media in types.media.values():
            for word, hazard in _MEDIA:
                if word in media:
                    self.found(hazard, media)

    def _kind(self, media: dict[str, str]) -> None:
        if any(one == _MAIN for one in media.values()) or any("macroenabled" in one for one in media.values()):
            return
        for word, message in _NOT_A_DOCUMENT.items():
            if any(word in one for one in media.values()):
                raise _Refused(message)
        raise _Refused("不是 Word 文档；请用 Word 或 WPS 另存为 .docx")

    def found(self, hazard: Hazard, what: str) -> None:
        """Refuses the file unless the caller allows such a thing."""
        if hazard not in self._allowed:
            raise _Refused(f"含有{hazard}（{_shown(what)}）；{_ADVICE[hazard]}")

    def reaches(self, target: str, source: str) -> None:
        """Refuses a target within the package that leads out of it."""
        target = unquote(target).replace("\\", "/")
        folder = "" if target.startswith("/") else posixpath.dirname(posixpath.dirname(source))
        if re.match(r"[A-Za-z][\w+.-]*:|//", target) or posixpath.normpath(
            posixpath.join(folder, target.lstrip("/"))
        ).startswith(".."):
            raise _Refused(f"部件关系指向文件之外（{_shown(target)}），疑似恶意文件")

    def _pieces(self, name: str) -> Iterator[bytes]:
        with self._package.open(self._names[name]) as stream:
            while piece := stream.read(_PIECE):
                yield piece

    def _feed(self, name: str, part: _Part) -> None:
        try:
            for piece in self._pieces(name):
                part.parser.Parse(piece, False)
            part.parser.Parse(b"", True)
        except (expat.ExpatError, LookupError, UnicodeError):
            raise _Refused(f"部件 {_shown(name)} 的内容已损坏；请用 Word 或 WPS 打开后另存为 .docx") from None


class _Part:
    """What one XML part says, element by element."""

    def __init__(self, name: str, package: _Package) -> None:
        self._name = name
        self._package = package
        self._depth = 0
        self._instruction = False
        self._open = list[list[str]]()
        """The instructions of the fields that have begun, the innermost last."""
        self.media = dict[str, str]()
        """What content types say: part or file suffix → type, in lower case."""
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def is_markup(self, name: str) -> bool:
        """Whether the content types call a part XML; a picture in SVG is a picture."""
        media = self.media.get(name) or self.media.get(name.rpartition(".")[2], "")
        return media.endswith(("+xml", "/xml")) and not media.startswith("image/")

    def _doctype(self, *_: object) -> None:
        raise _Refused(f"部件 {_shown(self._name)} 带有 DTD 声明，疑似恶意文件")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _Refused(f"部件 {_shown(self._name)} 的标签嵌套超过 {_MAX_DEPTH} 层，疑似恶意文件")
        if tag.startswith(_W):
            self._word(tag.removeprefix(_W), attributes)
        elif tag.startswith(_CONTENT_TYPES):
            of = attributes.get("PartName", attributes.get("Extension", ""))
            self.media[of.lstrip("/").lower()] = attributes.get("ContentType", "").lower()
        elif tag == f"{_RELATIONSHIPS}Relationship":
            self._relationship(attributes)
        elif tag.startswith(_STRICT):
            self._package.found(Hazard.STRICT, tag.rpartition(" ")[2])
        elif tag.startswith(_VML):
            for name in ("src", f"{_VML[1]}href"):
                if re.match(r"[A-Za-z][\w+.-]*:|//|\\\\", target := attributes.get(name, "")):
                    self._package.found(Hazard.EXTERNAL, target)
        if hazard := _ELEMENTS.get(tag):
            self._package.found(hazard, tag.rpartition(" ")[2])

    def _word(self, tag: str, attributes: dict[str, str]) -> None:
        match tag:
            case "instrText" | "delInstrText":
                self._instruction = True
            case "fldSimple":
                self._field(attributes.get(f"{_W}instr", ""))
            case "fldChar":
                kind = attributes.get(f"{_W}fldCharType", "")
                if kind == "begin":
                    self._open.append([])
                elif kind == "separate" and self._open:
                    self._field("".join(self._open[-1]))
                    self._open[-1] = []
                elif kind == "end" and self._open:
                    self._field("".join(self._open.pop()))

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if tag in (f"{_W}instrText", f"{_W}delInstrText"):
            self._instruction = False
        elif self._depth == 0:
            for rest in self._open:
                self._field("".join(rest))

    def _text(self, text: str) -> None:
        if self._instruction:
            if not self._open:
                self._open.append([])
            self._open[-1].append(text)

    def _field(self, instruction: str) -> None:
        instruction = instruction.strip()
        if not instruction:
            return  # or what a nested field computes: that one was looked at
        name = re.match(r"=|[A-Za-z]+", instruction)
        if name is None or not _FIELDS.fullmatch(name[0]):
            self._package.found(Hazard.FIELDS, instruction)
        elif name[0].upper() == "HYPERLINK" and (target := _TARGET.match(instruction, name.end())):
            self._hyperlink(target[1] or target[2] or "")

    def _hyperlink(self, target: str) -> None:
        if not target.startswith("#") and target and not _is_address(target):
            self._package.found(Hazard.LINKS, target)

    def _relationship(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("Type", "").rstrip("/").rpartition("/")[2].lower()
        target = attributes.get("Target", "")
        if attributes.get("Type", "").startswith(_STRICT):
            self._package.found(Hazard.STRICT, kind)
        if hazard := _KINDS.get(kind):
            self._package.found(hazard, target)
        if attributes.get("TargetMode", "").lower() != "external":
            self._package.reaches(target, self._name)
        elif kind == "hyperlink":
            self._hyperlink(target)
        elif kind not in _KINDS:
            self._package.found(Hazard.EXTERNAL, target)


def _is_address(target: str) -> bool:
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    return (parts.scheme in ("http", "https") and bool(parts.hostname)) or parts.scheme == "mailto"


def _shown(text: str) -> str:
    """What a file says, short and without anything that is not printed."""
    plain = "".join(letter if letter.isprintable() else "·" for letter in text)
    return plain if len(plain) <= 60 else f"{plain[:60]}…"
