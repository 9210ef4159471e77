"""What Word, WPS and editors do to a DOCX file, as functions from bytes to bytes.

`KEEPING` are those that leave what it says as it is: what an office program changes on saving, and traces of work.
Each takes the file's parts and a random generator, and changes the parts in place.
"""

from __future__ import annotations

import io
import random
import re
import urllib.parse
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy

from lxml import etree

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
DOCUMENT, STYLES, RELATIONS = "word/document.xml", "word/styles.xml", "word/_rels/document.xml.rels"
TYPES = "[Content_Types].xml"
_MANAGED = 'w:author="王编辑" w:date="2024-07-01T09:00:00Z"'


def w(name: str) -> str:
    """A WordprocessingML name in full."""
    return f"{{{W}}}{name}"


def unpacked(data: bytes) -> dict[str, bytes]:
    """The parts of a file by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def packed(parts: Mapping[str, bytes]) -> bytes:
    """A file of parts."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return whole.getvalue()


class Docx:
    """A file that is being worked in: its parts, and the tree of its text."""

    def __init__(self, data: bytes) -> None:
        self.parts = unpacked(data)
        self.body: etree._Element = etree.fromstring(self.parts[DOCUMENT])[0]

    def save(self) -> bytes:
        """The file as bytes."""
        self.parts[DOCUMENT] = etree.tostring(
            self.body.getroottree(), xml_declaration=True, encoding="UTF-8", standalone=True
        )
        return packed(self.parts)

    def paragraphs(self) -> list[etree._Element]:
        """All of them, those in tables too."""
        return list(self.body.iter(w("p")))

    def find(self, text: str, nth: int = 0) -> etree._Element:
        """The nth paragraph with `text` in it."""
        return [one for one in self.paragraphs() if text in said(one)][nth]

    def style(self, paragraph: etree._Element) -> str:
        """The id of its style."""
        named = paragraph.find(f"{w('pPr')}/{w('pStyle')}")
        return "" if named is None else str(named.get(w("val")))

    def of_item(self, nth: int) -> list[etree._Element]:
        """All that belongs to the nth item, from 0, its heading first."""
        found: list[list[etree._Element]] = []
        for one in self.body:
            starts = [mark for mark in one.iter(w("bookmarkStart")) if str(mark.get(w("name"))).startswith("_item_")]
            if starts and said(one):
                found.append([])
            last = one.tag == w("sectPr") or self.style(one) == "Colophon"
            if found and not last:
                found[-1].append(one)
        return found[nth]


def said(paragraph: etree._Element) -> str:
    """The text of a paragraph."""
    return "".join(str(one.text or "") for one in paragraph.iter(w("t")))


def write(paragraph: etree._Element, text: str) -> None:
    """Types another text over a paragraph's, in its first run; links and marks stay."""
    texts = list(paragraph.iter(w("t")))
    for one in texts:
        one.text = ""
    texts[0].text = text
    texts[0].set(SPACE, "preserve")
    for one in list(paragraph.iter(w("br"), w("tab"))):
        if one.getparent().tag == w("r"):
            one.getparent().remove(one)


def replaced(paragraph: etree._Element, old: str, new: str) -> None:
    """Puts `new` in the place of `old`, over the runs it lies in."""
    whole = said(paragraph)
    at = whole.index(old)
    place = 0
    for one in paragraph.iter(w("t")):
        text = one.text or ""
        start, end = max(at - place, 0), min(at + len(old) - place, len(text))
        if start < end or (start == end == 0 and place == at and not old):
            one.text = text[:start] + new + text[end:]
            one.set(SPACE, "preserve")
            new = ""
        place += len(text)


def paragraph(text: str, style: str = "") -> etree._Element:
    """A new paragraph, as somebody types it."""
    made = etree.Element(w("p"), nsmap={"w": W})
    if style:
        etree.SubElement(etree.SubElement(made, w("pPr")), w("pStyle")).set(w("val"), style)
    one = etree.SubElement(etree.SubElement(made, w("r")), w("t"))
    one.text = text
    one.set(SPACE, "preserve")
    return made


