"""While somebody else holds the database, whatever writes into it waits, says who it is, and changes nothing."""

import datetime as dt
import gzip
import inspect
import io
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from drafts import JUNE, NOON, SERIES, article, candidate, draft
from pipeline import store
from pipeline.errors import Busy
from pipeline.model import (
    Account,
    Act,
    Decision,
    Deed,
    Event,
    Issue,
    Last,
    Lead,
    Learned,
    Learnt,
    Link,
    Notice,
    Outcome,
    Page,
    Purpose,
    Release,
    Revisit,
    Role,
    State,
    Tally,
    Visit,
    Work,
    Worker,
)
from pipeline.steps.dedupe import telling
from pipeline.steps.window import named
from pipeline.store import (
    Asked,
    Blobs,
    Claims,
    Database,
    Fingerprints,
    Issues,
    Leads,
    Pictures,
    Waiting,
    postgresql,
    sqlite,
)
from pipeline.store.dump import dump

STORES: dict[str, Callable[[Database, Blobs], object]] = {
    "Claims": lambda database, _: Claims(database, 120.0),
    "Fingerprints": lambda database, _: Fingerprints(database, telling),
    "Leads": Leads,
    "Pictures": Pictures,
}
"""Those that are made of more than a database."""
ONLY_IF_KNOWN = {"Staff.session", "Staff.token"}
"""They write only about somebody they find."""
_SOURCE = re.compile(r"\.write\(\)")


def _writing() -> list[tuple[str, str]]:
    """Every public method of a store that opens a writing transaction, by the code itself."""
    found = []
    for name in store.__all__:
        kind = getattr(store, name)
        for method, function in inspect.getmembers(kind, inspect.isfunction) if inspect.isclass(kind) else ():
            ours = function.__qualname__ == f"{name}.{method}" and kind is not Database and not method.startswith("_")
            if ours and _SOURCE.search(inspect.getsource(function)):
                found.append((name, method))
    return found


def _values(issues: Issues) -> dict[str, object]:
    """Something for every kind of parameter that there is."""
    one = draft(candidate("甲"), chosen=("甲",))
    last = Last(534, named(SERIES, month="2024-05"))
    decision = Decision("generate", "系统", NOON)
    desked = issues.begin(one, decision, last)
    issue = Issue("beijing-monthly", "北京市卫生信息化舆情监测月报", "编辑部", 535, JUNE, "导语", ())
    deed = Deed("王主任", Act.ACCOUNT_CHANGED, NOON)
    notice = Notice("键", Event.DRAFT_READY, "草稿", "正文", NOON)
    return {
        "Account": Account("li", "李静", Role.EDITOR, word="w"),
        "Accounts": store.Accounts(1, ()),
        "Asked": Asked(),
        "Claim": None,
        "Decision": decision,
        "Deed": deed,
        "Desked": desked,
        "Draft": one,
        "Last": last,
        "Learned": Learned(Learnt.SCOPE, NOON, "王", 1, "{}", {}),
        "Learnt": Learnt.SCOPE,
        "Link": Link(Purpose.FIRST_ADMIN, NOON),
        "Notice": notice,
        "Page": Page("https://news.bjd.com.cn/a.shtml", b"<html></html>", NOON, "text/html"),
        "Part": store.Part(1, 2, "https://news.bjd.com.cn/a_2.shtml", None),
        "Release": Release(issue, desked.revision, "王编辑", NOON, {}, {}, Tally({})),
        "Revisit": Revisit("https://news.bjd.com.cn/a.shtml", NOON),
        "Role": Role.EDITOR,
        "State": State.IN_REVIEW,
        "Visit": Visit("bjd", NOON, Outcome.OK),
        "Waiting": Waiting(1, notice, 0, ()),
        "Window": JUNE,
        "Work": Work("beijing-monthly", JUNE),
        "Worker": Worker("王@机器", "", 1),
        "Carried": store.Carried((), "依据"),
        "bool": True,
        "bytes": b"x",
        "dt.datetime": NOON,
        "dt.timedelta": dt.timedelta(hours=1),
        "int": 1,
        "str": "甲",
        "Sequence[str]": ["甲"],
        "Sequence[tuple[int, Article | Rejection]]": [(1, article("乙"))],
        "Iterable[Lead]": [Lead("bjd", "https://news.bjd.com.cn/a.shtml", "标题")],
        "Mapping[str, float]": {"read": 1.0},
        "Mapping[str, str]": {"bjd": "连不上"},
        "Sequence[tuple[Part, int]]": [(store.Part(1, 2, "https://news.bjd.com.cn/a_2.shtml", None), 1)],
    }


@contextmanager
def _held(where: Path | str) -> Iterator[None]:
    """Somebody else holds the database for ever, on a file so that nobody can even read it."""
    if isinstance(where, Path):
        other = sqlite3.connect(where, isolation_level=None, timeout=30)
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.close()
        return
    database = Database(where)
    with database.write():
        yield
    database.close()


@pytest.fixture
def opened(where) -> Iterator[Callable[[], Database]]:
    """Opens the database, as often as it is wanted."""
    every = list[Database]()

    def opened() -> Database:
        every.append(Database(where))
        return every[-1]

    yield opened
    for one in every:
        one.close()


def _rows(database: Database) -> list[str]:
    file = io.BytesIO()
    with database.snapshot() as connection:
        dump(database, connection, file)
    return gzip.decompress(file.getvalue()).decode().splitlines()


def test_every_method_that_writes_waits_its_turn_then_says_who_holds_the_database(where, opened, tmp_path, monkeypatch):
    database, blobs = opened(), Blobs(tmp_path / "blobs")
    values = _values(Issues(database))
    before = _rows(database)
    database.close()
    monkeypatch.setattr(sqlite, "_WAIT_SECONDS", 0.02)
    monkeypatch.setattr(postgresql, "_WAIT_SECONDS", 0.02)
    database = opened()
    methods = _writing()
    with _held(where):
        told = {f"{name}.{method}": _told(name, method, values, database, blobs) for name, method in methods}
    wrong = {name: one for name, one in told.items() if not one.startswith("数据库被占用")}
    if isinstance(where, str):
        wrong = {name: one for name, one in wrong.items() if name not in ONLY_IF_KNOWN}
    assert wrong == {}
    assert len(told) > 50
    assert _rows(database) == before


def _told(name: str, method: str, values: dict[str, object], database: Database, blobs: Blobs) -> str:
    kind = getattr(store, name)
    one = STORES[name](database, blobs) if name in STORES else kind(database)
    called = getattr(one, method)
    given, named_ = [], {}
    for parameter in inspect.signature(called).parameters.values():
        if parameter.default is not parameter.empty or parameter.kind is parameter.VAR_KEYWORD:
            continue
        value = values.get(str(parameter.annotation), [])
        if parameter.kind is parameter.KEYWORD_ONLY:
            named_[parameter.name] = value
        else:
            given.append(value)
    try:
        called(*given, **named_)
    except Busy as busy:
        return busy.message
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "wrote"


def test_a_lock_that_is_given_up_in_time_is_waited_for(where, opened):
    database = opened()
    begun = threading.Event()

    def hold() -> None:
        with _held(where):
            begun.set()
            threading.Event().wait(0.5)

    holding = threading.Thread(target=hold)
    holding.start()
    begun.wait()
    with database.write() as connection:
        connection.execute(sa.text("INSERT INTO skips VALUES ('s', '2024-06-01', '无', '王', 'x')"))
    holding.join()
    assert any("2024-06-01" in line for line in _rows(database))
