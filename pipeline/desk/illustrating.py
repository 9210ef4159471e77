"""Illustrating: the pictures of the articles that may be printed, fetched and made ready for print."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import urlsplit

import structlog

from pipeline.config import Series
from pipeline.desk.collecting import Collecting
from pipeline.desk.engine import Engine, unbroken
from pipeline.desk.judging import Judging
from pipeline.errors import BlobLost, FetchError, StoreError
from pipeline.executor import Lost
from pipeline.model import Article, Developed, Verdict, Window
from pipeline.steps.develop import develop
from pipeline.steps.illustrate import pictures_of

log = structlog.get_logger("pipeline.desk")
_PATIENCE = 2  # times `total_seconds` that pictures of one host may be waited for in vain in one call
_AT_ONCE = 20  # pictures that are developed in one call: their originals lie in memory together


class Illustrating(Collecting, Judging):
    """Fetches pictures, and develops them out of reach of everything else."""

    def printable(self, series: Series, window: Window) -> list[Article]:
        """The articles of a window that may be printed in it: in scope or on its edge, or taken by an editor."""
        stored = self.leads.of_window(series.id, window, 0)
        articles = self.leads.articles(one.article for one in stored if one.article)
        shown = {
            key: article
            for key, article in sorted(articles.items())
            if pictures_of(article, 1) and (article.date is None or article.date in window)
        }
        if not shown:
            return []  # making a rater takes longer than a look at sources that gave nothing new
        rate = self.rater(series)
        before = self.issues.of_window(series.id, window)
        taken = {one.article.id for one in before.draft.candidates} if before else set()
        return [one for key, one in shown.items() if key in taken or rate(one).verdict is not Verdict.OUT]

    def picture_all(self, engine: Engine, articles: Iterable[Article], say: Callable[[str], None]) -> None:
        """Gets the pictures of articles that are not here yet; hosts side by side, each at its own pace."""
        settings, now = self.config.settings.pictures, self._clock()
        until = time.monotonic() + settings.minutes * 60
        by_host: dict[str, list[str]] = {}
        wanted = 0
        for article in {one.id: one for one in articles}.values():
            if due := self.pictures.due(pictures_of(article, settings.per_article), now):
                wanted += len(due)
                by_host.setdefault(urlsplit(due[0]).hostname or "", []).append(article.id)
        if wanted:
            say(f"取 {wanted} 张配图")

        def illustrate(ids: Sequence[str]) -> int:
            return self.illustrate(ids, until)

        unbroken(engine.each(illustrate, list(by_host.values())))
        waiting = self.pictures.waiting()
        batches = [waiting[start : start + _AT_ONCE] for start in range(0, len(waiting), _AT_ONCE)]
        unbroken(engine.each(self.develop, batches))

    def illustrate(self, articles: Sequence[str], until: float) -> int:
        """Fetches the pictures of articles, one after the other, until a moment of the monotonic clock.

        Returns how many came. A picture that cannot be had is noted and stops nothing.
        """
        came = 0
        wasted: dict[str, float] = {}
        patience = _PATIENCE * self.config.settings.pictures.total_seconds
        for article in self.leads.articles(articles).values():
            for url, left in self._asked_for(article):
                started, host = time.monotonic(), urlsplit(url).hostname or ""
                if started >= until:
                    log.info("pictures are left for the next run", article=article.id)
                    return came
                if wasted.get(host, 0.0) >= patience:
                    continue  # a host that does not answer would cost every picture its whole time
                if self._pictured(url, left):
                    came += 1
                else:
                    wasted[host] = wasted.get(host, 0.0) + time.monotonic() - started
        return came

    def _asked_for(self, article: Article) -> Iterator[tuple[str, int]]:
        """The pictures of an article that are to be fetched now, each with the bytes that the article has left."""
        settings = self.config.settings.pictures
        urls = pictures_of(article, settings.per_article)
        for url in self.pictures.due(urls, self._clock()):
            yield url, settings.article_mebibytes * 1024 * 1024 - sum(self.pictures.size(one) for one in urls)

    def _pictured(self, url: str, left: int) -> bool:
        now = self._clock()
        if left <= 0:
            self.pictures.missed(url, f"一篇文章的配图超过 {self.config.settings.pictures.article_mebibytes} MiB", now)
            return False
        try:
            page = self._fetch_picture(url, limit=left).page
            self.pictures.came(url, page.body if page else b"", now)
        except FetchError as error:
            bare = error.__cause__ if isinstance(error.__cause__, FetchError) else error
            self.pictures.missed(url, bare.message, now)
            log.info("picture is missing", url=url, why=error.message)
            return False
        except StoreError:
            raise
        except Exception as error:
            # a picture nobody foresaw must not keep the others from being fetched
            log.exception("picture could not be fetched", url=url)
            self.pictures.missed(url, f"取图片时出错：{type(error).__name__}", now)
            return False
        return True

    def develop(self, urls: Sequence[str]) -> int:
        """Makes what came ready for print, in a process of its own; returns how many pictures there are."""
        now = self._clock()
        found: list[tuple[str, bytes]] = []
        for url in urls:
            try:
                found.append((url, self.pictures.original(url)))
            except BlobLost as error:
                log.error("picture is lost", url=url, why=error.message)
                self.pictures.missed(url, "保存的图片已缺失或损坏", now)
        made = list(self._children.each(develop, [data for _, data in found]))
        for (url, _), one in zip(found, made, strict=True):
            if isinstance(one, Developed):
                self.pictures.developed(url, one, now)
            elif isinstance(one, Lost):
                log.warning("picture is lost", url=url, why=one.because)
                self.pictures.missed(url, "图片过于复杂，无法处理", now)
            else:
                self.pictures.missed(url, one, now)
        return sum(isinstance(one, Developed) for one in made)
