"""How sources are doing, told from the log of their visits: trouble, rhythm, the next visit, what a draft lacks.

A source that fails says so. One whose site was redesigned fails silently: its list is empty, or shows the same
forever. So an empty list counts as trouble, and so does silence that is long for this very source. The rhythm is
measured between visits that gave something new, hence never finer than the visits; how often to visit is therefore
told from the number of new leads, which does not depend on how often somebody looked.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from itertools import pairwise, takewhile

from pipeline.model import BEIJING, Gap, Health, Outcome, Pulse, Visit, Window

FAILED_AFTER = 3
"""Failed visits in a row after which people are told; one or two are the web's daily weather."""
EMPTY_AFTER = 2
"""Empty visits in a row after which people are told; a site is sometimes caught in the middle of publishing."""
LOOK_BACK = dt.timedelta(days=120)
"""How far back visits are asked for, to tell rhythms from."""
_RHYTHM = dt.timedelta(days=60)
_MIN_GAPS = 5  # of fewer no rhythm can be told
_TIMES_USUAL = 3
_LEAST_QUIET = dt.timedelta(days=2)  # a newsroom's weekend
_COUNTED = dt.timedelta(days=30)  # over which new leads are counted to tell the interval
_KNOWN_AFTER = dt.timedelta(days=3)  # before that a source is visited each round: it is not known yet
_DAY = dt.timedelta(days=1)
_HOUR = dt.timedelta(hours=1)
_AT_ONCE = dt.timedelta(minutes=1)  # a visit so soon after one that failed is the same try: Prefect repeats it
_MISSING = _DAY  # a shorter time without a source is no gap: its list still shows what came meanwhile
_ROUTE = re.compile(r"^(?:https?://[^\s：]+(?: → )?)+：")
_MAX_REASON = 60


def trouble(state: Pulse) -> str:
    """What is wrong with a source, in Chinese, as it follows its name."""
    if state.health is Health.FAILED:
        return f"连续 {state.streak} 次未能采集"
    if state.health is Health.EMPTY:
        return f"连续 {max(state.streak, EMPTY_AFTER)} 次没有给出线索，可能已改版"
    return "比平时安静，可能已改版或停更"


def usual_gap(visits: Sequence[Visit]) -> dt.timedelta | None:
    """The time between new leads that nine of ten do not exceed; `None` with fewer than five gaps.

    Over the 60 days before the last new one: else a rhythm would be forgotten while one waits for its next beat.
    """
    fresh = [one.when for one in visits if one.fresh]
    fresh = [when for when in fresh if when > fresh[-1] - _RHYTHM]
    gaps = sorted(later - earlier for earlier, later in pairwise(fresh))
    return gaps[math.ceil(len(gaps) * 0.9) - 1] if len(gaps) >= _MIN_GAPS else None


def pulse(visits: Sequence[Visit], *, enabled: bool = True) -> Pulse:
    """How a source is doing; `visits` are all that are known, oldest first."""
    succeeded = next((one.when for one in reversed(visits) if one.good), None)
    fresh = next((one.when for one in reversed(visits) if one.fresh), None)
    usual = usual_gap(visits)

    def told(
        health: Health, because: str = "", since: dt.datetime | None = None, streak: int = 0, *, trouble: bool = False
    ) -> Pulse:
        return Pulse(health, because, since, streak, succeeded, fresh, usual, trouble)

    if not enabled:
        return told(Health.DISABLED)
    if not visits:
        return told(Health.NEVER)
    last = visits[-1]
    bad = _trailing(visits, last.outcome)
    tries = _tries(bad)
    if last.outcome is Outcome.FAILED:
        return told(Health.FAILED, last.because, bad[0].when, tries, trouble=tries >= FAILED_AFTER)
    if last.outcome is Outcome.EMPTY:
        because = last.because or "一条线索也没有"
        return told(Health.EMPTY, because, bad[0].when, tries, trouble=tries >= EMPTY_AFTER)
    # held against the last visit, not against now: of the time in which nobody looked nothing is known
    if usual is not None and fresh is not None and last.when - fresh > max(_TIMES_USUAL * usual, _LEAST_QUIET):
        because = f"平时至多 {span(usual)}就有新内容，已 {span(last.when - fresh)}没有"
        return told(Health.QUIET, because, fresh, trouble=True)
    return told(Health.UNCHANGED if last.outcome is Outcome.UNCHANGED else Health.FINE)


