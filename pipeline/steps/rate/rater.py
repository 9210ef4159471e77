"""Rates articles against one scope."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.config import Outlets, PlaceRule, Scope
from pipeline.model import Article, Classifier, Genre, Part, Rating, Verdict
from pipeline.steps.rate.evidence import ON_TOPIC, Evidence, Sentence
from pipeline.steps.rate.genre import Manner, items
from pipeline.steps.rate.passages import passages
from pipeline.steps.rate.place import Place, Tie
from pipeline.steps.rate.reasons import as_written_in, matches
from pipeline.steps.rate.terms import fold
from pipeline.steps.rate.words import Model, evidence_of, rarity, shipped, words_of

_NO_BODY = 20  # characters; a shorter body (or one that repeats the title) proves nothing
_NO_BODY_AT_MOST = 0.45
_LONG = 500  # characters; a shorter text is rated as a whole only
_PASSAGE_AT_MOST = 0.7
_LIST_AT_MOST = 0.45  # a round-up with one item on topic: the editor takes the item or leaves it
_LARGE = 0.4  # with this share on topic its sections speak for the whole
_WHOLE = 0.6  # with this share on topic there is nothing to cut out
_ELSEWHERE = 0.5  # an article without a tie to the place gets at most this part of `consider`
UNSURE = (0.05, 0.95)  # scores between which a second classifier is asked: of TV news 1 in 100 lies there
_LOOSE_BELOW = 0.01  # an article with a loose tie stays this much under `accept`


class Rater:
    """Rates articles against one scope and, for a series of one place, its place.

    Compiled once, then pure and safe to share between threads. `model` is what was learned from editors' decisions;
    by default the one that ships, where the scope is of its field. `second` is asked where that is unsure; its score
    and ours are averaged.
    """

    def __init__(
        self,
        scope: Scope,
        place: PlaceRule | None = None,
        outlets: Outlets | None = None,
        model: Model | None = None,
        second: Classifier | None = None,
    ) -> None:
        self._scope = scope
        self._outlets = outlets or Outlets()
        self._model = model
        self._second = second if scope.trained_words else None  # which learned on the same articles
        self._evidence = Evidence(scope)
        self._manner = Manner(scope)
        self._place = Place(place, self._outlets) if place else None

    # ------------------------------------------------------------------------------------- the verdict

    def rate(self, title: str, text: str, outlet: str = "", url: str = "") -> Rating:
        """How well an article fits.

        `text` is the body, one block a line (`Article.text`); `Rating.excerpt` holds indices of these
        lines (`text.split("\\n")`). `outlet` is the printed 来源, `url` the address it was found at.
        """
        folded, as_written = fold(title), text.split("\n")
        lines = [fold(line) for line in as_written]
        head, read = self._evidence.article(folded, lines)
        score = self._score(folded, head, lines, read)
        parts = [Part("规则分", round(self._evidence.score(head, read), 4))]
        if self._model or self._scope.trained_words:
            parts.append(Part("加上用词", round(score, 4)))

        def becomes(name: str, value: float) -> None:
            nonlocal score
            if value != score:
                score = value
                parts.append(Part(name, round(value, 4)))

        low, high = UNSURE
        if self._second and low <= score < high and (opinion := self._second.opinion(title, text)):
            becomes(f"与{opinion.because}平均", (score + opinion.score) / 2)
        written = f"{title}\n{text}"
        because = self._found(head, read, written)
        genre = self._manner.genre(folded, lines, self._is_official(outlet, url))
        share, sections = passages(read)
        excerpt = sections if share < _WHOLE else ()
        length = sum(map(len, lines))
        if genre is Genre.LIST and share < _LARGE:
            best, excerpt = self._item(lines, read)
            sure = head.relevance >= ON_TOPIC and score >= self._scope.accept
            becomes("汇编条目", min(max(score, best), _PASSAGE_AT_MOST if sure else _LIST_AT_MOST))
        elif sections and length >= _LONG:
            at_most = 1.0 if head.relevance >= ON_TOPIC or share >= _LARGE else _PASSAGE_AT_MOST
            alone = self._score(folded, head, [lines[i] for i in sections], [read[i] for i in sections])
            becomes("节选段落", min(at_most, max(score, alone)))
        if excerpt:
            whole = "多条信息合编，" if genre is Genre.LIST else ""
            share = max(share, sum(len(lines[index]) for index in excerpt) / max(1, length))
            because.append(f"{whole}相关段落约占全文 {share:.0%}，可节选")
        if length < _NO_BODY or "".join(lines) == folded:
            becomes("正文缺失", min(score, _NO_BODY_AT_MOST))
            because.append("正文缺失或过短，仅凭标题判断")
        ground = ""
        for page in self._manner.page_types(folded, lines, url):
            if score > page.at_most:
                becomes(f"页面类型：{page.name}", page.at_most)
                because.append(f"页面疑为{page.name}，非新闻")
                ground = "页面类型"
        tied = None
        if self._place and score >= self._scope.consider:
            tied = self._place.tie(title, as_written, lines, outlet, url)
            at_most = {
                Tie.FIRM: 1.0,
                Tie.LOOSE: self._scope.accept - _LOOSE_BELOW,
                Tie.NONE: self._scope.consider * _ELSEWHERE,
            }[tied.tie]
            becomes("地区", min(score, at_most))
            because.append(tied.why)
            if tied.tie is Tie.NONE:
                ground = f"与{self._place.name}无关"
        verdict = self._verdict(score)
        if verdict is not Verdict.IN and (misses := self._near_misses(head, read)):
            because.append("近似而非：" + "、".join(as_written_in(written, one) for one in misses))
        found = matches(self._scope, title, as_written, head, read, against=verdict is not Verdict.IN)
        return Rating(
            score=round(score, 4),
            verdict=verdict,
            because=tuple(because),
            genre=genre,
            share=round(share, 4),
            excerpt=excerpt if verdict is not Verdict.OUT else (),
            ground=(ground or self._ground(head, read)) if verdict is Verdict.OUT else "",
            topics=self._evidence.topics(head, read),
            matches=(*found, *((tied.match,) if tied and tied.match else ())),
            parts=tuple(parts),
        )

    def rate_all(self, articles: Sequence[Article]) -> list[Rating]:
        """How well each of some articles fits, in their order."""
        return [self.rate(one.title, one.text, outlet=one.outlet, url=one.url) for one in articles]

    def _item(self, lines: Sequence[str], read: Sequence[Sequence[Sentence]]) -> tuple[float, tuple[int, ...]]:
        """The score of the best item of a round-up by itself, and the lines of every item that is on topic."""
        best, on_topic = 0.0, []
        for start, end in items(lines):
            sentences = [one for line in read[start:end] for one in line]
            title, *rest = [line for line in lines[start:end] if line]
            score = self._score(title, sentences[0], rest, [sentences[1:] or sentences])
            best = max(best, score)
            if score >= self._scope.accept:
                on_topic += [index for index in range(start, end) if lines[index]]
        return best, tuple(on_topic)

    def _is_official(self, outlet: str, url: str) -> bool:
        found = (self._outlets.named(outlet) if outlet else None) or (self._outlets.at(url) if url else None)
        return found is not None and found.tier == "gov"

    def _score(self, title: str, head: Sentence, lines: Sequence[str], read: Sequence[Sequence[Sentence]]) -> float:
        """The probability that an article of this title and these lines is in scope."""
        if self._model is None and not self._scope.trained_words:
            return self._evidence.score(head, read)
        evidence = evidence_of(self._evidence.features(head, read), head, read)
        return (self._model or shipped()).of(evidence, words_of(title, lines, rarity()))

    def _verdict(self, score: float) -> Verdict:
        if score >= self._scope.accept:
            return Verdict.IN
        return Verdict.BORDERLINE if score >= self._scope.consider else Verdict.OUT

    def features(self, title: str, text: str) -> dict[str, float]:
        """The evidence of one article, by the names in `FEATURES`; what the weights are learned on."""
        return self._evidence.features(*self._evidence.article(fold(title), [fold(one) for one in text.split("\n")]))

    def reading(self, title: str, text: str) -> tuple[dict[str, float], dict[str, float]]:
        """What a model weighs: the evidence of one article by the names in `EVIDENCE`, and its words."""
        folded, lines = fold(title), [fold(line) for line in text.split("\n")]
        head, read = self._evidence.article(folded, lines)
        evidence = evidence_of(self._evidence.features(head, read), head, read)
        return evidence, words_of(folded, lines, rarity())

    # ------------------------------------------------------------------------------------ the reasons

    def _found(self, head: Sentence, read: Sequence[Sequence[Sentence]], written: str) -> list[str]:
        """命中：…（标题）、…（正文 3 处): the terms that counted, those of the title first."""
        counts: dict[str, int] = {}
        for one in (one for line in read for one in line):
            for hit in one.hits:
                if hit.weight:
                    counts[hit.term] = counts.get(hit.term, 0) + 1
        in_title = list(dict.fromkeys(hit.term for hit in head.hits if hit.weight))
        rest = sorted((term for term in counts if term not in in_title), key=lambda term: -counts[term])
        parts = [f"{as_written_in(written, term)}（标题）" for term in in_title[:4]]
        parts += [
            as_written_in(written, term) + (f"（{counts[term]} 处）" if counts[term] > 1 else "") for term in rest[:5]
        ]
        if parts:
            return ["命中：" + "、".join(parts)]
        missing = self._missing(head, read)
        return [f"未涉及{'、'.join(missing)}" if missing else "两方面虽都提到，但没有合在一起谈"]

    def _missing(self, head: Sentence, read: Sequence[Sequence[Sentence]]) -> list[str]:
        """The names of the axes that are not touched."""
        everything = [head, *(one for line in read for one in line)]
        touched = [max(one.axes[i] for one in everything) for i in range(len(self._scope.axes))]
        return [axis.name for axis, most in zip(self._scope.axes, touched, strict=True) if most == 0]

    def _ground(self, head: Sentence, read: Sequence[Sequence[Sentence]]) -> str:
        """What keeps the score of an article down that is neither from elsewhere nor a page of another type."""
        if missing := self._missing(head, read):
            return f"未涉及{'和'.join(missing)}"
        return "近似而非" if self._near_misses(head, read) else "分量不足"

    def _near_misses(self, head: Sentence, read: Sequence[Sequence[Sentence]]) -> list[str]:
        found = [hit.term for one in (head, *(one for line in read for one in line)) for hit in one.misses]
        return sorted(set(found), key=lambda term: (-found.count(term), found.index(term)))[:4]
