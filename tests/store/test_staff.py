"""Accounts and what lets people in: nothing that is kept could be used to sign in, and every change is told of."""

import datetime as dt
import shutil

import pytest
import sqlalchemy as sa

from drafts import NOON
from pipeline.errors import Conflict, UsageError
from pipeline.model import Account, Act, Deed, Link, Purpose, Role
from pipeline.store import Audit, Database, Staff, schema

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
LASTING = (12 * HOUR, 7 * DAY)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    path = tmp_path_factory.mktemp("migrated") / "desk.db"
    Database(path).close()
    return path


@pytest.fixture
def staff(migrated, tmp_path):
    database = Database(shutil.copy(migrated, tmp_path / "desk.db"))
    yield Staff(database)
    database.close()


def _deed(act: Act = Act.ACCOUNT_CHANGED, when: dt.datetime = NOON) -> Deed:
    return Deed("王主任", act, when)


def _account(login: str, role: Role = Role.EDITOR, **fields: object) -> Account:
    return Account(login, f"{login}的署名", role, word=f"word of {login}", **fields)


def _add(staff, login: str, role: Role = Role.EDITOR, **fields: object) -> Account:
    return staff.add(_account(login, role, **fields), "$argon2$x", _deed(Act.ACCOUNT_MADE), now=NOON)


def test_an_account_comes_back_as_it_was_made(database):
    staff = Staff(database)
    made = _add(staff, "li", series=("beijing-monthly",))
    assert staff.get("li") == staff.by_id(made.id) == made
    assert (made.series, made.active, made.ready, made.word) == (("beijing-monthly",), True, True, "word of li")
    assert staff.password("li") == (made, "$argon2$x")
    assert staff.password("nobody") is None


@pytest.mark.parametrize("taken", [("li", "另一个人"), ("other", "li的署名")], ids=["login", "name"])
def test_two_accounts_of_one_login_or_name_cannot_be(staff, taken):
    _add(staff, "li")
    with pytest.raises(UsageError, match="已经有人用了"):
        staff.add(Account(*taken, Role.EDITOR), "", _deed(), now=NOON)
    assert len(staff.all()) == 1


def test_of_a_session_a_link_and_a_token_only_the_digest_is_kept(database):
    staff = Staff(database)
    account = _add(staff, "li")
    secrets = ["cookie-secret", "link-secret", "token-secret"]
    staff.begin(account, secrets[0], "Firefox", _deed(Act.SIGNED_IN))
    staff.offer(Link(Purpose.RESET, NOON + DAY, account), secrets[1], _deed(Act.LINK_MADE))
    staff.give(account, "门户", Role.VIEWER, secrets[2], _deed(Act.GRANTED))
    with database.read() as connection:
        tables = (schema.ACCOUNTS, schema.SESSIONS, schema.LINKS, schema.TOKENS, schema.AUDIT)
        kept = [str(row) for table in tables for row in connection.execute(sa.select(table))]
    assert len(kept) == 8
    assert not [row for row in kept for secret in secrets if secret in row]
    assert staff.session(secrets[0], NOON, *LASTING).account == account
    assert staff.link(secrets[1], NOON).account == account
    assert staff.token(secrets[2], NOON).account == account


@pytest.mark.parametrize(
    ("later", "lasts"), [(11 * HOUR, True), (13 * HOUR, False)], ids=["used within the idle time", "idle for too long"]
)
def test_a_session_ends_when_nobody_uses_it(staff, later, lasts):
    staff.begin(_add(staff, "li"), "secret", "", _deed(Act.SIGNED_IN))
    assert (staff.session("secret", NOON + later, *LASTING) is not None) is lasts


def test_a_session_that_is_used_all_the_time_ends_after_a_week_all_the_same(staff):
    staff.begin(_add(staff, "li"), "secret", "", _deed(Act.SIGNED_IN))
    for hours in range(0, 7 * 24, 10):
        assert staff.session("secret", NOON + hours * HOUR, *LASTING)
    assert staff.session("secret", NOON + 7 * DAY + HOUR, *LASTING) is None
    staff.sweep(NOON + 7 * DAY + HOUR, *LASTING)
    assert staff.sessions(staff.get("li"), NOON, *LASTING) == []


def test_signing_in_again_ends_the_session_that_the_browser_had(staff):
    account = _add(staff, "li")
    staff.begin(account, "before", "", _deed(Act.SIGNED_IN))
    staff.begin(account, "after", "", _deed(Act.SIGNED_IN), ending="before")
    assert staff.session("before", NOON, *LASTING) is None
    assert staff.session("after", NOON, *LASTING)


def test_nobody_ends_a_session_of_somebody_else_by_its_number(database):
    staff = Staff(database)
    li, zhao = _add(staff, "li"), _add(staff, "zhao")
    staff.begin(zhao, "secret", "", _deed(Act.SIGNED_IN))
    session = staff.session("secret", NOON, *LASTING)
    assert staff.end(li, _deed(Act.SESSIONS_ENDED), session=session.id) == 0
    assert staff.end(zhao, _deed(Act.SESSIONS_ENDED), session=session.id) == 1
    assert staff.session("secret", NOON, *LASTING) is None