def _trailing(visits: Sequence[Visit], outcome: Outcome) -> list[Visit]:
    """The last visits that all came to this, oldest first."""
    return list(takewhile(lambda one: one.outcome is outcome, reversed(visits)))[::-1]


def _tries(visits: Sequence[Visit]) -> int:
    """How many visits in a row, those made again at once not counted."""
    return len(visits) - sum(later.when - earlier.when < _AT_ONCE for earlier, later in pairwise(visits))


# ----------------------------------------------------------------------------------------- when next


def interval(visits: Sequence[Visit], shortest: dt.timedelta) -> dt.timedelta:
    """How often a source is worth a visit: as often as it has something new, at least once a day."""
    known = [one for one in visits if one.when > visits[-1].when - _COUNTED] if visits else []
    if len(known) < 2 or known[-1].when - known[0].when < _KNOWN_AFTER:
        return shortest
    # what the first visit found had gathered before it
    count = sum(one.fresh for one in known[1:])
    mean = (known[-1].when - known[0].when) / count if count else _DAY
    return max(shortest, min(mean, _DAY))


def rest(failures: int) -> dt.timedelta:
    """How long a source is left alone that failed this often in a row: 1 h after the third time, up to a day."""
    return min(_HOUR * 2 ** min(failures - FAILED_AFTER, 10), _DAY) if failures >= FAILED_AFTER else dt.timedelta()


def is_due(
    visits: Sequence[Visit], now: dt.datetime, shortest: dt.timedelta, every: dt.timedelta | None = None
) -> bool:
    """Whether a source's turn has come in a round of collecting, rounds being `shortest` apart.

    `every` is what its configuration says instead of its rhythm. A turn that falls between two rounds is
    taken in the nearer one: else "once a day" would slip by a round every day.
    """
    if not visits:
        return True
    last = visits[-1]
    failures = _tries(_trailing(visits, Outcome.FAILED))
    pause = rest(failures) if failures else every or interval(visits, shortest)
    return now >= last.when + pause - shortest / 2 or last.when > now  # the clock was set back


# ------------------------------------------------------------------------------------ what is missing


def coverage_gap(visits: Sequence[Visit], window: Window, now: dt.datetime) -> Gap | None:
    """The part of a window in which a source was not collected, if it matters for the issue.

    It does when a day or more of the window lies after the last time the source was collected, or when it never
    was. A failure that was over in time is no gap, unless the list had run on beyond what was known: then every
    lead of the visit after it was new, and there may have been more.
    """
    start = dt.datetime.combine(window.start, dt.time(), BEIJING)
    end = min(dt.datetime.combine(window.end + _DAY, dt.time(), BEIJING), now)
    found: Gap | None = None
    good: Visit | None = None
    bad: list[Visit] = []
    for one in visits:
        if not one.good:
            bad.append(one)
            continue
        if bad and good and one.leads and one.fresh == one.leads:
            missing = min(one.when, end) - max(good.when, start)
            if missing >= _MISSING:
                found = Gap(_matter(bad[-1].because), good.when, one.when)
        good, bad = one, []
    if not bad or (len(bad) < EMPTY_AFTER and bad[-1].outcome is Outcome.EMPTY):
        return found
    if good is None:
        return Gap(_matter(bad[-1].because))
    if end - max(good.when, start) >= _MISSING:
        return Gap(_matter(bad[-1].because), good.when)
    return found


