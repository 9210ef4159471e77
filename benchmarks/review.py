"""Milliseconds for each page of the review page and each kind of decision, on a draft of a thousand candidates.

A real server on loopback and its client share one process. `cold` is the first time, `warm` the median of those that
follow; `computing` is the processor time of the last one, client included, which a busy machine stretches less.

usage: python -m benchmarks.review [CANDIDATES [CHOSEN ...]]
"""

from __future__ import annotations

import datetime as dt
import random
import secrets
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import sqlalchemy as sa
import structlog

from pipeline.config import packaged
from pipeline.desk import now, open_desk
from pipeline.model import (
    Act,
    Article,
    Block,
    Candidate,
    Decision,
    Deed,
    Draft,
    Edge,
    Kind,
    Rating,
    Relation,
    Role,
    Verdict,
    Window,
)
from pipeline.web import Office, create_app, listening, serve
from pipeline.web.table import ROUTES

SERIES = "beijing-monthly"
JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
HERE = f"/issues/{SERIES}/{JUNE.start}"
_TIMES = 7
_LEFT_OUT = ("layout", "/api/v1/")  # set by LibreOffice; asked for with a token
_OUTLETS = ("北京日报", "健康报", "千龙网", "北京青年报", "中国新闻网", "人民网", "新京报")
_COMMON = bytes(byte for row in range(0xB0, 0xC8) for column in range(0xA1, 0xFF) for byte in (row, column)).decode(
    "gb2312"
)
_WORDS = tuple(a + b for a, b in zip(_COMMON, _COMMON[997:] + _COMMON[:997], strict=True))
"""Two thousand words: stories of few words would all be alike, and each a finding."""


def candidates(count: int) -> tuple[Candidate, ...]:
    """Stories of some 900 characters each, a third of them with reprints; always the same."""
    chance = random.Random(7)
    return tuple(_candidate(chance, number) for number in range(count))


def _candidate(chance: random.Random, number: int) -> Candidate:
    day = JUNE.start + dt.timedelta(days=number % 30)
    title = "北京智慧医院" + "".join(chance.choices(_WORDS, k=6))
    blocks = tuple(Block(Kind.PARAGRAPH, _sentences(chance)) for _ in range(8))
    outlets = chance.sample(_OUTLETS, 1 + (number % 3 == 0) * chance.randint(1, 4))
    articles = tuple(
        Article(
            url=f"https://news.example.cn/{day:%Y%m%d}/{number}-{place}.html",
            title=title if place < 2 else f"{title}（图）",
            blocks=blocks,
            date=day,
            origin=outlet,
            publisher=outlet,
            confidence=0.9,
        )
        for place, outlet in enumerate(outlets)
    )
    edges = tuple(Edge(articles[0].id, one.id, Relation.REPRINT, 0.97, "正文相同") for one in articles[1:])
    score = round(1 - number / 1100, 3)
    verdict = Verdict.IN if score > 0.7 else Verdict.BORDERLINE if score > 0.5 else Verdict.OUT
    rating = Rating(score, verdict, (f"命中：{title[:4]}", "北京机构"))
    return Candidate(f"c{number:04}", articles, rating, edges=edges, seen=dt.datetime(2024, 7, 1, tzinfo=dt.UTC))


def _sentences(chance: random.Random) -> str:
    return "".join("".join(chance.choices(_WORDS, k=8)) + "，" for _ in range(6)) + "正在推进。"


class _Nobody:
    """Makes no draft: none is asked for."""

    def __call__(self, series: str, window: Window, asker: str) -> None:
        raise RuntimeError(f"{asker} asks for a draft, which is not what is measured")

    def ahead(self, series: str, window: Window) -> int | None:
        return None