# ------------------------------------------------------------------------- what leaves the text as it is

Mutation = Callable[[Docx, random.Random], None]


def split_runs(docx: Docx, chance: random.Random) -> None:
    """Runs are cut anywhere, as Word does around whatever was proofed."""
    for run in list(docx.body.iter(w("r"))):
        texts = run.findall(w("t"))
        if len(texts) == 1 and len(texts[0].text or "") > 1 and chance.random() < 0.5:
            cut = chance.randrange(1, len(texts[0].text))
            second = deepcopy(run)
            second.find(w("t")).text = texts[0].text[cut:]
            texts[0].text = texts[0].text[:cut]
            for one in (texts[0], second.find(w("t"))):
                one.set(SPACE, "preserve")
            for extra in [child for child in second if child.tag not in (w("rPr"), w("t"))]:
                second.remove(extra)
            run.addnext(second)


def merge_runs(docx: Docx, chance: random.Random) -> None:
    """Neighbouring runs become one, their looks lost."""
    for one in docx.paragraphs():
        for first in list(one.iter(w("r"))):
            after = first.getnext()
            if (
                after is not None
                and after.tag == w("r")
                and chance.random() < 0.6
                and {child.tag for run in (first, after) for child in run} <= {w("rPr"), w("t")}
                and len(first.findall(w("t"))) == len(after.findall(w("t"))) == 1
            ):
                after.find(w("t")).text = (first.find(w("t")).text or "") + (after.find(w("t")).text or "")
                after.find(w("t")).set(SPACE, "preserve")
                first.getparent().remove(first)


def rsids(docx: Docx, chance: random.Random) -> None:
    """Every paragraph and run says in which session it was made."""
    for one in docx.body.iter(w("p"), w("r"), w("tr")):
        for name in ("rsidR", "rsidRPr", "rsidRDefault"):
            one.set(w(name), f"{chance.randrange(1 << 32):08X}")


def proofing(docx: Docx, chance: random.Random) -> None:
    """Marks of spelling and grammar between the runs."""
    for run in list(docx.body.iter(w("r"))):
        if chance.random() < 0.3:
            for kind, place in (("spellStart", run.addprevious), ("spellEnd", run.addnext)):
                mark = run.makeelement(w("proofErr"))
                mark.set(w("type"), kind)
                place(mark)


def smart_tags(docx: Docx, chance: random.Random) -> None:
    """Runs lie in smart tags, as old Word makes of places and dates."""
    for run in list(docx.body.iter(w("r"))):
        if run.find(w("t")) is not None and run.getparent().tag == w("p") and chance.random() < 0.3:
            tag = run.makeelement(w("smartTag"))
            tag.set(w("element"), "chsdate")
            etree.SubElement(etree.SubElement(tag, w("smartTagPr")), w("attr")).set(w("val"), "30")
            run.addprevious(tag)
            tag.append(run)


def content_controls(docx: Docx, chance: random.Random) -> None:
    """Paragraphs and runs lie in content controls."""
    for one in [child for child in docx.body if child.tag in (w("p"), w("tbl"))]:
        if chance.random() < 0.2:
            _wrap(one, "sdt", "sdtContent")
    for run in list(docx.body.iter(w("r"))):
        if run.getparent().tag == w("p") and run.find(w("t")) is not None and chance.random() < 0.1:
            _wrap(run, "sdt", "sdtContent")


def _wrap(element: etree._Element, *names: str) -> etree._Element:
    outer = inner = element.makeelement(w(names[0]))
    element.addprevious(outer)
    if names[0] == "sdt":
        etree.SubElement(etree.SubElement(outer, w("sdtPr")), w("id")).set(w("val"), "1")
    for name in names[1:]:
        inner = etree.SubElement(inner, w(name))
    inner.append(element)
    return outer


