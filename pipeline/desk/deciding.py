"""Deciding: what a person changes in a draft."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.desk.judging import Judging
from pipeline.desk.relating import documents_of
from pipeline.desk.room import command
from pipeline.errors import ConfigError, Conflict, TemplateError, UsageError
from pipeline.model import (
    Article,
    Candidate,
    Coverage,
    Decision,
    Desked,
    Document,
    Draft,
    Finding,
    Issue,
    Novelty,
    Printed,
    Rating,
    Readback,
    Relation,
    Retelling,
    Revision,
    Severity,
    SideBySide,
    Window,
    digest,
)
from pipeline.outputs import FORMATS, READBACKS, Context, template_file
from pipeline.steps.assemble import assemble
from pipeline.steps.blocks import text_of
from pipeline.steps.check import Inspection, check
from pipeline.steps.compare import compare
from pipeline.steps.decide import DECISIONS, decide, find, finding_key, resolved
from pipeline.steps.select import better, houses, retellings
from pipeline.steps.urls import desktop

_PLACE = re.compile(r"(?:(?P<series>[a-z][\w-]*)/)?(?P<number>\d+)-(?P<position>\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a candidate: who else tells it, what earlier issues make of it, what could replace it."""

    novelty: Novelty
    reprinted_by: tuple[str, ...]
    told_by: tuple[str, ...]
    retellings: tuple[Retelling, ...]
    news: str = ""
    """What it tells beyond the earlier issue's item, in one line; empty for what is new."""
    better: str = ""
    """The address of a folded article that could stand for it better, and why."""
    better_because: str = ""


