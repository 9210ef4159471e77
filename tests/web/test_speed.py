"""Pages stay quick on a draft of a thousand candidates: what is asked and worked out is counted, not timed."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa
from pydantic import TypeAdapter

from desktops import begin, served
from drafts import candidate, draft
from pipeline.store import issues, pools
from pipeline.web import rendering
from spent import computing

PLACE = "/issues/beijing-monthly/2024-06-01"
MANY = 1000


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A client of a review page with a thousand candidates, thirty of them in, everything looked at once."""
    folder = tmp_path_factory.mktemp("office") / "office"
    stories = [candidate(f"c{number:04}", f"2024-06-{1 + number % 30:02}") for number in range(MANY)]
    begin(folder, draft(*stories, chosen=tuple(one.handle for one in stories[:30])))
    with served(folder) as desktop, desktop.client() as client:
        for path in ("", "/items/c0003", "/preview"):
            assert client.get(PLACE + path).status_code == 200
        yield desktop, client


@pytest.fixture
def counts(monkeypatch):
    """How many statements databases are asked, how many drafts and candidates are read from JSON."""
    told = {"statements": 0, "drafts": 0, "candidates": 0}

    def count(name: str, adapter: TypeAdapter) -> TypeAdapter:
        class Counting:
            def __getattr__(self, attribute: str):
                return getattr(adapter, attribute)

            def validate_json(self, content: str):
                told[name] += 1
                return adapter.validate_json(content)

        return Counting()

    def asked(*_: object) -> None:
        told["statements"] += 1

    monkeypatch.setattr(issues, "_DRAFT", count("drafts", issues._DRAFT))
    monkeypatch.setattr(pools, "_CANDIDATE", count("candidates", pools._CANDIDATE))
    sa.event.listen(sa.Engine, "before_cursor_execute", asked)
    yield told
    sa.event.remove(sa.Engine, "before_cursor_execute", asked)


@pytest.mark.parametrize("path", ["", "?item=c0003", "/items/c0003", "/items/c0003/source", "/preview", "/notes"])
def test_looking_again_reads_no_draft_anew(many, counts, path):
    _, client = many
    assert client.get(PLACE + path).status_code == 200
    assert (counts["drafts"], counts["candidates"]) == (0, 0)
    assert counts["statements"] <= 12


@pytest.mark.parametrize(
    ("verb", "values"),
    [
        ("include", {"target": "c0500"}),
        ("exclude", {"target": "c0500"}),
        ("reorder", {"target": "c0003", "to": "9"}),
        ("edit", {"target": "c0004", "title": "北京友谊医院上线智慧医疗平台"}),
    ],
)
def test_a_decision_costs_the_same_however_many_candidates_there_are(many, counts, verb, values):
    desktop, client = many
    form = {"verb": verb, "revision": str(desktop.draft().revision), **values}
    counts.update(dict.fromkeys(counts, 0))
    began = time.process_time()
    answer = client.post(f"{PLACE}/decide", data=form, headers={"HX-Request": "true"})
    took = time.process_time() - began
    assert answer.status_code == 200
    assert counts["candidates"] == 0
    assert counts["drafts"] <= 2
    assert counts["statements"] <= 30
    assert took < 2, "ten times what it takes"


def test_every_template_is_read_in_a_moment():
    # a pattern that tries its ways one after the other takes minutes
    with computing(10):
        environment = rendering._environment.__wrapped__()
        for path in sorted(rendering.folder().glob("*.html")):
            environment.get_template(path.name)