def accepted_changes(docx: Docx, chance: random.Random) -> None:
    """Pending changes that say in the end what stood there: words inserted, and others deleted."""
    for number, run in enumerate(list(docx.body.iter(w("r")))):
        if run.getparent().tag != w("p") or run.find(w("t")) is None or chance.random() > 0.15:
            continue
        mark = etree.fromstring(f'<w:ins xmlns:w="{W}" w:id="{9000 + number}" {_MANAGED}/>')
        run.addprevious(mark)
        mark.append(run)
        gone = etree.fromstring(
            f'<w:del xmlns:w="{W}" w:id="{9500 + number}" {_MANAGED}><w:r><w:delText>旧词</w:delText></w:r></w:del>'
        )
        mark.addprevious(gone)


def format_changes(docx: Docx, chance: random.Random) -> None:
    """Pending changes of looks."""
    for number, one in enumerate(docx.paragraphs()):
        properties = one.find(w("pPr"))
        if properties is not None and chance.random() < 0.3:
            properties.append(
                etree.fromstring(
                    f'<w:pPrChange xmlns:w="{W}" w:id="{7000 + number}" {_MANAGED}>'
                    f'<w:pPr><w:pStyle w:val="Heading2"/></w:pPr></w:pPrChange>'
                )
            )

    for number, run in enumerate(docx.body.iter(w("r"))):
        look = run.find(w("rPr"))
        if look is not None and chance.random() < 0.2:
            was = (
                f'<w:rPrChange xmlns:w="{W}" w:id="{8000 + number}" {_MANAGED}><w:rPr><w:vanish/></w:rPr></w:rPrChange>'
            )
            look.append(etree.fromstring(was))


def pending_tables(docx: Docx, chance: random.Random) -> None:
    """Rows and cells that were put in and taken away again, both changes pending."""
    for table in list(docx.body.iter(w("tbl"))):
        rows = table.findall(w("tr"))
        for one in (rows[-1], *(row.findall(w("tc"))[-1] for row in rows)):
            ghost = deepcopy(one)
            for run in list(ghost.iter(w("r"))):
                _wrap(run, "del")
                for text in run.iter(w("t")):
                    text.tag = w("delText")
            name, mark = ("trPr", "del") if one.tag == w("tr") else ("tcPr", "cellDel")
            properties = ghost.find(w(name))
            if properties is None:
                properties = ghost.makeelement(w(name))
                ghost.insert(0, properties)
            etree.SubElement(properties, w(mark)).set(w("author"), "王编辑")
            one.addnext(ghost)


def pending_paragraphs(docx: Docx, chance: random.Random) -> None:
    """Whole paragraphs whose deletion is pending, and others that were moved away."""
    for one in [each for each in docx.body if each.tag == w("p") and said(each)]:
        if chance.random() < 0.1:
            ghost = paragraph("这一段已删去", "Body")
            what = chance.choice(("del", "moveFrom"))
            etree.SubElement(etree.SubElement(ghost.find(w("pPr")), w("rPr")), w(what)).set(w("author"), "王编辑")
            _wrap(ghost.find(w("r")), what)
            one.addprevious(ghost)


def sections(docx: Docx, chance: random.Random) -> None:
    """Section breaks within the text, and page breaks in paragraphs of their own."""
    inside = [one for one in docx.body if one.tag == w("p") and one.find(w("pPr")) is not None]
    for one in chance.sample(inside, 3):
        etree.SubElement(one.find(w("pPr")), w("sectPr"))
        pause = paragraph("")
        pause[0].append(pause.makeelement(w("br")))
        pause[0][-1].set(w("type"), "page")
        one.addprevious(pause)


def listed_contents(docx: Docx, chance: random.Random) -> None:
    """The 目录 stands in a content control for tables of contents."""
    entries = [one for one in docx.body if docx.style(one) in ("TOC1", "TOC2")]
    outer = _wrap(entries[0], "sdt", "sdtContent")
    for one in entries[1:]:
        outer[-1].append(one)


