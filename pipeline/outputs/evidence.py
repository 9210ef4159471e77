"""What a DOCX says of itself, whether that is true, and how it differs from another one."""

from __future__ import annotations

import difflib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from pipeline.outputs.package import content_digest, custom_properties
from pipeline.outputs.styles import w

_MAX_ENTRIES = 2_000
_MAX_UNPACKED = 64 * 1024 * 1024
_MAX_RATIO = 3  # above that size: pictures do not shrink, and are most of it
_MOST_SHOWN = 10
_SHOWN = 40  # characters of a line that is quoted
_ISSUE = re.compile(r"(.+)/(\d+)")
_DOCUMENT, _CORE = "word/document.xml", "docProps/core.xml"
_MARGINS = ("word/header", "word/footer", "word/footnotes", "word/comments")
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NO_ENTITIES = etree.XMLParser(resolve_entities=False, no_network=True)  # no deeper than 256 tags


@dataclass(frozen=True, slots=True)
class Document:
    """A DOCX that somebody holds, as far as it can be read."""

    parts: Mapping[str, bytes]
    series: str = ""
    """Which issue it says it is; empty when it does not say."""
    number: int = 0
    template: str = ""
    revision: int = 0
    """Of the draft it was made from; 0 for what is no draft."""
    digest: str = ""
    """The content digest it carries; empty when it carries none."""

    @property
    def true(self) -> bool:
        """Whether its content is what its digest says."""
        return bool(self.digest) and content_digest(self.parts) == self.digest


def read_document(data: bytes, *, trusted: bool = False) -> Document | None:
    """A DOCX by what it says of itself; `None` when it is none, is broken, or would unpack to very much more.

    A `trusted` one is ours, and may be of any size.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            unpacked = sum(one.file_size for one in entries)
            if not trusted and (len(entries) > _MAX_ENTRIES or unpacked > max(_MAX_UNPACKED, _MAX_RATIO * len(data))):
                return None
            parts = {one.filename: archive.read(one) for one in entries}
        etree.fromstring(parts[_DOCUMENT], _NO_ENTITIES)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, NotImplementedError, RuntimeError, EOFError):
        return None  # broken, encrypted, or no Word file
    except (etree.XMLSyntaxError, zlib.error):
        return None
    said = custom_properties(parts)
    # Word and WPS keep the identifier where other programs drop the custom properties
    claim = _ISSUE.fullmatch(said.get("issue", "")) or _ISSUE.fullmatch(_identifier(parts))
    revision = said.get("revision", "")
    return Document(
        parts,
        series=claim[1] if claim else "",
        number=int(claim[2]) if claim else 0,
        template=said.get("template", ""),
        revision=int(revision) if revision.isdecimal() else 0,
        digest=said.get("content-digest", ""),
    )


def differences(original: Document, held: Document) -> list[str]:
    """What `held` has otherwise than `original`, in Chinese: its text first, then what else; empty for none."""
    before, after = _text(original.parts), _text(held.parts)
    if changes := _changes(before, after):
        told = changes[:_MOST_SHOWN]
        if rest := len(changes) - len(told):
            told.append(f"文字另有 {rest} 处不同")
        return told
    names = sorted(name for name in {*original.parts, *held.parts} if original.parts.get(name) != held.parts.get(name))
    if not names:
        return []
    shown = "、".join(names[:_MOST_SHOWN]) + (f" 等 {len(names)} 个" if names[_MOST_SHOWN:] else "")
    if all(name.startswith("docProps/") for name in names):
        return [f"文字和版式相同，只有文件属性不同（{shown}）"]
    return [f"文字相同，版式或附属部件不同（{shown}）"]


def _identifier(parts: Mapping[str, bytes]) -> str:
    try:
        core = etree.fromstring(parts.get(_CORE, b""), _NO_ENTITIES)
    except etree.XMLSyntaxError:
        return ""
    return core.findtext("{http://purl.org/dc/elements/1.1/}identifier") or ""


def _text(parts: Mapping[str, bytes]) -> list[str]:
    """The lines of a document as a reader sees them, the body first; white space tells nothing.

    What stands in a frame, a header or a footer has no place among the lines: whoever saves names the parts, orders
    them and anchors the frames anew, and counts the pages.
    """
    lines: list[str] = []
    aside: set[str] = set()
    for line, framed in _lines(parts[_DOCUMENT]):
        if framed:
            aside.add(line)
        else:
            lines.append(line)
    for name in parts:
        if name.startswith(_MARGINS) and name.endswith(".xml"):
            aside.update(line for line, _ in _lines(parts[name], counted=False))
    return [*lines, *sorted(aside)]


def _lines(part: bytes, *, counted: bool = True) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it stands in a frame or a text box."""
    try:
        root = etree.fromstring(part, _NO_ENTITIES)
    except etree.XMLSyntaxError:
        return
    for paragraph in root.iter(w("p")):
        if next(paragraph.iterancestors(_FALLBACK), None) is not None:
            continue  # the same text once more, for older programs
        if not counted and next(paragraph.iter(w("fldChar"), w("fldSimple")), None) is not None:
            continue
        inside = [one for one in paragraph.iter(w("t")) if next(one.iterancestors(w("p"))) is paragraph]
        if line := "".join("".join(one.text or "" for one in inside).split()):
            framed = paragraph.find(f"{w('pPr')}/{w('framePr')}") is not None
            yield line, framed or next(paragraph.iterancestors(w("txbxContent")), None) is not None


def _changes(before: Sequence[str], after: Sequence[str]) -> list[str]:
    changes = []
    for kind, a, b, c, d in difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for old, new in zip([*before[a:b], *[""] * (d - c)], [*after[c:d], *[""] * (b - a)], strict=True):
            if old and new:
                changes.append(_changed(old, new))
            elif old:
                changes.append(f"少了“{_quoted(old)}”")
            elif new:
                changes.append(f"多了“{_quoted(new)}”")
    return changes


def _changed(old: str, new: str) -> str:
    """A line that was changed, shown from where it begins to differ."""
    start = next((at for at, (x, y) in enumerate(zip(old, new, strict=False)) if x != y), min(len(old), len(new)))
    start = max(start - 5, 0)
    return f"“{_quoted(old[start:])}”改成了“{_quoted(new[start:])}”"


def _quoted(text: str) -> str:
    return text[:_SHOWN] + ("……" if text[_SHOWN:] else "")
