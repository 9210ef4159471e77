from __future__ import annotations

import pytest

from pipeline.outputs.text import clean, labelled, live_address


def test_what_no_document_may_hold_is_dropped_and_breaks_become_spaces() -> None:
    assert clean("\ufeff甲\x00乙\ud800\u202e丙\u200b丁\ufffe\x9c") == "甲乙丙丁"
    assert clean(" 甲\r\n乙\u2028丙\t丁　") == "甲 乙 丙 丁"
    assert clean("生僻字𠮷与镕喆珺不受影响") == "生僻字𠮷与镕喆珺不受影响"


@pytest.mark.parametrize(
    ("mark", "printed"),
    [("2.", "2. 影像"), ("2)", "2) 影像"), ("（1）", "（1）影像"), ("①", "①影像"), ("一、", "一、影像"), ("", "影像")],
)
def test_a_full_width_mark_of_a_list_brings_its_own_space(mark: str, printed: str) -> None:
    assert labelled(mark, " 影像") == printed


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://news.ynet.com/2024/06/19/3775544t70.html", "https://news.ynet.com/2024/06/19/3775544t70.html"),
        ("http://www.example.com/a%20b?x=1&y=[2]#z", "http://www.example.com/a%20b?x=1&y=[2]#z"),
        ("http://www.example.com/新闻", "http://www.example.com/%E6%96%B0%E9%97%BB"),
        ("", ""),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("http://www.example.com/20250804 242 9889. shtml", ""),
        ("http://[::1", ""),
        ("http://a.cn:port/", ""),
        ("https://user:secret@www.example.com/", ""),
        ("https:///no-host", ""),
        ('https://www.example.com/"><script>', ""),
    ],
)
def test_only_well_formed_web_addresses_become_links(url: str, target: str) -> None:
    assert live_address(url) == target


def test_text_that_is_printable_as_it_stands_loses_nothing_that_the_long_way_would_take() -> None:
    printable = "".join(char for char in map(chr, range(0x110000)) if char.isprintable())
    assert clean(printable) == clean("\x00" + printable)