def other_ids(docx: Docx, chance: random.Random) -> None:
    """Styles get ids of their own, as WPS gives them: 1, 2, a3, 10."""
    styles = etree.fromstring(docx.parts[STYLES])
    new = {str(one.get(w("styleId"))): f"{chance.choice('a1')}{n}" for n, one in enumerate(styles.iter(w("style")))}
    for one in docx.body.iter(w("pStyle"), w("rStyle"), w("tblStyle")):
        one.set(w("val"), new.get(one.get(w("val")), one.get(w("val"))))
    for one in styles.iter(w("style")):
        one.set(w("styleId"), new[one.get(w("styleId"))])
    for one in styles.iter(w("basedOn"), w("next"), w("link")):
        one.set(w("val"), new.get(one.get(w("val")), one.get(w("val"))))
    docx.parts[STYLES] = etree.tostring(styles, xml_declaration=True, encoding="UTF-8")


def derived_styles(docx: Docx, chance: random.Random) -> None:
    """Looks set by hand become styles of their own, based on ours: 文章正文 + 首行缩进."""
    styles = etree.fromstring(docx.parts[STYLES])
    made: dict[str, str] = {}
    for one in docx.paragraphs():
        named = one.find(f"{w('pPr')}/{w('pStyle')}")
        if named is None or chance.random() > 0.3:
            continue
        old = named.get(w("val"))
        if old not in made:
            made[old] = f"my{len(made)}"
            style = etree.SubElement(styles, w("style"))
            style.set(w("type"), "paragraph")
            style.set(w("customStyle"), "1")
            style.set(w("styleId"), made[old])
            etree.SubElement(style, w("name")).set(w("val"), f"样式 {len(made)} 首行缩进")
            etree.SubElement(style, w("basedOn")).set(w("val"), old)
        named.set(w("val"), made[old])
    docx.parts[STYLES] = etree.tostring(styles, xml_declaration=True, encoding="UTF-8")


def renamed_styles(docx: Docx, chance: random.Random) -> None:
    """Somebody gave our own styles other names; those of Word cannot be renamed."""
    styles = etree.fromstring(docx.parts[STYLES])
    for number, one in enumerate(styles.iter(w("name"))):
        if not str(one.get(w("val"))).isascii():
            one.set(w("val"), f"我的样式{number}")
    docx.parts[STYLES] = etree.tostring(styles, xml_declaration=True, encoding="UTF-8")


def capital_names(docx: Docx, chance: random.Random) -> None:
    """Built-in styles are called as LibreOffice and WPS call them."""
    for old, new in ((b'"heading 1"', b'"Heading 1"'), (b'"toc 1"', b'"TOC 1"'), (b'"caption"', b'"Caption"')):
        docx.parts[STYLES] = docx.parts[STYLES].replace(old, new)


def lost_marks(docx: Docx, chance: random.Random) -> None:
    """The bookmarks are gone, as after a paste into another file."""
    for mark in list(docx.body.iter(w("bookmarkStart"), w("bookmarkEnd"))):
        mark.getparent().remove(mark)


def marks_between(docx: Docx, chance: random.Random) -> None:
    """The bookmarks begin between two paragraphs, or in an empty one before their own."""
    for mark in list(docx.body.iter(w("bookmarkStart"))):
        own = mark.getparent()
        if own.tag != w("p") or own.getparent() is not docx.body:
            continue
        if chance.random() < 0.5:
            own.addprevious(mark)
        else:
            empty = own.makeelement(w("p"))
            empty.append(mark)
            own.addprevious(empty)


def swapped_marks(docx: Docx, chance: random.Random) -> None:
    """The marks of two items changed places, as when their texts were pasted over each other."""
    marks = [mark for mark in docx.body.iter(w("bookmarkStart")) if str(mark.get(w("name"))).startswith("_item_")]
    if len(marks) > 1:
        one, other = chance.sample(marks, 2)
        names = one.get(w("name")), other.get(w("name"))
        other.set(w("name"), names[0])
        one.set(w("name"), names[1])


def doubled_marks(docx: Docx, chance: random.Random) -> None:
    """The mark of an item stands once more, in the text of another one."""
    marks = [mark for mark in docx.body.iter(w("bookmarkStart")) if str(mark.get(w("name"))).startswith("_item_")]
    if marks:
        last = [one for one in docx.body if one.tag == w("p")][-1]
        last.append(deepcopy(chance.choice(marks)))


