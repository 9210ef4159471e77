"""How the desk looks after its sources: who is told of what, whose turn it is, what a draft says it lacks."""

import datetime as dt
import pickle
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from pipeline.desk import STAGES, Desk, Inline, open_desk
from pipeline.errors import FetchError, NothingCollected
from pipeline.executor import Children
from pipeline.executor.children import Packed
from pipeline.model import BEIJING, Fetched, Health, Outcome, Page, Progress, Visit, Window
from pipeline.store import sqlite
from sites import Site, reply

START = dt.datetime(2024, 6, 1, 8, tzinfo=BEIJING)
JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
ROUND = dt.timedelta(hours=4)
NAMES = {
    "good": "好的信源",
    "down": "停机的信源",
    "dns": "无此域名的信源",
    "slow": "缓慢的信源",
    "flapping": "时好时坏的信源",
}


@dataclass
class Web:
    """A web of feeds, some of which are broken; new articles come with the time."""

    now: dt.datetime = START
    broken: dict[str, str] = field(default_factory=dict)
    """Source → why it fails just now."""
    still: set[str] = field(default_factory=set)
    """Sources that publish nothing new any more."""
    empty: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def clock(self) -> dt.datetime:
        return self.now

    def __call__(self, url: str, *, etag: str = "", modified: str = "", limit: int = 0) -> Fetched:
        name = url.split("/")[2].removesuffix(".example")
        if not url.endswith("feed.xml"):
            body = f"<html><h1>第{url}条</h1><p>{'消息。' * 60}</p></html>"
            return Fetched(Page(url, body.encode(), self.now))
        self.asked.append(name)
        if why := self.broken.get(name):
            raise FetchError(f"{url}：{why}")
        return Fetched(Page(url, f"<rss><channel>{self._items(name)}</channel></rss>".encode(), self.now))

    def _items(self, name: str) -> str:
        if name in self.empty:
            return ""
        last = 5 if name in self.still else int((self.now - START) / ROUND) + 5
        return "".join(
            f"<item><title>{name}的第{n}条新闻</title><link>https://{name}.example/{n}.html</link></item>"
            for n in range(max(0, last - 5), last)
        )


@pytest.fixture
def web():
    return Web()


def _unsynced(connection, record):
    _PREPARE(connection, record)
    connection.execute("PRAGMA synchronous = OFF")


_PREPARE = sqlite._prepare


class Here(Children):
    """Parses in this process: that pages are read out of reach is promised elsewhere, and costs a call 10 ms."""

    def prepare(self):
        """Nothing to load."""

    def each(self, function, items):
        call = pickle.loads(function.data) if isinstance(function, Packed) else function
        return iter([call(item) for item in items])

    def apart(self, function, *args, **kwargs):
        return function(*args, **kwargs)


@pytest.fixture
def desk(workspace, web, monkeypatch):
    # nobody pulls the plug here, and a disk takes longer to make sure of a write than a visit does
    monkeypatch.setattr("pipeline.store.sqlite._prepare", _unsynced)
    lines = [
        f"- {{id: {one}, name: {name}, kind: feed, url: 'https://{one}.example/feed.xml'}}"
        for one, name in NAMES.items()
    ]
    (workspace / "config" / "sources.yaml").write_text("\n".join(lines), "utf-8")
    monkeypatch.setattr("pipeline.desk.wiring.fetcher", lambda config, clock, visits: web)
    monkeypatch.setattr("pipeline.desk.wiring.children", lambda config: Here())
    with open_desk(workspace, clock=web.clock) as made:
        yield made


def _rounds(desk: Desk, web: Web, count: int, step: dt.timedelta = ROUND) -> None:
    """Collects as the clock does, round after round."""
    for _ in range(count):
        web.now += step
        if named := [one.id for one in desk.turn()]:
            with suppress(NothingCollected):
                desk.collect(Inline(), named)


def _titles(desk: Desk, web: Web) -> list[str]:
    return [one.notice.title for one in desk.notices.waiting(web.now)]