def test_a_disabled_account_is_out_at_once_whatever_it_shows(staff):
    _add(staff, "admin", Role.ADMIN)
    account = _add(staff, "li")
    staff.begin(account, "cookie", "", _deed(Act.SIGNED_IN))
    staff.give(account, "门户", Role.VIEWER, "token", _deed(Act.GRANTED))
    staff.offer(Link(Purpose.RESET, NOON + DAY, account), "link", _deed(Act.LINK_MADE))
    staff.change(_account("li", active=False, id=account.id), _deed())
    assert staff.session("cookie", NOON, *LASTING) is None
    assert staff.token("token", NOON) is None
    assert staff.link("link", NOON) is None


@pytest.mark.parametrize("change", [{"role": Role.APPROVER}, {"active": False}], ids=["demoted", "disabled"])
def test_the_last_administrator_stays_one(staff, change):
    account = _add(staff, "admin", Role.ADMIN)
    with pytest.raises(UsageError, match="最后一个可用的管理员"):
        staff.change(_account("admin", **{"role": Role.ADMIN, "id": account.id, **change}), _deed())
    _add(staff, "second", Role.ADMIN)
    assert staff.change(_account("admin", **{"role": Role.ADMIN, "id": account.id, **change}), _deed())


def test_a_link_is_used_once_and_the_one_before_it_not_at_all(database):
    staff = Staff(database)
    account = _add(staff, "li")
    for secret in ("first", "second"):
        staff.offer(Link(Purpose.RESET, NOON + DAY, account), secret, _deed(Act.LINK_MADE))
    assert staff.link("first", NOON) is None
    with pytest.raises(Conflict):
        staff.set_password(account, "$new", _deed(Act.REKEYED), now=NOON, link="first")
    staff.set_password(account, "$new", _deed(Act.REKEYED), now=NOON, link="second")
    with pytest.raises(Conflict):
        staff.set_password(account, "$newer", _deed(Act.REKEYED), now=NOON, link="second")
    assert staff.password("li")[1] == "$new"


def test_a_link_ends_after_its_time(staff):
    account = _add(staff, "li")
    staff.offer(Link(Purpose.INVITE, NOON + DAY, account), "secret", _deed(Act.LINK_MADE))
    assert staff.link("secret", NOON + DAY)
    assert staff.link("secret", NOON + DAY + HOUR) is None
    with pytest.raises(Conflict):
        staff.set_password(account, "$new", _deed(Act.REKEYED), now=NOON + DAY + HOUR, link="secret")


def test_a_new_password_ends_every_session_and_every_link(staff):
    account = _add(staff, "li")
    staff.begin(account, "cookie", "", _deed(Act.SIGNED_IN))
    staff.offer(Link(Purpose.RESET, NOON + DAY, account), "link", _deed(Act.LINK_MADE))
    staff.set_password(account, "$new", _deed(Act.REKEYED), now=NOON)
    assert staff.session("cookie", NOON, *LASTING) is None
    assert staff.link("link", NOON) is None


def test_a_token_may_do_no_more_than_its_account(staff):
    admin = _add(staff, "admin", Role.ADMIN)
    staff.give(admin, "门户", Role.VIEWER, "low", _deed(Act.GRANTED))
    staff.give(admin, "脚本", Role.ADMIN, "high", _deed(Act.GRANTED))
    _add(staff, "second", Role.ADMIN)
    staff.change(_account("admin", Role.EDITOR, id=admin.id), _deed())
    assert staff.token("low", NOON).holder.role is Role.VIEWER
    assert staff.token("high", NOON).holder.role is Role.EDITOR


def test_a_revoked_token_is_worthless_and_only_its_owner_revokes_it(database):
    staff = Staff(database)
    li, zhao = _add(staff, "li"), _add(staff, "zhao")
    staff.give(li, "门户", Role.VIEWER, "token", _deed(Act.GRANTED))
    (token,) = staff.tokens(li)
    assert not staff.revoke(zhao, token.id, _deed(Act.REVOKED))
    assert staff.revoke(li, token.id, _deed(Act.REVOKED))
    assert staff.token("token", NOON) is None


def test_failures_are_counted_under_each_key_and_forgotten_after_a_day(database):
    staff = Staff(database)
    for _ in range(3):
        staff.failed(["at li 10.0.0.1", "address 10.0.0.1"], _deed(Act.NOT_SIGNED_IN))
    staff.failed(["address 10.0.0.1"], _deed(Act.NOT_SIGNED_IN, NOON + HOUR))
    counted = staff.failures(["at li 10.0.0.1", "address 10.0.0.1", "address 10.0.0.2"])
    assert {key: times for key, (times, _) in counted.items()} == {"at li 10.0.0.1": 3, "address 10.0.0.1": 4}
    staff.forgive(["at li 10.0.0.1"])
    assert list(staff.failures(["at li 10.0.0.1", "address 10.0.0.1"])) == ["address 10.0.0.1"]
    staff.sweep(NOON + 3 * DAY, *LASTING)
    assert staff.failures(["address 10.0.0.1"]) == {}


def test_what_is_refused_leaves_no_row_in_the_log(database):
    staff = Staff(database)
    _add(staff, "li")
    before = Audit(database).last()
    with pytest.raises(UsageError):
        _add(staff, "li")
    assert Audit(database).last() == before
