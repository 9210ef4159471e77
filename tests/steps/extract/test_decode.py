import codecs

import pytest

from pipeline.model import Fate, Rejection
from pipeline.steps.extract.decode import Text, decode

SENTENCES = (
    "本市三级医院全部接入统一的预约挂号平台，患者在手机上就能看到每一位医生的出诊时间。"
    "市卫生健康委表示，电子病历的共享范围将继续扩大，检查检验结果互认已经覆盖一百五十家医疗机构。"
    "记者了解到，这项工作从去年开始，由信息中心和各家医院共同完成，目前运行平稳。"
) * 8
TRADITIONAL = "醫院的掛號系統已經與健保資料連線，民眾在家就可以查詢看診進度，這對行動不便的長者來說是很大的幫助。" * 10


def page(text: str, label: str) -> str:
    return f'<html><head><meta charset="{label}"><title>测试</title></head><body><p>{text}</p></body></html>'


def read(body: bytes, charset: str = "") -> Text:
    found = decode(body, charset)
    assert isinstance(found, Text), found
    return found


@pytest.mark.parametrize(
    ("encoding", "label"),
    [
        ("gb18030", "gb2312"),
        ("gbk", "utf-8"),
        ("gbk", ""),
        ("utf-8", "gb2312"),
        ("utf-8", "iso-8859-1"),
        ("utf-8-sig", "gbk"),
        ("utf-16", "utf-8"),
        ("utf-16-le", "utf-8"),
        ("utf-16-be", ""),
    ],
)
def test_the_bytes_are_believed_and_not_the_label(encoding: str, label: str) -> None:
    found = read(page(SENTENCES, label).encode(encoding), charset=label)
    assert SENTENCES in found.text
    assert found.replaced == 0


@pytest.mark.parametrize("label", ["big5", "utf-8", "gb2312", ""])
def test_big5_is_told_from_gbk_by_what_it_reads_like(label: str) -> None:
    assert TRADITIONAL in read(page(TRADITIONAL, label).replace("测试", "").encode("big5")).text


def test_a_character_that_only_gb18030_has_survives_the_label_gb2312() -> None:
    assert "镕㐂𠮷" in read(page(SENTENCES + "镕㐂𠮷", "gb2312").encode("gb18030")).text


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("bad", [1, 5])
def test_a_few_bad_bytes_cost_no_more_than_themselves_and_are_counted(encoding: str, bad: int) -> None:
    body = page(SENTENCES, encoding).encode(encoding)
    head, tail = body[: len(body) // 2], body[len(body) // 2 :]
    cut = tail.index("，".encode(encoding))
    found = read(head + tail[:cut] + b"\xff" * bad + tail[cut:])
    assert SENTENCES[:200] in found.text
    assert 1 <= found.replaced <= bad


def test_half_a_character_at_the_cut_end_is_no_damage() -> None:
    found = read(page(SENTENCES, "utf-8").encode().partition(b"</p>")[0][:-1])
    assert found.encoding == "utf-8"
    assert found.replaced == 0


def test_lines_of_another_encoding_inside_a_page_are_read_too() -> None:
    mixed = page(SENTENCES, "gbk").encode("gbk") + b"\n" + "<p>页脚由另一个系统生成，编码不同。</p>".encode()
    text = read(mixed).text
    assert SENTENCES in text
    assert "页脚由另一个系统生成，编码不同。" in text


def test_more_than_one_percent_of_lost_characters_is_mojibake() -> None:
    body = page(SENTENCES, "utf-8").encode()
    noise = bytes(0x80 + (i * 37) % 64 for i in range(400))
    found = decode(body.replace(b"</p>", noise + b"</p>"), "")
    assert isinstance(found, Rejection)
    assert found.fate is Fate.UNREADABLE
    assert "乱码" in found.because


def test_text_lost_before_it_was_saved_is_called_mojibake() -> None:
    found = decode(page("锟斤拷" * 60 + "，锟斤拷锟斤拷。", "utf-8").encode(), "")
    assert isinstance(found, Rejection)
    assert "乱码" in found.because


def test_utf8_saved_as_latin_is_turned_back() -> None:
    twice = page(SENTENCES, "utf-8").encode().decode("latin-1").encode("utf-8")
    assert SENTENCES in read(twice).text


def test_a_french_text_is_not_taken_for_doubly_encoded_chinese() -> None:
    french = "L’hôpital a ouvert une nouvelle unité ; les médecins y sont déjà présents. " * 20
    assert french in read(page(french, "utf-8").encode()).text


def test_text_after_a_nul_is_kept() -> None:
    assert "前半句后半句" in read(page("前半句\0后半句", "utf-8").encode()).text


def test_control_and_tag_characters_go_and_private_use_stays() -> None:
    text = read(page("甲\x08乙\U000e0041丙\ue216丁\ufffe", "utf-8").encode("utf-8")).text
    assert "甲乙丙\ue216丁" in text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3 1 0 obj", "PDF"),
        (b"\r\n%PDF-1.4 ...", "PDF"),
        (b"PK\x03\x04\x14\x00\x06\x00", "压缩包"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "图片"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "图片"),
        (b"\x1f\x8b\x08\x00", "压缩数据"),
        (b"\x00\x00\x00\x18ftypmp42", "视频"),
        (b" \r\n\t", "空白"),
        (b"", "空白"),
        (codecs.BOM_UTF8, "空白"),
    ],
)
def test_what_is_no_text_is_refused_by_its_bytes_in_chinese(body: bytes, kind: str) -> None:
    found = decode(body, "utf-8")
    assert isinstance(found, Rejection)
    assert found.fate is Fate.UNREADABLE
    assert kind in found.because


@pytest.mark.parametrize("label", ["rot13", "zip", "utf-7", "no-such-code", "base64", "idna"])
def test_a_label_that_names_no_code_for_text_is_ignored(label: str) -> None:
    assert SENTENCES in read(page(SENTENCES, label).encode("gbk"), charset=label).text


def test_a_byte_lost_inside_gbk_text_costs_its_neighbours_and_not_the_rest_of_the_paragraph() -> None:
    text = "会议要求各级医疗机构加快推进电子病历建设" * 3
    body = bytearray(f"<html><p>{text}</p></html>".encode("gbk"))
    del body[30]
    found = decode(bytes(body), "gb2312")
    assert isinstance(found, Text)
    assert found.replaced == 1
    assert found.text.count("推进电子病历建设") == 3