def slipped_marks(docx: Docx, chance: random.Random) -> None:
    """The marks slipped into the paragraph after their own."""
    for mark in list(docx.body.iter(w("bookmarkStart"))):
        after = mark.getparent().getnext()
        if after is not None and after.tag == w("p"):
            after.append(mark)


def lost_properties(docx: Docx, chance: random.Random) -> None:
    """The custom properties are gone but for what names the issue elsewhere."""
    docx.parts.pop("docProps/custom.xml", None)


def compatibility(docx: Docx, chance: random.Random) -> None:
    """The settings say which Word it was made for."""
    settings = docx.parts["word/settings.xml"]
    old = (
        b'<w:compat><w:compatSetting w:name="compatibilityMode" '
        b'w:uri="http://schemas.microsoft.com/office/word" w:val="12"/></w:compat></w:settings>'
    )
    docx.parts["word/settings.xml"] = settings.replace(b"</w:settings>", old)


def alternates(docx: Docx, chance: random.Random) -> None:
    """Runs stand in alternates for new and old programs."""
    for run in list(docx.body.iter(w("r"))):
        if run.getparent().tag == w("p") and run.find(w("t")) is not None and chance.random() < 0.1:
            both = etree.Element(f"{{{MC}}}AlternateContent", nsmap={"mc": MC})
            run.addprevious(both)
            choice = etree.SubElement(both, f"{{{MC}}}Choice")
            choice.set("Requires", "wps")
            fallback = etree.SubElement(both, f"{{{MC}}}Fallback")
            fallback.append(deepcopy(run))
            choice.append(run)


def link_fields(docx: Docx, chance: random.Random) -> None:
    """Links become fields."""
    targets = {one.get("Id"): one.get("Target") for one in etree.fromstring(docx.parts[RELATIONS])}
    for link in list(docx.body.iter(w("hyperlink"))):
        reference, anchor = link.get(f"{{{R}}}id"), link.get(w("anchor"))
        code = f'HYPERLINK "{targets[reference]}"' if reference else f'HYPERLINK \\l "{anchor}"'
        pieces = [*_field("begin"), *_code(code), *_field("separate"), *link, *_field("end")]
        for piece in pieces:
            link.addprevious(piece)
        link.getparent().remove(link)


def redirected_links(docx: Docx, chance: random.Random) -> None:
    """Links lead through the redirect of the office program they were edited in: Google Docs, 腾讯文档."""
    tree = etree.fromstring(docx.parts[RELATIONS])
    for one in tree:
        if one.get("TargetMode") == "External":
            wrap = chance.choice(_REDIRECTS)
            one.set("Target", wrap.format(urllib.parse.quote(one.get("Target"), safe="")))
    docx.parts[RELATIONS] = etree.tostring(tree, xml_declaration=True, encoding="UTF-8")


_REDIRECTS = (
    "https://www.google.com/url?q={}&sa=D&source=editors&ust=1719792000000000&usg=AOvVaw0abc",
    "https://docs.qq.com/scenario/link.html?url={}&pid=300000000$abc",
    "https://apc01.safelinks.protection.outlook.com/?url={}&data=05%7C02&sdata=abc&reserved=0",
)


def _field(kind: str) -> Sequence[etree._Element]:
    return [etree.fromstring(f'<w:r xmlns:w="{W}"><w:fldChar w:fldCharType="{kind}"/></w:r>')]


def _code(text: str) -> Sequence[etree._Element]:
    run = etree.fromstring(f'<w:r xmlns:w="{W}"><w:instrText xml:space="preserve"/></w:r>')
    run[0].text = f" {text} "
    return [run]


def signs(docx: Docx, chance: random.Random) -> None:
    """Soft hyphens and page marks within the text, and hyphens that do not break."""
    for run in list(docx.body.iter(w("r"))):
        one = run.find(w("t"))
        if one is None or run.find(w("instrText")) is not None:
            continue
        text = one.text or ""
        if "-" in text and chance.random() < 0.5:
            before, _, after = text.partition("-")
            one.text = before
            one.set(SPACE, "preserve")
            hyphen = etree.SubElement(run, w("noBreakHyphen"))
            one.addnext(hyphen)
            rest = run.makeelement(w("t"))
            rest.text = after
            rest.set(SPACE, "preserve")
            hyphen.addnext(rest)
        elif len(text) > 4 and chance.random() < 0.2:
            for sign in ("softHyphen", "lastRenderedPageBreak"):
                one.addprevious(run.makeelement(w(sign)))
            one.text = f"{text[:2]}\u00ad{text[2:]}"