def _health(desk: Desk) -> dict[str, Health]:
    return {source.id: one.health for source, one in desk.pulses()}


def test_a_week_of_broken_sources_costs_the_others_nothing_and_the_draft_lists_them(desk, web, workspace, bulletin):
    web.broken = {"down": "对方拒绝连接", "dns": "找不到该域名", "slow": "超过总时限 60 秒，已中断"}
    for number in range(7 * 6):
        if number % 3:
            web.broken.pop("flapping", None)
        else:
            web.broken["flapping"] = "服务器出错（HTTP 502）"
        _rounds(desk, web, 1)
    asked = {name: web.asked.count(name) for name in NAMES}
    assert asked["good"] == 42, "each round"
    assert len(desk.visits.of("good")) == 42
    assert asked["down"] == asked["dns"] == asked["slow"] < 20, "they rest ever longer"
    assert asked["flapping"] == 42, "what works again is asked again"
    assert _health(desk) == {
        "good": Health.FINE, "down": Health.FAILED, "dns": Health.FAILED, "slow": Health.FAILED,
        "flapping": Health.FINE,
    }  # fmt: skip
    web.now = dt.datetime(2024, 7, 1, 0, 30, tzinfo=BEIJING)
    report = desk.run("beijing-monthly", JUNE, Inline())
    assert list(report.silent) == ["停机的信源", "无此域名的信源", "缓慢的信源"]
    assert report.draft.silent == (
        "停机的信源（连不上网站，从未采到）",
        "无此域名的信源（找不到这个网站，它可能停办或换了域名，从未采到）",
        "缓慢的信源（连不上网站，从未采到）",
    )
    (finding,) = [one for one in desk.findings(report.desked) if one.check == "silent-sources"]
    assert finding.message.startswith("本期 3 个信源未能采集：停机的信源（连不上网站，从未采到）、")
    told = [one.notice.text for one in desk.notices.waiting(web.now) if "草稿已生成" in one.notice.title]
    assert "未能采集的信源：停机的信源（连不上网站，从未采到）" in told[0]
    _, out, _ = bulletin("-C", workspace, "draft", "show", "beijing-monthly", "--month", "2024-06")
    assert "本期 3 个信源未能采集：\n    停机的信源（连不上网站，从未采到）\n    无此域名的信源" in out


def test_each_silence_is_told_once_and_so_is_its_end(desk, web):
    _rounds(desk, web, 2)
    web.broken = {"down": "对方拒绝连接"}
    _rounds(desk, web, 2)
    assert _titles(desk, web) == []
    _rounds(desk, web, 6)
    assert _titles(desk, web) == ["信源“停机的信源”连续 3 次未能采集"]
    web.broken = {}
    _rounds(desk, web, 4)
    assert _titles(desk, web)[1:] == ["信源恢复：停机的信源"]
    web.broken = {"down": "对方拒绝连接"}
    _rounds(desk, web, 6)
    assert len(_titles(desk, web)) == 3


def test_without_a_network_there_is_one_notice_and_not_one_for_each_source(desk, web):
    _rounds(desk, web, 2)
    web.broken = dict.fromkeys(NAMES, "网络不通")
    _rounds(desk, web, 10)
    assert _titles(desk, web) == ["所有信源都未能采集，可能是网络不通"]
    web.broken = {"down": "对方拒绝连接"}
    _rounds(desk, web, 12)
    assert _titles(desk, web)[1:] == ["4 个信源恢复"], "who fails on was told of already"


def test_a_list_that_is_empty_twice_is_told_of_for_its_site_was_redesigned(desk, web):
    _rounds(desk, web, 3)
    web.empty = {"good"}
    _rounds(desk, web, 1)
    assert _titles(desk, web) == []
    _rounds(desk, web, 5)
    assert _titles(desk, web) == ["信源“好的信源”连续 2 次没有给出线索，可能已改版"]
    assert desk.notices.waiting(web.now)[0].notice.pointer.command == "bulletin sources check good"


