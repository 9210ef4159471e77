"""What machines that watch the desk are told: that it lives, whether it can work, how much there is of what."""

import datetime as dt
import shutil
import sqlite3
import threading
import time
from contextlib import closing

import pytest
from prometheus_client.parser import text_string_to_metric_families

from desktops import WANG, served, signed_in
from pipeline.model import BEIJING, Work, Worker
from pipeline.web import watch

NOW = dt.datetime(2024, 7, 1, 9, 0, tzinfo=BEIJING)


@pytest.fixture(scope="module")
def page(june_office, tmp_path_factory):
    folder = shutil.copytree(june_office, tmp_path_factory.mktemp("watched") / "office")
    with served(folder, None, clock=lambda: NOW) as desktop:
        yield desktop


@pytest.fixture
def client(page, monkeypatch):
    monkeypatch.setattr(watch, "_FRESH_SECONDS", 0.0)
    with page.client() as one:
        yield one


def samples(client, **headers) -> dict[tuple, float]:
    """Name and labels → value of all that is measured."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {(one.name, *sorted(one.labels.items())): one.value for family in families for one in family.samples}


def test_what_is_measured_can_be_read_by_prometheus(page, client):
    with page.office.opened() as desk:
        desk.looked(busy=False)
        work = Work("beijing-monthly", desk.series("beijing-monthly").window_of(NOW.date()))
        claim = desk.claims.take(work, Worker("某人", "", 1), NOW)
    found = samples(client)
    series = ("series", "beijing-monthly")
    assert found["bulletin_database_up",] == 1
    assert found["bulletin_database_bytes",] > 100_000
    assert found["bulletin_windows", series, ("state", "draft")] == 1
    assert found["bulletin_windows", series, ("state", "failed")] == 0
    assert found["bulletin_issues", series, ("state", "draft")] == 1
    assert found["bulletin_claims_alive", ("task", "generate")] == 1
    assert found["bulletin_notices", ("state", "failed")] == 0
    assert found["bulletin_clock_timestamp_seconds",] == NOW.timestamp()
    assert found["bulletin_disk_free_bytes", ("folder", "out")] > 0
    assert sum(value for (name, *_), value in found.items() if name == "bulletin_sources") > 0
    assert any(name == "bulletin_build_info" for name, *_ in found)
    with page.office.opened() as desk:
        desk.claims.finish(claim.owner, NOW)


def test_answers_are_counted_by_the_pattern_of_their_address_and_by_nothing_a_stranger_chooses(client):
    for number in range(5):
        client.get(f"/no/such/page/{number}")
        client.get(f"/issues/beijing-monthly/2024-0{number}-01")
        client.request(f"X-{number}", "/login")
    found = samples(client)
    methods = {dict(labels)["method"] for name, *labels in found if name == "bulletin_http_requests_total"}
    assert methods == {"GET", "other"}
    routes = {dict(labels)["route"] for name, *labels in found if name == "bulletin_http_requests_total"}
    assert "/issues/{series}/{start}" in routes
    assert not any("such" in one for one in routes)
    counted = (
        "bulletin_http_requests_total",
        ("method", "GET"),
        ("route", "/issues/{series}/{start}"),
        ("status", "303"),
    )
    assert found[counted] == 5
    assert found["bulletin_http_request_seconds_count", ("route", "/issues/{series}/{start}")] == 5


def test_two_pages_in_one_process_count_for_themselves(page, client, june_office, tmp_path):
    client.get("/login")
    with (
        served(shutil.copytree(june_office, tmp_path / "office"), None) as other,
        other.client() as one,
    ):
        routes = {
            dict(labels).get("route") for name, *labels in samples(one) if name.startswith("bulletin_http_requests")
        }
    assert "/login" not in routes


def test_what_is_measured_is_for_this_machine_or_for_who_shows_the_token(page, client, monkeypatch):
    monkeypatch.setenv("METRICS_TOKEN", "watching-word")
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401
    with page.office.opened() as desk:
        settings = desk.config.workspace / "config" / "settings.yaml"
        before = settings.read_text("utf-8")
        kept = before.replace('url: ""', "url: https://bulletin.example.cn/")
        settings.write_text(kept.replace('metrics: ""', "metrics: env:METRICS_TOKEN"), "utf-8")
    try:
        for header in ({}, {"Authorization": "Bearer other"}, {"Authorization": "Bearer"}):
            answer = client.get("/metrics", headers=header)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), "it may be a proxy's"
            assert "bulletin_" not in answer.text
            assert set(client.get("/readyz", headers=header).json()) == {"ready"}
        assert samples(client, Authorization="Bearer watching-word", **{"X-Forwarded-For": "203.0.113.9"})
    finally:
        settings.write_text(before, "utf-8")


def test_a_desk_is_ready_when_it_can_work_and_its_clock_looks(page, client, monkeypatch):
    with page.office.opened() as desk:
        desk.looked(busy=False)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert {"database", "schema", "clock", "disk"} <= {name for name, one in answer.json().items() if one is True}
    monkeypatch.setattr(page.office, "clock", lambda: NOW + dt.timedelta(minutes=16))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["clock"], answer.json()["clock_age_seconds"]) == (503, False, 960)
    with page.office.opened() as desk:
        desk.looked(busy=True)
    assert client.get("/readyz").status_code == 200, "a draft is being made, which may take an hour"
    monkeypatch.setattr(page.office, "clock", lambda: NOW)
    monkeypatch.setattr(watch, "_SPACE", 2**60)
    assert client.get("/readyz").json()["disk"] is False


def test_life_and_readiness_are_told_at_once_while_the_database_does_not_answer(page, client, monkeypatch):
    monkeypatch.setattr(watch, "_PATIENCE_SECONDS", 0.5)
    with page.office.opened() as desk:
        database, settings = desk.config.data / "desk.db", desk.config.workspace / "config" / "settings.yaml"
        cookies = {"desk": signed_in(desk, WANG)[0]}

    def ask(path: str) -> None:
        with page.client(cookies=cookies) as one:
            one.get(path)

    with closing(sqlite3.connect(database, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        people = [threading.Thread(target=ask, args=("/help",)) for _ in range(45)]
        stuck = people + [threading.Thread(target=ask, args=("/metrics",)) for _ in range(6)]
        for one in stuck:
            one.start()
        time.sleep(0.3)
        try:
            begun = time.monotonic()
            assert client.get("/healthz").text == "ok\n"
            assert all(one.is_alive() for one in people), "it waits for nobody who waits for the database"
            settings.touch()  # the desk is to be opened anew, for which its database is waited for
            answer = client.get("/readyz")
            assert (answer.status_code, answer.json()["database"]) == (503, False)
            assert samples(client)["bulletin_database_up",] == 0
            assert time.monotonic() - begun < 25, "the database is waited for half a minute"
        finally:
            holder.execute("ROLLBACK")
            for one in stuck:
                one.join()
    monkeypatch.setattr(watch, "_PATIENCE_SECONDS", 10.0)
    assert samples(client)["bulletin_database_up",] == 1