def page_numbers(docx: Docx, chance: random.Random) -> None:
    """The page numbers of the 目录 were made anew."""
    for one in docx.paragraphs():
        if docx.style(one) == "TOC1":
            list(one.iter(w("t")))[-1].text = str(chance.randrange(1, 99))


def typed_page_numbers(docx: Docx, chance: random.Random) -> None:
    """The fields of the 目录 were turned into text."""
    for one in docx.paragraphs():
        if docx.style(one) == "TOC1":
            for mark in list(one.iter(w("fldChar"), w("instrText"))):
                mark.getparent().remove(mark)


def empty_paragraphs(docx: Docx, chance: random.Random) -> None:
    """Empty paragraphs between the others."""
    for one in [child for child in docx.body if child.tag == w("p")]:
        if chance.random() < 0.2:
            one.addprevious(paragraph("", "Body"))


def automatic_lists(docx: Docx, chance: random.Random) -> None:
    """Numbers that were typed become Word's own, in its style for lists."""
    levels, count = [], 0
    for number, one in enumerate([one for one in docx.paragraphs() if docx.style(one) == "Item"]):
        found = re.match(r"(\d+)([.、])\s*", said(one))
        if not found:
            continue
        count += 1
        levels.append(
            f'<w:abstractNum w:abstractNumId="{count}"><w:lvl w:ilvl="0"><w:start w:val="{found[1]}"/>'
            f'<w:numFmt w:val="decimal"/><w:lvlText w:val="%1{found[2]}"/></w:lvl></w:abstractNum>'
        )
        replaced(one, found[0], "")
        one.find(w("pPr")).find(w("pStyle")).set(w("val"), "Normal")
        one.find(w("pPr")).append(
            etree.fromstring(f'<w:numPr xmlns:w="{W}"><w:ilvl w:val="0"/><w:numId w:val="{count}"/></w:numPr>')
        )
        del number
    numbers = "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in range(1, count + 1))
    if count:
        docx.parts["word/numbering.xml"] = (
            f'<?xml version="1.0" encoding="UTF-8"?><w:numbering xmlns:w="{W}">{"".join(levels)}{numbers}</w:numbering>'
        ).encode()
        _register(docx, "numbering", "numbering.xml", "numbering+xml")


def _register(docx: Docx, kind: str, target: str, media: str) -> None:
    docx.parts[RELATIONS] = docx.parts[RELATIONS].replace(
        b"</Relationships>",
        f'<Relationship Id="rIdNew{kind}" Type="{R}/{kind}" Target="{target}"/></Relationships>'.encode(),
    )
    docx.parts[TYPES] = docx.parts[TYPES].replace(
        b"</Types>",
        f'<Override PartName="/word/{target}" ContentType="application/vnd.openxmlformats-officedocument.'
        f'wordprocessingml.{media}"/></Types>'.encode(),
    )


def lost_parts(docx: Docx, chance: random.Random) -> None:
    """The theme and the table of fonts are gone."""
    for name in ("word/theme/theme1.xml", "word/fontTable.xml"):
        docx.parts.pop(name, None)
        target = name.removeprefix("word/").encode()
        docx.parts[RELATIONS] = re.sub(
            rb'<Relationship [^>]*Target="' + target + rb'"[^>]*/>', b"", docx.parts[RELATIONS]
        )
        docx.parts[TYPES] = re.sub(
            rb'<Override [^>]*PartName="/' + name.encode() + rb'"[^>]*/>', b"", docx.parts[TYPES]
        )


def utf16(docx: Docx, chance: random.Random) -> None:
    """The styles are in UTF-16."""
    tree = etree.fromstring(docx.parts[STYLES])
    docx.parts[STYLES] = etree.tostring(tree, xml_declaration=True, encoding="UTF-16")


