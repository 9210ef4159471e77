"""Revisiting: are the pages that an issue prints still there, and do they still say what was stored?"""

from __future__ import annotations

import datetime as dt

import structlog

from pipeline.config import WebSource
from pipeline.desk.collecting import Collecting
from pipeline.desk.releasing import Releasing
from pipeline.errors import FetchError
from pipeline.fetch.browser import Browser
from pipeline.model import Article, Fetch, Item, Lead, Revisit
from pipeline.steps.revisit import changed

log = structlog.get_logger("pipeline.desk")

_FRESH = dt.timedelta(hours=12)  # a page seen within it is not asked for again by the run that drafts


class Revisiting(Collecting, Releasing):
    """Asks for printed pages again; what is stored stays as it is."""

    def revisit(self, issue: int) -> int:
        """Looks again at the pages of a draft's items that were not seen for half a day; returns how many differ."""
        return self._revisited(issue, _FRESH)

    def revisit_all(self, issue: int) -> int:
        """Looks again at the page of every item of a draft; returns how many differ."""
        return self._revisited(issue, dt.timedelta(0))

    def _revisited(self, issue: int, fresh: dt.timedelta) -> int:
        desked = self.issues.get(issue)
        known = {one.handle: one.article for one in desked.draft.candidates}
        differing = 0
        for item in self.issue(desked).items:
            now = self._clock()
            seen = self.revisits.seen(item.url)
            if not item.url.startswith(("http://", "https://")) or (seen is not None and now - seen < fresh):
                continue
            told = self._look(item, known[item.handle])
            self.revisits.keep(Revisit(item.url, now, told))
            differing += bool(told)
            log.info("revisited", url=item.url, told=told)
        return differing

    def _look(self, item: Item, stored: Article) -> str:
        known = (one.lead for one in self.leads.at(stored.url) if one.article == stored.id)
        lead = next(known, Lead(source="", url=item.url))
        try:
            page = self._way(lead)(item.url).page
        except FetchError as error:
            return f"网页打不开了（{error.message.removeprefix(f'{item.url}：')}）"
        if page is None or item.url != stored.url:
            return ""  # an address that the editor gave: that it opens is all that can be asked
        if stored.following or stored.entire or stored.attached:
            return ""  # what stands on its other pages or in its file would be missing from this one
        # as it was read: by the rules of its source, with what the source said of it
        (article,) = self._read_pages([(page, lead)])
        return changed(stored, article)

    def _way(self, lead: Lead) -> Fetch:
        """How pages of the lead's source are had: with a browser where scripts make them."""
        source = next((one for one in self.config.sources if one.id == lead.source), None)
        scripted = isinstance(source, WebSource) and source.render_pages
        return Browser(self._fetch) if scripted else self._fetch
