"""What many tests of the store share."""

from collections.abc import Iterator

import pytest

from pipeline.store import Database


@pytest.fixture
def database(where) -> Iterator[Database]:
    """A database that is empty, one of each kind."""
    made = Database(where)
    yield made
    made.close()