KEEPING: tuple[Mutation, ...] = (
    split_runs,
    merge_runs,
    rsids,
    proofing,
    smart_tags,
    content_controls,
    accepted_changes,
    format_changes,
    pending_tables,
    pending_paragraphs,
    sections,
    listed_contents,
    other_ids,
    derived_styles,
    renamed_styles,
    capital_names,
    lost_marks,
    marks_between,
    swapped_marks,
    doubled_marks,
    slipped_marks,
    lost_properties,
    compatibility,
    alternates,
    link_fields,
    redirected_links,
    signs,
    page_numbers,
    typed_page_numbers,
    empty_paragraphs,
    automatic_lists,
    lost_parts,
    utf16,
)
"""What must not look like an edit."""
_BY_ID = (page_numbers, typed_page_numbers, automatic_lists, empty_paragraphs, pending_paragraphs, listed_contents)
"""Those that know our styles by their ids, and so must come before the ids change."""


def mutated(data: bytes, mutations: Sequence[Mutation], seed: int) -> bytes:
    """The file after these, each once."""
    docx, chance = Docx(data), random.Random(seed)
    for mutate in sorted(dict.fromkeys(mutations), key=lambda one: one not in _BY_ID):
        mutate(docx, chance)
    return docx.save()


def lost_styles(docx: Docx, chance: random.Random) -> None:
    """Everything is set in the usual style, as after a paste as plain text."""
    for one in list(docx.body.iter(w("pStyle"))):
        one.getparent().remove(one)


def strict(data: bytes) -> bytes:
    """The file in the namespaces of the ISO standard (Strict Open XML)."""
    parts = unpacked(data)
    for name in parts:
        if name.endswith((".xml", ".rels")):
            text = parts[name]
            for old, new in _STRICT:
                text = text.replace(old, new)
            parts[name] = text
    return packed(parts)


_STRICT = (
    (W.encode(), b"http://purl.oclc.org/ooxml/wordprocessingml/main"),
    (R.encode(), b"http://purl.oclc.org/ooxml/officeDocument/relationships"),
    (
        b"http://schemas.openxmlformats.org/drawingml/2006/main",
        b"http://purl.oclc.org/ooxml/drawingml/main",
    ),
)


def comment(docx: Docx, at: etree._Element, author: str, text: str) -> None:
    """A comment that somebody hangs on a paragraph."""
    made = (
        f'<w:comment w:id="77" w:author="{author}" w:initials="李"><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:comment>'
    )
    if "word/comments.xml" in docx.parts:
        docx.parts["word/comments.xml"] = docx.parts["word/comments.xml"].replace(
            b"</w:comments>", f"{made}</w:comments>".encode()
        )
    else:
        docx.parts["word/comments.xml"] = f'<w:comments xmlns:w="{W}">{made}</w:comments>'.encode()
        _register(docx, "comments", "comments.xml", "comments+xml")
    at.append(etree.fromstring(f'<w:r xmlns:w="{W}"><w:commentReference w:id="77"/></w:r>'))


def footnote(docx: Docx, at: etree._Element, text: str) -> None:
    """A footnote to a paragraph."""
    docx.parts["word/footnotes.xml"] = (
        f'<w:footnotes xmlns:w="{W}"><w:footnote w:id="2"><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:footnote>'
        f"</w:footnotes>"
    ).encode()
    _register(docx, "footnotes", "footnotes.xml", "footnotes+xml")
    at.append(etree.fromstring(f'<w:r xmlns:w="{W}"><w:footnoteReference w:id="2"/></w:r>'))


def text_box(at: etree._Element, text: str) -> None:
    """A text box beside a paragraph."""
    at.append(
        etree.fromstring(
            f'<w:r xmlns:w="{W}"><w:pict><w:txbxContent><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:txbxContent>'
            f"</w:pict></w:r>"
        )
    )


def runs(paragraph: etree._Element) -> Iterator[etree._Element]:
    """The runs that hold text."""
    return (run for run in paragraph.iter(w("r")) if run.find(w("t")) is not None)
