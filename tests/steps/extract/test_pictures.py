import pytest
from lxml import html

from pipeline.steps.extract.pictures import picture_address, unwrapped

BASE = "https://www.example.cn/a/2024/1.html"


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("https://relay.example/?http://img.example.cn/a.jpg", "http://img.example.cn/a.jpg"),
        ("https://relay.example/?https%3A%2F%2Fimg.example.cn%2Fa.jpg", "https://img.example.cn/a.jpg"),
        (
            "https://relay.example/get?url=https%3A%2F%2Fimg.example.cn%2Fa.jpg%3Fw%3D1&w=640",
            "https://img.example.cn/a.jpg?w=1",
        ),
        ("https://images.weserv.nl/?url=ssl:img.example.cn/a.jpg&w=300", "https://img.example.cn/a.jpg"),
        ("https://wsrv.nl/?url=img.example.cn/a.jpg", "http://img.example.cn/a.jpg"),
        ("https://wsrv.nl/?url=https%253A%252F%252Fimg.example.cn%252Fa.jpg", "https://img.example.cn/a.jpg"),
        ("https://relay.example/proxy/https://img.example.cn/a.jpg?x=1", "https://img.example.cn/a.jpg?x=1"),
        ("https://relay.example/https%3A%2F%2Fimg.example.cn%2Fa.jpg", "https://img.example.cn/a.jpg"),
        ("https://i0.wp.com/img.example.cn/a.jpg?resize=1", "https://img.example.cn/a.jpg"),
        ("https://www.example.cn/_next/image?url=%2Fimg%2Fa.jpg&w=640", "https://www.example.cn/img/a.jpg"),
        (
            "https://one.example/?https://two.example/?url=https%3A%2F%2Fimg.example.cn%2Fa.jpg",
            "https://img.example.cn/a.jpg",
        ),
        ("https://relay.example/view?src=//img.example.cn/a.jpg", "https://img.example.cn/a.jpg"),
        ("https://mmbiz.qpic.cn/mmbiz_jpg/abc/640?wx_fmt=jpeg", "https://mmbiz.qpic.cn/mmbiz_jpg/abc/640?wx_fmt=jpeg"),
        ("https://img.example.cn/a.jpg?from=http", "https://img.example.cn/a.jpg?from=http"),
    ],
)
def test_a_picture_behind_relays_gets_its_own_address(address: str, own: str) -> None:
    assert unwrapped(address) == own


@pytest.mark.parametrize(
    ("image", "address"),
    [
        ("<img src=b.jpg>", "https://www.example.cn/a/2024/b.jpg"),
        ("<img src=../b.jpg>", "https://www.example.cn/a/b.jpg"),
        ("<img src=//img.example.cn/b.jpg>", "https://img.example.cn/b.jpg"),
        ("<img src=/static/loading.gif data-src=/p/b.jpg>", "https://www.example.cn/p/b.jpg"),
        ("<img src=data:image/gif;base64,R0 data-original=/p/b.jpg>", "https://www.example.cn/p/b.jpg"),
        ("<img src=/grey.gif data-lazy-src=/p/b.jpg>", "https://www.example.cn/p/b.jpg"),
        ("<img src=/lazyload.png data-actualsrc=/p/b.jpg>", "https://www.example.cn/p/b.jpg"),
        ("<img src=/spacer.gif file=/p/b.jpg>", "https://www.example.cn/p/b.jpg"),
        ("<img src=/blank.gif data-mobile-img=/p/b.jpg>", "https://www.example.cn/p/b.jpg"),
        ("<img srcset='/s.jpg 320w, /l.jpg 1280w, /m.jpg 640w'>", "https://www.example.cn/l.jpg"),
        ("<picture><source srcset='/w.webp 2x'><img alt=''></picture>", "https://www.example.cn/w.webp"),
        ("<img src='https://mmbiz.qpic.cn/icon_1.png' data-src='https://mmbiz.qpic.cn/mmbiz_png/x/640?wx_fmt=png'>",
         "https://mmbiz.qpic.cn/mmbiz_png/x/640?wx_fmt=png"),
        ("<img src=/p/b.jpg width=16>", ""),
        ("<img src=/p/b.jpg height=20px>", ""),
        ("<img src=/img/share_icon.png>", ""),
        ("<img src='javascript:alert(1)' data-src='vbscript:x'>", ""),
        ("<img src='file:///etc/passwd'>", ""),
        ("<img src='http://[bad/a.jpg'>", ""),
    ],
)  # fmt: skip
def test_a_picture_is_found_where_its_page_hides_it(image: str, address: str) -> None:
    element = html.fromstring(f"<div>{image}</div>").find(".//img")
    assert picture_address(element, BASE) == address