def test_a_source_that_shows_the_same_for_long_is_told_of_as_quiet(desk, web):
    _rounds(desk, web, 7)
    web.still = {"good"}

    _rounds(desk, web, 11)
    assert _titles(desk, web) == []
    _rounds(desk, web, 12)
    assert _titles(desk, web) == ["信源“好的信源”比平时安静，可能已改版或停更"]
    assert _health(desk)["good"] is Health.QUIET


def test_a_source_that_seldom_publishes_is_asked_once_a_day_and_one_that_often_does_each_round(desk, web):
    web.still = {"good"}
    _rounds(desk, web, 6 * 4)
    del web.asked[:]
    _rounds(desk, web, 6 * 4)
    assert web.asked.count("flapping") == 24
    assert 4 <= web.asked.count("good") <= 5


def test_the_rhythm_can_be_switched_off_and_overridden(workspace, desk, web):
    web.still = {"good", "slow"}
    _rounds(desk, web, 6 * 4)
    sources = [one.model_copy(update={"every": 12.0}) if one.id == "slow" else one for one in desk.config.sources]
    clock = desk.config.settings.clock.model_copy(update={"adaptive": False})
    settings = desk.config.settings.model_copy(update={"clock": clock})
    desk.config = desk.config.model_copy(update={"sources": tuple(sources), "settings": settings})
    del web.asked[:]
    _rounds(desk, web, 6)
    assert (web.asked.count("good"), web.asked.count("slow")) == (6, 2)


def test_somebody_who_collects_by_hand_asks_a_resting_source_too(desk, web):
    web.broken = {"down": "对方拒绝连接"}
    _rounds(desk, web, 10)
    assert "down" not in [one.id for one in desk.turn()]
    before = web.asked.count("down")
    assert desk.collect(Inline()) == {"停机的信源": "https://down.example/feed.xml：对方拒绝连接"}
    assert web.asked.count("down") == before + 1


def test_a_host_that_asks_to_be_left_alone_is_so_in_the_next_round_and_by_hand_it_is_said_why(workspace):
    site = Site()
    site.answers["/feed.xml"] = reply(b"", "429 Slow down", Retry_After="3600")
    (workspace / "config" / "sources.yaml").write_text(
        "- {id: busy, name: 繁忙的信源, kind: feed, url: 'http://busy.example/feed.xml'}\n"
        "- {id: inbox, name: 收件箱, kind: folder, path: inbox}\n",
        "utf-8",
    )
    settings = workspace / "config" / "settings.yaml"
    text = settings.read_text("utf-8").replace("connect_to: {}", f'connect_to: {{"*:80": "{site.address}"}}')
    text = text.replace("robots: true", "robots: false").replace("collect_minutes: 240", "collect_minutes: 10")
    settings.write_text(text, "utf-8")

    def collected(minutes: int, *ids: str) -> tuple[list[str], dict[str, str]]:
        with open_desk(workspace, clock=lambda: START + dt.timedelta(minutes=minutes)) as desk:
            turn = [one.id for one in desk.turn()]
            return turn, desk.collect(Inline(), ids or turn)

    try:
        assert collected(0)[1]["繁忙的信源"].endswith("要求 60 分钟后再访问，本次跳过")
        turn, _ = collected(15)
        assert turn == ["inbox"]
        _, silent = collected(20, "busy", "inbox")
        assert silent["繁忙的信源"].endswith("该网站要求 40 分钟后再访问，本次跳过")
        assert site.requests == ["/feed.xml"]
        site.answers["/feed.xml"] = reply(b"<rss><channel></channel></rss>")
        turn, silent = collected(400)
        assert turn == ["busy", "inbox"]
        assert silent == {}
    finally:
        site.close()