class Deciding(Judging):
    """Applies people's decisions, each as a revision."""

    def desked(self, series: str, window: Window, revision: int = 0) -> Desked:
        """The draft or issue of a window.

        Raises `UsageError` when there is none yet, `Conflict` when it is no longer at the `revision` that was
        looked at.
        """
        one = self.series(series)
        found = self.issues.of_window(series, window)
        if found is None:
            raise UsageError(f"{one.title} {window} 没有草稿。", f"请先运行 {command('run', one, window)}。")
        if revision and found.revision != revision:
            raise Conflict(f"草稿在修订{revision}之后又有改动（现在是修订{found.revision}）。", "请重新看稿。")
        return found

    def decide(self, desked: Desked, decision: Decision, *, seen: int = 0) -> Desked:
        """Applies one decision as the next revision; raises `Conflict` when the draft changed meanwhile.

        `seen` is the revision that whoever decides was looking at, 0 for that of `desked`. A decision that changes
        nothing makes no revision.
        """
        if seen and seen != desked.revision:
            raise Conflict(f"草稿在修订{seen}之后又有改动（现在是修订{desked.revision}）。", "请重新看稿。")
        if not desked.state.open:
            raise UsageError(f"第{desked.number}期{desked.state.chinese}，不再更改。")
        rate = self.rater(self.series(desked.draft.series))
        draft = desked.draft
        if decision.verb == "include":
            draft, handle = self._offered(draft, decision.target, rate)
            decision = replace(decision, target=handle)
        if decision.verb == "waive":
            decision = replace(decision, values={"of": self._waived(desked, decision.target)})
        if decision.verb in DECISIONS:
            decision = resolved(draft, decision)
        after = decide(draft, decision, rate)
        return desked if after == desked.draft else self.issues.revise(desked, after, decision)

    def surroundings(self, draft: Draft) -> dict[str, Surroundings]:
        """What stands around each candidate of a draft, by handle."""
        carried = self._carried({one.earlier for one in draft.candidates if one.earlier})
        found: dict[str, Surroundings] = {}
        for one in draft.candidates:
            told = retellings(one, self.config.outlets)
            reprinting, telling = houses(told)
            known = carried.get((one.earlier.series, one.earlier.number, one.earlier.position)) if one.earlier else None
            article, why = better(one, draft, self.config.outlets) or (None, "")
            found[one.handle] = Surroundings(
                one.novelty,
                tuple(reprinting),
                tuple(telling),
                tuple(told),
                news=compare(known, self._as_printed(draft, one, one.article)).news if known else "",
                better=article.url if article else "",
                better_because=why,
            )
        return found

    def compared(self, draft: Draft, target: str, other: str = "") -> SideBySide:
        """A candidate beside what an earlier issue printed (`534-4`, or `beijing-monthly/534-4`) or another article.

        By default beside the earlier item it is closest to, else what it may be the same event as, else what is folded
        under it. Raises `UsageError` where there is nothing to compare it with.
        """
        candidate, article = find(draft, target)
        after = self._as_printed(draft, candidate, article)
        place = candidate.earlier
        if other and (named := _PLACE.fullmatch(other.strip())):
            series = self.series(named["series"] or draft.series)
            place = Coverage(series.id, int(named["number"]), int(named["position"]), "", Relation.SUSPECTED, 0.0)
        elif other:
            return compare(self._as_printed(draft, *find(draft, other)), after)
        if place is not None:
            known = self._carried([place]).get((place.series, place.number, place.position))
            if known is None:
                raise UsageError(f"没有{self.place(draft, place)}。", "请用 issue list 查看已发布的各期。")
            return compare(replace(known, id=self.place(draft, place)), after)
        mine = {one.id for one in candidate.articles}
        for edge in sorted(candidate.suspected, key=lambda edge: -edge.score):
            aside = next(iter({edge.a, edge.b} - mine), "")
            for one in draft.candidates:
                if aside in {its.id for its in one.articles}:
                    return compare(self._as_printed(draft, one, one.article), after)
        if len(candidate.articles) > 1:
            return compare(self._as_printed(draft, candidate, candidate.articles[1]), after)
        raise UsageError(f"《{after.title}》没有可对照的往期条目或相近的候选。", "请用 --with 写明，如 --with 534-4。")

    def place(self, draft: Draft, one: Coverage) -> str:
        """Where an earlier issue carried it, with the series' title where that is another one."""
        return one.place if one.series == draft.series else f"{self.series(one.series).title}{one.place}"

    def _carried(self, places: Iterable[Coverage]) -> dict[tuple[str, int, int], Document]:
        """What stands at these places, of those that are out, by series, number and position."""
        wanted = {(one.series, one.number, one.position) for one in places}
        return {
            place: one
            for release in self.issues.numbered({(series, number) for series, number, _ in wanted})
            for position, one in enumerate(documents_of(release.issue), start=1)
            if (place := (release.issue.series, release.issue.number, position)) in wanted
        }

    def _as_printed(self, draft: Draft, candidate: Candidate, article: Article) -> Document:
        """An article as comparisons see it, with what the editor changed of it if it is the one that is printed."""
        edits = draft.edits.get(candidate.handle, {}) if article is candidate.article else {}
        name = candidate.handle if article is candidate.article else article.url
        text = text_of(edits)
        return Document(
            name,
            edits.get("title", article.title),
            article.text if text is None else text,
            article.date,
            article.url,
        )

    def _offered(self, draft: Draft, target: str, rate: Callable[[Article], Rating]) -> tuple[Draft, str]:
        """The draft and the handle to include; an article that was judged out becomes a candidate by its address."""
        known = {article.id: one.handle for one in draft.candidates for article in one.articles}
        if not target.startswith(("http:", "https:", "file:")):
            return draft, target
        for stored in self.leads.at(target):
            for key, article in self.leads.articles([stored.article or ""]).items():
                if key in known:
                    return draft, known[key]
                handle = "c" + digest(article.url or article.id)[:8]
                own = self._illustrated(Candidate(handle, (article,), rate(article), seen=stored.first_seen))
                return replace(draft, candidates=(*draft.candidates, own)), handle
        raise UsageError(f"没有采集过 {target}。", "请先用 bulletin collect --url 或 --file 添加。")

    def _waived(self, desked: Desked, target: str) -> str:
        """What the finding says that is to be waived, as a digest; nobody answers for what was not found."""
        key = finding_key(desked.draft, target)
        for one in self._inspected(desked):
            if one.key == key:
                return digest(one.message)
        raise UsageError(f"没有“{target}”这项检查结果。", "请用 draft check 查看方括号里的名称。")

    def revisions(self, desked: Desked) -> list[Revision]:
        """Who decided what about a draft, oldest first."""
        return self.issues.revisions(desked.id)

    def issue(self, desked: Desked) -> Issue:
        """The issue as it would be put out now."""
        return self._assembled(desked.draft, desked.number)

    def _assembled(self, draft: Draft, number: int) -> Issue:
        path = self._template("lead.j2")
        try:
            template = path.read_text("utf-8-sig")
        except UnicodeDecodeError:
            raise TemplateError(f"{path} is not UTF-8.", "Save it as UTF-8.") from None
        return assemble(draft, number, self.series(draft.series), template)

    def findings(self, desked: Desked) -> list[Finding]:
        """What the release checks say of a draft; a waived finding no longer blocks while it says the same."""
        return self._answered(desked.draft, self._inspected(desked))

    def _answered(self, draft: Draft, found: Sequence[Finding]) -> list[Finding]:
        return [
            replace(
                one,
                severity=Severity.WARNING,
                message=f"{one.message}（已放行：{waiver.reason}——{waiver.who}）",
                fix="",
                commands=(),
            )
            if (waiver := draft.waivers.get(one.key)) and waiver.of == digest(one.message)
            else one
            for one in found
        ]

    def _option(self, draft: Draft) -> str:
        return command("", self.series(draft.series), draft.window).partition(f" {draft.series} ")[2]

    def _inspected(self, desked: Desked) -> list[Finding]:
        issue = self.issue(desked)
        # a correction tells again what the issue told that it corrects
        before = desked.draft.window if desked.released else None
        return self._checked(issue, desked.draft, self.earlier(documents_of(issue), before), self._read_back(issue))

    def _read_back(self, issue: Issue) -> list[Readback]:
        """What the issue's files would print now, without their pictures and with any page numbers."""
        name = self._template_name(issue.series)
        try:
            template = self._document_template(issue.series)
        except ConfigError:  # a draft is made and read without it; only the release needs it
            return [Readback(template_file("docx", name), trouble=f"工作区的 templates 里没有 {name}.docx")]
        except TemplateError as error:
            return [Readback(template_file("docx", name), trouble=error.message)]
        pages = {item.handle: 1 for item in issue.items}
        context = Context(templates=template.parent, template=template.stem, pages=pages)
        found: list[Readback] = []
        for suffix in filter(READBACKS.__contains__, self.config.settings.formats):
            try:
                found.append(READBACKS[suffix](FORMATS[suffix].render(issue, context), template.stem))
            except TemplateError as error:
                found.append(Readback(template_file(suffix, template.stem), trouble=error.message))
        return found

    def _checked(
        self, issue: Issue, draft: Draft, earlier: Sequence[Printed], readbacks: Sequence[Readback] = ()
    ) -> list[Finding]:
        ids = {article.id: one.handle for one in draft.candidates for article in one.articles}
        return check(
            Inspection(
                issue=issue,
                outlets=self.config.outlets,
                earlier=earlier,
                flags={one.handle: one.article.flags for one in draft.candidates},
                late=frozenset(draft.late),
                apart=frozenset(frozenset((ids.get(a, a), ids.get(b, b))) for a, b in draft.apart),
                silent=draft.silent,
                better={
                    one.handle: found
                    for one in draft.candidates
                    if one.handle in draft.chosen and (found := better(one, draft, self.config.outlets))
                },
                desktop={
                    one.handle: known
                    for one in draft.candidates
                    if (known := desktop(one.article.url, one.article.aliases))
                },
                titles={key: one.title for key, one in self.config.series.items()},
                window=self._option(draft),
                alarm=draft.alarm,
                readbacks=readbacks,
                revisits=self.revisits.of(item.url for item in issue.items),
                notes={one.handle: one.article.notes for one in draft.candidates},
                confidence={
                    one.handle: one.article.confidence
                    for one in draft.candidates
                    if text_of(draft.edits.get(one.handle, {})) is None
                },
            )
        )
