"""A review page over a workspace with a draft of June, and a Chromium to look at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktops import Desktop, begin, served
from sample_drafts import june


@pytest.fixture(scope="module")
def june_office(tmp_path_factory) -> Path:
    """A workspace with a draft of June 2024: what is in, what waits, what was passed over; copy it to change it."""
    folder = tmp_path_factory.mktemp("office") / "office"
    begin(folder, june())
    return folder


@pytest.fixture
def desktop(june_office, tmp_path) -> Iterator[Desktop]:
    """The review page over a copy of June."""
    folder = shutil.copytree(june_office, tmp_path / "office")
    with served(folder) as one:
        yield one


@pytest.fixture
def tab(chromium):
    """A new tab at desktop width; whatever its console complains of, or asks of another host, fails the test."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda told: trouble.append(told.text) if told.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: trouble.append(request.url) if "//127.0.0.1" not in request.url else None)
    page.trouble = trouble
    yield page
    context.close()
    assert trouble == []
