"""What enters a draft was read by two readers; what does not was not."""

from __future__ import annotations

import datetime as dt

from loopback import point_at
from pipeline.desk import Inline, now, open_desk
from pipeline.model import Window
from pipeline.steps.extract.opinion import COMPARED, PAGE_ALONE
from test_pictures import PAGE, article

JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))


def test_a_candidate_shows_the_agreement_of_two_readers_and_the_store_keeps_the_first(workspace, web):
    web.page(PAGE, article())
    point_at(workspace, web, PAGE)
    with open_desk(workspace, clock=now) as desk:
        desked = desk.run("beijing-monthly", JUNE, Inline()).desked
        shown = desked.draft.candidate(desked.draft.chosen[0]).article
        (kept,) = desk.leads.articles([shown.id]).values()
        again = desk.run("beijing-monthly", JUNE, Inline(), collect=False).desked
    assert (kept.evidence["confidence"], shown.evidence["confidence"]) == (PAGE_ALONE, COMPARED)
    assert again == desked, "no revision for nothing new"
