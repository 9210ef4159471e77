"""PDF and DOCX files as tests need them, written from scratch: no font, no word processor, no others' files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

A4 = (595, 842)
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@dataclass(frozen=True)
class Text:
    """One line of text on a page: where its first character stands, and how big it is."""

    x: float
    y: float
    text: str
    size: float = 10.5


def pdf(pages: Sequence[Sequence[Text]], told: Mapping[str, str] | None = None) -> bytes:
    """A PDF whose glyphs have no shapes but widths and meanings: all that reading asks for."""
    characters = sorted({char for page in pages for line in page for char in line.text})
    codes = {char: number for number, char in enumerate(characters, 1)}
    meaning = "\n".join(f"<{code:04x}> <{char.encode('utf-16-be').hex()}>" for char, code in codes.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(codes)} beginbfchar\n{meaning}\nendbfchar endcmap end end"
    )
    narrow = " ".join(f"{code} [500]" for char, code in codes.items() if char.isascii())
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{' '.join(f'{8 + 2 * i} 0 R' for i in range(len(pages)))}]>>".encode(),
        b"<</Type/Font/Subtype/Type0/BaseFont/Song/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 6 0 R>>",
        f"<</Type/Font/Subtype/CIDFontType2/BaseFont/Song/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
        f"/Supplement 0>>/DW 1000/W[{narrow}]/FontDescriptor 5 0 R>>".encode(),
        b"<</Type/FontDescriptor/FontName/Song/Flags 4/FontBBox[0 -200 1000 880]/ItalicAngle 0/Ascent 880"
        b"/Descent -120/CapHeight 700/StemV 80>>",
        _stream(cmap.encode()),
        b"<<" + b"".join(b"/%b<feff%b>" % (k.encode(), _hex(v)) for k, v in (told or {}).items()) + b">>",
    ]
    for number, page in enumerate(pages):
        drawn = "\n".join(
            f"BT /F {line.size} Tf 1 0 0 1 {line.x} {line.y} Tm <{''.join(f'{codes[c]:04x}' for c in line.text)}> Tj ET"
            for line in page
        )
        parts += [
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {A4[0]} {A4[1]}]/Resources<</Font<</F 3 0 R>>>>"
            f"/Contents {9 + 2 * number} 0 R>>".encode(),
            _stream(drawn.encode()),
        ]
    out = io.BytesIO(b"%PDF-1.7\n")
    out.seek(0, 2)
    places = []
    for number, part in enumerate(parts, 1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n".encode() + part + b"\nendobj\n")
    start = out.tell()
    out.write(f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n".encode())
    out.writelines(f"{place:010d} 00000 n \n".encode() for place in places)
    out.write(f"trailer<</Size {len(parts) + 1}/Root 1 0 R/Info 7 0 R>>\nstartxref\n{start}\n%%EOF".encode())
    return out.getvalue()


def _hex(text: str) -> bytes:
    return text.encode("utf-16-be").hex().encode()


def _stream(data: bytes) -> bytes:
    return b"<</Length %d>>stream\n" % len(data) + data + b"\nendstream"


def column(text: str, x: float, top: float, characters: int, size: float = 10.5, indent: int = 2) -> list[Text]:
    """A paragraph set in lines of so many characters, the first of them indented."""
    lines: list[Text] = []
    y, rest = top, text
    while rest:
        shift = indent if not lines else 0
        line, rest = rest[: characters - shift], rest[characters - shift :]
        lines.append(Text(x + shift * size, y, line, size))
        y -= 1.5 * size
    return lines


def docx(body: str, parts: Mapping[str, str | bytes] | None = None, relations: str = "") -> bytes:
    """A DOCX with this inside its `w:body`; `parts` come on top, `relations` are those of the text."""
    content = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_TYPE}"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{_RELATIONS}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document {W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        f'relationships">{relations}</Relationships>',
        **(parts or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in content.items():
            package.writestr(name, data)
    return out.getvalue()


def p(text: str, *, size: float = 0, centred: bool = False, style: str = "", extra: str = "") -> str:
    """A paragraph of a DOCX; `extra` are further properties."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    middle = '<w:jc w:val="center"/>' if centred else ""
    sized = f'<w:rPr><w:sz w:val="{int(size * 2)}"/></w:rPr>' if size else ""
    return f"<w:p><w:pPr>{named}{extra}{middle}</w:pPr><w:r>{sized}<w:t>{text}</w:t></w:r></w:p>"


def external(kind: str, target: str) -> str:
    """A relation that leads out of the file."""
    return f'<Relationship Id="x" Type="{_RELATIONS}/{kind}" Target="{target}" TargetMode="External"/>'
