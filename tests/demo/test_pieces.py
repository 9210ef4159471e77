"""The self-written pieces: enough of them, readable, and none in scope where the seeds' issues look."""

import datetime as dt
import re

import pytest

from pipeline.config import load, packaged
from pipeline.demo import pieces
from pipeline.demo.sites import SITES
from pipeline.errors import UsageError
from pipeline.model import Verdict, Window
from pipeline.steps.rate import Rater

WINDOWS = {
    "534": Window(dt.date(2024, 5, 1), dt.date(2024, 5, 31)),
    "535": Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30)),
    "636": Window(dt.date(2025, 8, 2), dt.date(2025, 8, 8)),
}


def test_there_are_at_least_48_pieces_each_with_its_reason():
    written = pieces.written()
    assert len(written) >= 48
    assert len({piece.url for piece in written}) == len({piece.title for piece in written}) == len(written)
    for piece in written:
        assert piece.why
        assert 150 <= len(piece.text) <= 600, piece.title
        assert piece.host in {site.host for site in SITES}


def test_every_window_has_pieces_of_its_own_and_neighbours_one_day_away():
    days = [piece.date for piece in pieces.written() if piece.date]
    for window in WINDOWS.values():
        assert sum(day in window for day in days) >= 5
    for day in ("2024-04-30", "2024-05-31", "2024-07-01", "2025-08-01", "2025-08-09"):
        assert dt.date.fromisoformat(day) in days
    assert sum(piece.date is None for piece in pieces.written()) == 1


def test_the_dates_in_the_addresses_are_the_printed_ones():
    for piece in pieces.written():
        found = re.search(r"/(20\d\d)[-/]?(\d\d)[-/_]?(\d\d)/|t(20\d\d)(\d\d)(\d\d)_", piece.url)
        if found:
            assert str(piece.date) == "-".join(part for part in found.groups() if part)


@pytest.mark.parametrize(("number", "place"), [("534", "beijing"), ("535", "beijing"), ("636", "")])
def test_no_self_written_piece_is_plainly_in_scope_in_a_window_of_the_seeds(tmp_path, number, place):
    config = load(tmp_path)
    rater = Rater(config.scope, config.scope.places.get(place), config.outlets)
    inside = [piece for piece in pieces.written() if piece.date and piece.date in WINDOWS[number]]
    rated = {p.title: rater.rate(p.title, p.text, outlet=p.outlet, url=p.url).verdict for p in inside}
    assert Verdict.IN not in rated.values(), rated


def test_pieces_one_day_outside_a_window_would_have_been_in_scope(tmp_path):
    config = load(tmp_path)
    rater = Rater(config.scope, None, config.outlets)
    outside = [p for p in pieces.written() if "in scope" in p.why and "one day" in p.why]
    assert len(outside) >= 3
    for piece in outside:
        assert rater.rate(piece.title, piece.text, outlet=piece.outlet, url=piece.url).verdict is not Verdict.OUT


def test_no_sentence_of_the_seeds_got_into_the_self_written_pieces():
    seeds = re.sub(r"\s", "", "".join(path.read_text("utf-8") for path in packaged("seeds").glob("*.txt")))
    for piece in pieces.written():
        for sentence in re.split("[。！？\n]", piece.text):
            assert len(sentence) < 12 or sentence not in seeds


def test_a_line_that_is_no_field_and_no_chinese_is_refused_with_its_place(tmp_path):
    page = tmp_path / "one.txt"
    page.write_text("# https://a.example/1.html\ntitle: 标题\ndate 2024-06-01\n\n正文。\n", "utf-8")
    with pytest.raises(UsageError, match=r"one\.txt:3"):
        list(pieces._read(page))