def told(name: str, gap: Gap, window: Window) -> str:
    """A source's gap as an editor reads it: 北方网（服务器出错，自6月3日起）."""
    if gap.since is None:
        when = "从未采到"
    elif gap.until is None:
        when = f"自{_day(gap.since, window)}起"
    else:
        when = f"{_day(gap.since, window)}至{_day(gap.until, window)}可能有遗漏"
    return f"{name}（{gap.because}，{when}）" if gap.because else f"{name}（{when}）"


def _day(moment: dt.datetime, window: Window) -> str:
    day = moment.astimezone(BEIJING).date()
    return f"{'' if day.year == window.end.year else f'{day.year}年'}{day.month}月{day.day}日"


def reason(because: str) -> str:
    """Why a visit failed, short enough for a list: without the addresses that were asked."""
    short = _ROUTE.sub("", because).rstrip("。")
    return short if len(short) <= _MAX_REASON else short[:_MAX_REASON] + "……"


def plainly(because: str) -> str:
    """The same for an editor: what is the matter with the site, and what to do about it; empty for no trouble."""
    if not because:
        return ""
    return next((told for signs, told in _PLAINLY if signs.search(because)), _UNCLEAR)


def _matter(because: str) -> str:
    """Only what is the matter, for a line among others."""
    return plainly(because).partition("；")[0]


_SELF_HEALING = "一般会自行恢复，之后的采集会再试；持续几天请告诉管理员"
_UNCLEAR = "没有采集成功；请告诉管理员，技术原因在信源的页面上"
_PLAINLY: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(signs), f"{what}；{fix}")
    for signs, what, fix in (
        ("采集时间用尽", "这次时间用完了，还没有轮到它", "不用处理，下次采集会先问到"),
        ("robots 禁止", "网站不允许程序自动采集这一页", "需要的文章请用“添加”收入；能否换一个栏目，请问管理员"),
        ("繁忙|再访问|HTTP 429", "网站忙，要求过些时候再来", "不用处理，到时会自动再试"),
        ("代理服务器|HTTP 407", "本单位的上网代理没有放行", "请告诉管理员"),
        (
            "HTTP 4(?:0[13]|51)|拒绝访问|需要登录|法律原因",
            "网站拒绝程序访问，或要先登录",
            "需要的文章请用“添加”粘贴，并告诉管理员",
        ),
        ("HTTP 4(?:04|10)", "网址已经失效，栏目可能搬了家", "请让管理员换成新的网址"),
        (r"HTTP 5\d\d|服务器出错|服务器回答", "网站自己的服务器出了故障", _SELF_HEALING),
        ("证书|加密|协议错误", "网站的安全证书有问题，为稳妥没有读取", "请告诉管理员"),
        ("域名", "找不到这个网站，它可能停办或换了域名", "请让管理员核对网址"),
        ("超时|时限|中断|连接|网络|不可达", "连不上网站", _SELF_HEALING),
        ("robots", "网站的采集规则读不到，为稳妥没有采集", _SELF_HEALING),
        (
            "没有与 links|items|JSON|站点地图|订阅源|改版|版面|脚本生成|页面结构|没有给出线索|一条线索也没有|表达式",
            "网站能打开，但读不出新闻列表，多半是改版了",
            "请让管理员核对这个信源的设置",
        ),
        ("平时至多", "比平时安静，可能停更或改版", "请打开网站看看有没有新文章；有，请告诉管理员"),
        ("文件|归档|path", "约好的文件夹或文件读不到", "请告诉管理员"),
        ("浏览器|脚本", "网页要用浏览器打开，这里没有打开成功", "请告诉管理员"),
        ("上限", "网页太大，没有读取", "请告诉管理员"),
    )
)
"""Signs in the reasons of `fetch` and `sources`, the telling ones first → what an editor reads."""


def span(time: dt.timedelta) -> str:
    """How long, as one would say it: 3 天, 5 小时, 20 分钟."""
    for unit, seconds in (("天", 86400), ("小时", 3600)):
        if time.total_seconds() >= seconds * 1.5:
            return f"{round(time.total_seconds() / seconds)} {unit}"
    return f"{max(1, round(time.total_seconds() / 60))} 分钟"
