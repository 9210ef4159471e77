import datetime as dt

import pytest

from pipeline.model import BEIJING
from pipeline.steps.extract.dates import Stamp, read_dates, url_date

FETCHED = dt.datetime(2024, 7, 1, 9, 30, tzinfo=BEIJING)


def first(text: str, fetched: dt.datetime = FETCHED) -> tuple[str, str]:
    stamps = read_dates(text, fetched).stamps
    return (str(stamps[0].day), str(stamps[0].time or "")) if stamps else ("", "")


@pytest.mark.parametrize(
    ("text", "day", "time"),
    [
        ("2024年6月30日", "2024-06-30", ""),
        ("2024年6月4日", "2024-06-04", ""),
        ("2024 年 6 月 30 日 23:59", "2024-06-30", "23:59:00"),
        ("2024/6/30 8:5", "2024-06-30", "08:05:00"),
        ("2024-06-3023:59:59", "2024-06-30", "23:59:59"),
        ("2024.06.30", "2024-06-30", ""),
        ("发布时间：２０２４－０６－３０　０８：００", "2024-06-30", "08:00:00"),
        ("二〇二四年六月三十日", "2024-06-30", ""),
        ("二○二四年十月一日".replace("十月一日", "六月十二日"), "2024-06-12", ""),
        ("2024-06-30 下午3:20", "2024-06-30", "15:20:00"),
        ("2024年06月30日星期日 10:20", "2024-06-30", "10:20:00"),
        ("20240630", "2024-06-30", ""),
        ("24年6月30日", "2024-06-30", ""),
        ("六月 30th, 2024", "2024-06-30", ""),
        ("6 月 30, 2024", "2024-06-30", ""),
        ("June 30, 2024 11:20 PM", "2024-06-30", "23:20:00"),
        ("2024/6/30 12:20:00 AM", "2024-06-30", "00:20:00"),
        ("20240630083000", "2024-06-30", "08:30:00"),
        ("18-03-0823:16", "2018-03-08", "23:16:00"),
        ("1719676799", "2024-06-29", "23:59:59"),
        ("1719676800000", "2024-06-30", "00:00:00"),
    ],
)
def test_a_written_date_is_that_day_in_beijing(text: str, day: str, time: str) -> None:
    assert first(text) == (day, time)


@pytest.mark.parametrize(
    ("text", "day", "time"),
    [
        ("2024-06-30T23:59:59+0800", "2024-06-30", "23:59:59"),
        ("2024-06-30T23:59:59+08:00", "2024-06-30", "23:59:59"),
        ("2024-06-30T16:00:00Z", "2024-07-01", "00:00:00"),
        ("2024-06-30T15:59:59.000Z", "2024-06-30", "23:59:59"),
        ("Fri, 16 Sep 2022 08:56:00 GMT", "2022-09-16", "16:56:00"),
        ("Sun, 30 Jun 2024 16:30:00 GMT", "2024-07-01", "00:30:00"),
        ("2024-06-30 23:59:59 CST", "2024-06-30", "23:59:59"),
        ("2024-06-30 23:59:59 BJT", "2024-06-30", "23:59:59"),
        ("2024-06-30 23:59:59+99:99", "2024-06-30", "23:59:59"),
        ("2024-06-30 23:59:59 GMT+8", "2024-06-30", "23:59:59"),
        ("Sun Jun 30 2024 23:59:59 GMT+0800 (China Standard Time)", "2024-06-30", "23:59:59"),
        ("2024-06-30T12:30:00-05:00", "2024-07-01", "01:30:00"),
        ("2024-06-30 11:59 EDT", "2024-06-30", "23:59:00"),
        ("2024-06-30 09:00-11:30", "2024-06-30", "09:00:00"),
    ],
)
def test_an_offset_is_converted_and_everything_else_means_beijing(text: str, day: str, time: str) -> None:
    assert first(text) == (day, time)


@pytest.mark.parametrize(
    ("text", "day", "time"),
    [
        ("3小时前", "2024-07-01", "06:30:00"),
        ("10小时前", "2024-06-30", "23:30:00"),
        ("45分钟前", "2024-07-01", "08:45:00"),
        ("2天前", "2024-06-29", ""),
        ("刚刚", "2024-07-01", ""),
        ("今天 08:20", "2024-07-01", "08:20:00"),
        ("昨天", "2024-06-30", ""),
        ("前天 22:00", "2024-06-29", "22:00:00"),
        ("06-04", "2024-06-04", ""),
        ("06-04 10:20", "2024-06-04", "10:20:00"),
        ("6月30日", "2024-06-30", ""),
        ("12-29", "2023-12-29", ""),
        ("7月3日", "2023-07-03", ""),
    ],
)
def test_a_relative_date_counts_back_from_the_fetch_and_never_forward(text: str, day: str, time: str) -> None:
    assert first(text) == (day, time)
    assert read_dates(text, FETCHED).stamps[0].guessed


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "2024年13月1日",
        "2024-06-31 10:00",
        "2024-06-30 24:00",
        "2024-06-30 10:60",
        "0000-01-01",
        "9999-12-31",
        "1717-05-05",
        "2024-07-03",
    ],
)
def test_a_date_that_cannot_be_is_reported_and_not_bent(text: str) -> None:
    reading = read_dates(text, FETCHED)
    assert reading.stamps == ()
    assert len(reading.anomalies) == 1


def test_tomorrow_is_still_possible_because_clocks_differ() -> None:
    assert first("2024-07-02") == ("2024-07-02", "")


@pytest.mark.parametrize(
    "text", ["1-10月固定资产投资", "第3版", "电话 010-63074375", "阅读 20240", "", "99999999999999"]
)
def test_digits_that_are_no_date_are_just_digits(text: str) -> None:
    assert read_dates(text, FETCHED) == read_dates("", FETCHED)


def test_a_first_of_january_without_a_clock_is_marked_as_unsupported() -> None:
    assert Stamp(dt.date(2024, 1, 1)).bare_new_year
    assert Stamp(dt.date(2024, 1, 1), dt.time(0, 0)).bare_new_year
    assert not Stamp(dt.date(2024, 1, 1), dt.time(9, 12)).bare_new_year


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://beijing.qianlong.com/2024/0604/8268001.shtml", "2024-06-04"),
        ("http://www.beijing.gov.cn/ywdt/202406/t20240619_3719001.html", "2024-06-19"),
        ("https://www.thepaper.cn/2024/06/07/a.html", "2024-06-07"),
        ("http://www.ce.cn/xwzx/gnsz/gdxw/202508/04/t20250804_2429889.shtml", ""),
        ("https://news.sina.com.cn/c/2024-06-25/doc-iihn3275702.shtml", "2024-06-25"),
        ("http://health.people.com.cn/n1/2024/0627/c14739-40265001.html", "2024-06-27"),
        ("https://www.example.cn/detail/20241399.html", ""),
        ("https://www.example.cn/id/1020240601999.html", ""),
        ("http://[broken", ""),
    ],
)
def test_an_address_may_carry_its_day(url: str, day: str) -> None:
    assert str(url_date(url, FETCHED) or "") == day  # the fourth lies after the fetch