def test_a_visit_is_kept_with_its_counts(desk, web):
    _rounds(desk, web, 2)
    first, second = desk.visits.of("good")
    assert (first.outcome, first.leads, first.fresh, first.pages) == (Outcome.OK, 5, 5, 5)
    assert (second.leads, second.fresh, second.pages) == (5, 1, 1)
    assert second.when == web.now


class Retrying(Inline):
    """Asks a second time what failed, and once more what went well, as after a broken connection."""

    def each(self, verb, over):
        first = super().each(verb, over)
        return super().each(verb, over) if verb.__name__ == "harvest" else first


def test_a_source_that_is_asked_again_within_a_round_was_visited_once(desk, web):
    web.broken["down"] = "连接被拒绝"
    desk.collect(Retrying())
    assert web.asked.count("good") == web.asked.count("down") == 2
    assert [(one.leads, one.fresh) for one in desk.visits.of("good")] == [(5, 5)]
    assert [one.outcome for one in desk.visits.of("down")] == [Outcome.FAILED]
    assert desk.leads.asked("down").failures == 1
    number = desk.visits.newest()
    desk.collect(Inline())
    assert len(desk.visits.of("good")) == 1, "a moment has one visit of a source"
    assert desk.visits.newest() > number, "and whoever looks for news sees it"
    web.now += ROUND
    desk.collect(Inline())
    assert len(desk.visits.of("good")) == 2
    assert desk.leads.asked("down").failures == 3


def test_visits_of_half_a_year_ago_are_dropped_but_for_those_that_say_since_when(desk, web):
    _rounds(desk, web, 3)
    web.broken = {"good": "对方拒绝连接"}
    web.now += dt.timedelta(days=100)
    _rounds(desk, web, 1)
    web.now += dt.timedelta(days=100)
    _rounds(desk, web, 1)
    kept = desk.visits.of("good")
    assert [one.outcome for one in kept] == [Outcome.OK, Outcome.FAILED, Outcome.FAILED]
    assert kept[0].when == START + 3 * ROUND
    (state,) = [one for source, one in desk.pulses() if source.id == "good"]
    assert state.succeeded == kept[0].when


def test_of_two_who_look_at_once_one_tells(desk, web):
    web.broken = {"down": "对方拒绝连接"}
    _rounds(desk, web, 1)
    assert desk.visits.tell({"down": "failed"}, [])
    assert not desk.visits.tell({"down": "failed"}, [])
    assert desk.visits.told() == {"down": "failed"}


def test_the_log_of_visits_knows_the_last_good_one_however_long_ago_it_was(desk, web):
    _rounds(desk, web, 1)
    first = web.now
    web.broken = {"good": "对方拒绝连接"}
    web.now += dt.timedelta(days=170)
    _rounds(desk, web, 1)
    found = desk.visits.every(web.now - dt.timedelta(days=1))["good"]
    assert [one.when for one in found] == [first, web.now]
    assert isinstance(found[0], Visit)


def test_others_see_how_far_a_run_is_while_it_works_and_which_sources_answered(desk, web):
    class Watched(Inline):
        """Looks at the run from outside before each stage, as the review page does."""

        def __init__(self) -> None:
            super().__init__()
            self.seen: list[tuple[str, ...]] = []

        def each(self, verb, over):
            making = desk.making("beijing-monthly", JUNE)
            self.seen.append(tuple(making.run.seconds))
            return super().each(verb, over)

    web.broken = {"down": "对方拒绝连接"}
    web.now = dt.datetime(2024, 7, 1, 1, tzinfo=BEIJING)
    engine = Watched()
    assert desk.making("beijing-monthly", JUNE) is None
    desk.run("beijing-monthly", JUNE, engine)
    assert engine.seen[0] == ()
    assert engine.seen[1] == ("harvest",)
    assert engine.seen[-1][:2] == ("harvest", "read")
    making = desk.making("beijing-monthly", JUNE)
    assert making.claim.progress is Progress.DONE
    assert list(making.run.seconds) == list(STAGES)
    assert {source.id: visit.good for source, visit in making.asked} == {name: name != "down" for name in NAMES}
