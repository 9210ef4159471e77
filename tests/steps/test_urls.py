"""One address for one page: what certainly is one article folds, what may be two never does."""

import pytest

from drafts import CONFIG, article
from pipeline.steps.urls import MOST_ALIASES, aliases, also_at, canonical_url, desktop, names_article, past_redirect
from spent import computing

BIZ = "__biz=MzA5MTQ4MzUyMA==&mid=2650112233&idx=1"
OTHER = BIZ.replace("MzA5", "MzA6")
ONE_ARTICLE = {
    "a mobile host": ("https://www.bjnews.com.cn/detail/1717500123169.html", "https://m.bjnews.com.cn/detail/1717500123169.html"),
    "a mobile host before www": ("http://www.gov.cn/a/content_695.htm", "http://m.www.gov.cn/a/content_695.htm"),
    "WeChat with trackers": (
        f"https://mp.weixin.qq.com/s?{BIZ}&sn=0123456789abcdef&chksm=bf&scene=21#wechat_redirect",
        f"http://mp.weixin.qq.com/s?{BIZ}&sn=0123456789abcdef&from=timeline&isappinstalled=0&clicktime=1717",
    ),
    "NetEase's account on both hosts": (
        "https://www.163.com/dy/article/J2T9AFC20519C6T9.html",
        "https://m.163.com/dy/article/J2T9AFC20519C6T9.html?spss=adap_pc",
    ),
    "NetEase's channel and its app": (
        "https://www.163.com/news/article/J2T9AFC20519C6T9.html",
        "https://c.m.163.com/news/a/J2T9AFC20519C6T9.html",
    ),
    "NetEase before its last move": (
        "https://news.163.com/24/0604/10/J2T9AFC20519C6T9.html",
        "https://3g.163.com/news/article/J2T9AFC20519C6T9.html",
    ),
    "Sohu": ("https://www.sohu.com/a/783456789_121106869", "https://m.sohu.com/a/783456789_121106869?scm=1102.xchannel:1"),
    "Toutiao": ("https://www.toutiao.com/article/7376543210987654321/", "https://m.toutiao.com/i7376543210987654321/?w=1"),
    "Baijiahao": (
        "https://baijiahao.baidu.com/s?id=1800912345678901234&wfr=spider&for=pc",
        "https://baijiahao.baidu.com/s?id=1800912345678901234&searchword=%E5%8C%BB%E4%BF%9D",
    ),
    "ifeng in two channels": ("https://news.ifeng.com/c/8ZxQ3kPm7Rt", "https://i.ifeng.com/c/8ZxQ3kPm7Rt"),
    "thepaper": ("https://www.thepaper.cn/newsDetail_forward_27612345", "https://m.thepaper.cn/detail/27612345"),
    "Xinhua under both names": (
        "http://www.xinhuanet.com/politics/2024-06/04/c_1130156789.htm",
        "https://m.xinhuanet.com/2024-06/04/c_1130156789.htm",
    ),
    "Xinhua's newer form": (
        "https://www.news.cn/politics/20240604/0123456789abcdef0123456789abcdef/c.html",
        "http://www.xinhuanet.com/20240604/0123456789abcdef0123456789abcdef/c.html",
    ),
    "CCTV": (
        "https://news.cctv.com/2024/06/04/ARTIabcDEFghiJKLmnoPQRs240604.shtml",
        "https://m.news.cctv.com/2024/06/04/ARTIabcDEFghiJKLmnoPQRs240604.shtml",
    ),
    "Sina": (
        "https://finance.sina.com.cn/jjxw/2024-06-04/doc-inaxpqrs1234567.shtml",
        "https://finance.sina.cn/2024-06-04/detail-inaxpqrs1234567.d.html?vt=4",
    ),
    "Tencent": ("https://new.qq.com/rain/a/20240604A01ABC00", "https://view.inews.qq.com/a/20240604A01ABC00"),
    "Huanqiu": ("https://china.huanqiu.com/article/4HabcDEF123", "https://m.huanqiu.com/article/4HabcDEF123"),
    "Eastmoney": (
        "https://finance.eastmoney.com/a/202406043095123456.html",
        "https://wap.eastmoney.com/a/202406043095123456.html",
    ),
}  # fmt: skip
TWO_ARTICLES = {
    "TRS numbers": ("https://wjw.beijing.gov.cn/a/202406/t20240604_123.html", "https://wjw.beijing.gov.cn/a/202406/t20240604_124.html"),
    "content numbers": ("https://www.gov.cn/z/202406/content_6955555.htm", "https://www.gov.cn/z/202406/content_6955556.htm"),
    "an id in the query": ("https://www.example.cn/show.asp?id=12", "https://www.example.cn/show.asp?id=13"),
    "an id beside a channel": ("https://www.example.cn/v?cid=3&aid=12", "https://www.example.cn/v?cid=3&aid=13"),
    "WeChat, first and second of a day": (f"https://mp.weixin.qq.com/s?{BIZ}", f"https://mp.weixin.qq.com/s?{BIZ[:-1]}2"),
    "WeChat, two accounts": (f"https://mp.weixin.qq.com/s?{BIZ}", f"https://mp.weixin.qq.com/s?{OTHER}"),
    "WeChat's short addresses": ("https://mp.weixin.qq.com/s/abcDEF", "https://mp.weixin.qq.com/s/abcDEg"),
    "Sohu": ("https://www.sohu.com/a/783456789_121106869", "https://www.sohu.com/a/783456780_121106869"),
    "people.com.cn's two trees": (
        "http://bj.people.com.cn/n1/2024/0604/c123-40456789.html",
        "http://bj.people.com.cn/n2/2024/0604/c123-40456789.html",
    ),
    "people.com.cn": (
        "http://health.people.com.cn/n1/2024/0604/c14739-40249999.html",
        "http://health.people.com.cn/n1/2024/0604/c14739-40250000.html",
    ),
    "Xinhua": ("http://www.news.cn/2024-06/04/c_1130156789.htm", "http://www.news.cn/2024-06/05/c_1130156790.htm"),
    "a second page": ("http://www.news.cn/2024-06/04/c_1130156789.htm", "http://www.news.cn/2024-06/04/c_1130156789_2.htm"),
    "CCTV": (
        "https://news.cctv.com/2024/06/04/ARTIabcDEFghiJKLmnoPQRs240604.shtml",
        "https://news.cctv.com/2024/06/04/ARTIabcDEFghiJKLmnoPQRt240604.shtml",
    ),
    "one number in two channels": ("https://www.example.cn/gn/2024/06-04/12.shtml", "https://www.example.cn/sh/2024/06-04/12.shtml"),
    "one number on two sites of a group": ("https://news.ynet.com/2024/06/04/36.html", "https://t.ynet.com/2024/06/04/36.html"),
    "Baijiahao": ("https://baijiahao.baidu.com/s?id=1800912345678901234", "https://baijiahao.baidu.com/s?id=1800912345678901235"),
    "an account's number alone": ("https://www.163.com/dy/media/T1467284926140.html", "https://www.163.com/dy/article/T146728492614000.html"),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ONE_ARTICLE.values(), ids=ONE_ARTICLE)