@contextmanager
def served(folder: Path, count: int, chosen: int) -> Iterator[tuple[httpx.Client, Office]]:
    """A signed-in client of the review page of a new workspace with one draft."""
    shutil.copytree(packaged("config"), folder / "config")
    secret = secrets.token_urlsafe(32)
    with open_desk(folder, clock=now) as desk:
        stories = candidates(count)
        draft = Draft(SERIES, JUNE, stories, tuple(one.handle for one in stories[:chosen]), ordered=True)
        desk.issues.begin(draft, Decision("generate", "系统", now()), desk.last(desk.series(SERIES)))
        desk.add_account("wang", "王编辑", Role.ADMIN, (), "测量")
        account = desk.account("wang")
        desk.staff.begin(account, secret, "benchmark", Deed(account.name, Act.SIGNED_IN, now(), account.login))
    office = Office(folder, lambda: open_desk(folder, clock=now), now, _Nobody())
    door, stopping = listening("127.0.0.1:0"), threading.Event()
    page = threading.Thread(target=serve, args=(create_app(office), door, stopping))
    page.start()
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF": account.word}
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{door.getsockname()[1]}", cookies={"desk": secret}, headers=headers, timeout=600
        ) as client:
            yield client, office
    finally:
        stopping.set()
        page.join()
        office.close()


def pages() -> list[str]:
    """Every address that can be looked at, of those that are there without a release."""
    filled = {"{series}": SERIES, "{start}": str(JUNE.start), "{handle}": "c0003", "{revision}": "1", "{format}": "md"}
    found = []
    for route in ROUTES:
        path = route.path
        for name, value in filled.items():
            path = path.replace(name, value)
        if route.method == "GET" and "{" not in path and not any(one in path for one in _LEFT_OUT):
            found.append(path)
    return found


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    count, *cases = map(int, sys.argv[1:] or ("1000", "30", "300"))
    for chosen in cases or [30]:
        with (
            tempfile.TemporaryDirectory() as folder,
            served(Path(folder) / "office", count, chosen) as (client, office),
        ):
            _report(client, office, count, chosen)


def _report(client: httpx.Client, office: Office, count: int, chosen: int) -> None:
    print(f"\n{count:,} candidates, {chosen} in the issue\n")
    print(f"{'':58} {'cold':>7} {'warm':>7} {'computing':>9} {'SQL':>4} {'KB':>6}")
    for path in pages():
        times, status, size = [], 0, 0
        computing, statements = 0.0, 0
        for _ in range(_TIMES):
            with counted() as said:
                began, used = time.perf_counter(), time.process_time()
                answer = client.get(path)
                times.append(time.perf_counter() - began)
            computing, statements = time.process_time() - used, len(said)
            status, size = answer.status_code, len(answer.content)
        told = path if status == 200 else f"{path} ({status})"
        _line(told, times, computing, statements, size)
    asked = {
        "include": lambda n: {"verb": "include", "target": f"c{chosen + n:04}"},
        "exclude": lambda n: {"verb": "exclude", "target": f"c{chosen + n:04}"},
        "reorder": lambda n: {"verb": "reorder", "target": f"c{n:04}", "to": "10"},
        "edit": lambda n: {"verb": "edit", "target": "c0005", "title": f"北京市医院智慧病房第{n}批上线"},
    }
    for name, values in asked.items():
        _decisions(name, client, office, values)


def _decisions(name: str, client: httpx.Client, office: Office, values: Callable[[int], dict[str, str]]) -> None:
    for fragment in (False, True):
        times, status, size = [], 0, 0
        computing, statements = 0.0, 0
        for number in range(_TIMES):
            with office.opened() as desk:
                revision = str(desk.issues.stand(SERIES)[JUNE.start].revision)
            form = {"revision": revision, **values(number + fragment * _TIMES)}
            with counted() as said:
                began, used = time.perf_counter(), time.process_time()
                answer = client.post(f"{HERE}/decide", data=form, headers={"HX-Request": "true"} if fragment else {})
                times.append(time.perf_counter() - began)
            computing, statements = time.process_time() - used, len(said)
            status, size = answer.status_code, len(answer.content)
        _line(f"decide {name}{' (fragment)' if fragment else ''} ({status})", times, computing, statements, size)


def _line(name: str, times: list[float], computing: float, statements: int, size: int) -> None:
    warm = statistics.median(times[1:])
    print(
        f"{name:58} {1000 * times[0]:7.0f} {1000 * warm:7.1f} {1000 * computing:9.1f} {statements:4} {size / 1000:6.0f}"
    )


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that any database is asked meanwhile."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


if __name__ == "__main__":
    main()
