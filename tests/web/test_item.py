"""The middle of the draft page: what a candidate says, what was edited of it, where it came from."""

import httpx
import pytest

ITEM = "/issues/beijing-monthly/2024-06-01/items/c11aa"


@pytest.fixture
def page(desktop):
    with httpx.Client(base_url=desktop.url, follow_redirects=True) as client:
        yield client


def test_an_item_shows_its_fields_with_where_they_were_found(page):
    shown = page.get(ITEM)
    assert shown.status_code == 200
    assert "取自h1" in shown.text