def test_the_addresses_of_one_article_have_one_key(one, other):
    assert canonical_url(one) == canonical_url(other)
    assert canonical_url(canonical_url(one)) == canonical_url(one)


@pytest.mark.parametrize(("one", "other"), TWO_ARTICLES.values(), ids=TWO_ARTICLES)
def test_the_addresses_of_two_articles_never_share_a_key(one, other):
    assert canonical_url(one) != canonical_url(other)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.cn/",
        "https://www.example.cn/index.html",
        "https://www.example.cn/news/",
        "https://www.example.cn/latest",
        "https://www.example.cn/2024/06/04/",
        "https://paper.example.cn/html/2024-06/04/node_2.htm",
        "https://www.example.cn/20240604.html",
        "https://www.example.cn/list_12.html",
        "https://www.example.cn/search?q=2024&page=3",
        "https://www.example.cn/404.html",
        "javascript:void(0)",
        "http://[::1",
        "",
    ],
)
def test_what_shows_another_article_tomorrow_names_none(url):
    assert not names_article(url)


@pytest.mark.parametrize(
    "url",
    [
        *(one for pair in ONE_ARTICLE.values() for one in pair),
        "https://www.chinanews.com.cn/shipin/2024/06-04/news990123.shtml",
        "https://www.example.cn/2024/hospital-opens-online-clinic/",
    ],
)
def test_the_address_of_an_article_names_one(url):
    assert names_article(url)


OWN = "https://www.bjnews.com.cn/detail/1717500123169.html"


@pytest.mark.parametrize(
    ("claim", "url"),
    [
        pytest.param("https://m.bjnews.com.cn/detail/1717500123169.html", OWN, id="the mobile version"),
        pytest.param("https://m.bjnews.com.cn/h5/1717500123169.htm", OWN, id="the same number on another path"),
        pytest.param("https://www.example.cn/wap/a/7.html", "https://www.example.cn/a/7.html", id="a mobile folder"),
        pytest.param(
            "https://www.news.cn/tech/2024-06/04/c_1130156789.htm",
            "https://xinhuanet.com/2024-06/04/c_1130156789.htm",
            id="another site of the same owner",
        ),
    ],
)
def test_what_a_page_says_of_its_own_addresses_is_believed(claim, url):
    assert aliases(url, [], [claim], CONFIG.outlets) == (claim,)


