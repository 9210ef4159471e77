"""Every page there is, as everybody meets it: on a phone, on a screen, with what screen readers need."""

from __future__ import annotations

import pytest

from desktops import accessible, served
from offices import drafted, office_with_two_issues, without_libreoffice
from pipeline.desk import now, open_desk
from pipeline.web.table import ROUTES

_NAMES = {
    "{series}": "beijing-monthly",
    "{source}": "inbox",
    "{handle}": "h8",
    "{number}": "535",
    "{revision}": "1",
}
_OUT = ("withdraw", "correct")
"""Pages of issues that are out; the others are of drafts."""


def _pages() -> list[str]:
    found = []
    for one in ROUTES:
        if one.method == "GET" and not one.path.startswith("/api"):
            path = one.path.replace("{start}", "2024-06-01" if one.path.endswith(_OUT) else "2024-08-01")
            for name, value in _NAMES.items():
                path = path.replace(name, value)
            if "{" not in path:
                found.append(path)
    return [
        *found,
        "/issues/beijing-monthly/2024-06-01/release",
        "/archive/search?q=友谊",
        "/trends/beijing-monthly?issue=535",
    ]


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Two issues that are out, and a draft."""
    folder = tmp_path_factory.mktemp("every") / "office"
    with without_libreoffice():
        office_with_two_issues(folder)
    with open_desk(folder, clock=now) as desk:
        drafted(desk, 8, "天坛")
    with served(folder) as desktop:
        yield desktop


def test_no_page_has_a_barrier_or_scrolls_sideways(office, tab, remark):
    seen = 0
    for path in _pages():
        answer = tab.request.get(f"{office.url}{path}")
        # what is no page: a part of one, a file, an issue in its frame, which is the office's own document
        framed = "sandbox" in answer.headers["content-security-policy"]
        if not answer.ok or framed or "<main" not in answer.text():
            continue
        tab.set_viewport_size({"width": 390, "height": 844})
        tab.goto(f"{office.url}{path}")
        accessible(tab)
        for width in (390, 1440):
            tab.set_viewport_size({"width": width, "height": 844})
            assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} at {width}"
        seen += 1
    remark(f"{seen} pages looked at")
    assert seen > 25