@pytest.mark.parametrize(
    ("claim", "url"),
    [
        pytest.param("https://www.bjnews.com.cn/", OWN, id="the front page"),
        pytest.param("https://www.bjnews.com.cn/news/", OWN, id="a list"),
        pytest.param("https://www.bjnews.com.cn/detail/1717500123170.html", OWN, id="another article"),
        pytest.param("https://www.other.example/detail/1717500123169.html", OWN, id="another site"),
        pytest.param("https://www.example.cn/sh/12.html", "https://www.example.cn/gn/12.html", id="another channel"),
        pytest.param(
            "http://health.people.com.cn/n1/2024/0604/c14739-40250000.html",
            "http://health.people.com.cn/n1/2024/0604/c14739-40249999.html",
            id="another article of the channel",
        ),
        pytest.param(OWN, "https://www.bjnews.com.cn/", id="an article, on the front page"),
    ],
)
def test_a_lying_claim_joins_nothing(claim, url):
    assert aliases(url, [], [claim], CONFIG.outlets) == ()


def test_where_a_redirect_began_is_an_alias_unless_it_leads_elsewhere_tomorrow():
    short, latest, gone = "https://t.cn/A6Z1bXy", "https://www.bjnews.com.cn/latest", OWN.replace("169", "111")
    assert aliases(OWN, [short, latest, gone, OWN, "file:a.html"], [], CONFIG.outlets) == (short,)


@pytest.mark.parametrize(
    ("url", "others", "known"),
    [
        pytest.param(
            "https://m.bjnews.com.cn/detail/1.html", ["https://t.cn/A6Z1bXy", OWN], OWN, id="the desktop page"
        ),
        pytest.param("https://m.bjnews.com.cn/detail/1.html", ["https://wap.bjnews.com.cn/1.html"], "", id="none"),
        pytest.param(OWN, ["https://bjnews.com.cn/1.html"], "", id="it is one itself"),
    ],
)
def test_the_desktop_page_of_a_mobile_one_is_known_where_the_page_names_it(url, others, known):
    assert desktop(url, others) == known


def test_one_address_under_http_and_https_is_one():
    insecure = OWN.replace("https", "http")
    assert aliases(OWN, [insecure, "http://t.cn/A6Z1bXy", "https://t.cn/A6Z1bXy"], [], CONFIG.outlets) == (
        "http://t.cn/A6Z1bXy",
    )


def test_aliases_are_bounded():
    many = [f"{OWN}?utm_source=s{n}" for n in range(99)]
    assert len(aliases(OWN, many, [], CONFIG.outlets)) == MOST_ALIASES


def test_every_address_that_led_to_an_article_is_among_its_aliases():
    tracked = f"{OWN}?utm_source=weixin"
    one = also_at(article("天坛", url=OWN, aliases=("https://t.cn/A6Z1bXy",)), [OWN, tracked, "https://t.cn/A6Z1bXy"])
    assert one.aliases == ("https://t.cn/A6Z1bXy", tracked)


@pytest.mark.parametrize("part", ["a", "1", "a1", "/a", "-a", "_1", "%"])
def test_an_address_made_to_be_slow_is_read_soon(part):
    for head in ("https://www.163.com/", "https://www.example.cn/list", "https://www.example.cn/?id="):
        url = head + part * (8192 // len(part)) + "!"
        with computing(0.5):  # a page may name a hundred of them
            names_article(url)
            aliases(url, [url + "2"], [url + "3"], CONFIG.outlets)


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("https://www.google.com/url?q=https%3A%2F%2Fa.cn%2F1%3Fb%3D2&sa=D&usg=AOvVaw0", "https://a.cn/1?b=2"),
        ("https://docs.qq.com/scenario/link.html?url=https%3A%2F%2Fa.cn%2F1&pid=3", "https://a.cn/1"),
        (
            "https://apc01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttps%253A%252F%252Fa.cn%252F1",
            "https://a.cn/1",
        ),
        ("https://www.google.com/url?q=javascript:alert(1)", "https://www.google.com/url?q=javascript:alert(1)"),
        ("https://notgoogle.com/url?q=https%3A%2F%2Fa.cn%2F1", "https://notgoogle.com/url?q=https%3A%2F%2Fa.cn%2F1"),
        ("https://a.cn/url?q=https%3A%2F%2Fb.cn", "https://a.cn/url?q=https%3A%2F%2Fb.cn"),
        ("https://[", "https://["),
    ],
)
def test_a_link_leads_past_the_redirect_of_an_office_program_and_of_nobody_else(url, leads_to):
    assert past_redirect(url) == leads_to
