"""Deciding: what a person changes in a draft."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.desk.judging import Judging
from pipeline.desk.relating import documents_of
from pipeline.desk.room import command
from pipeline.desk.trending import Trending
from pipeline.errors import Collision, ConfigError, Conflict, TemplateError, UsageError
from pipeline.model import (
    PASTED,
    Article,
    Candidate,
    Clash,
    Coverage,
    Decision,
    Desked,
    Document,
    Draft,
    Finding,
    Issue,
    Matter,
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
from pipeline.steps import select
from pipeline.steps.assemble import assemble
from pipeline.steps.blocks import text_of
from pipeline.steps.check import Inspection, check
from pipeline.steps.collide import meant
from pipeline.steps.compare import compare
from pipeline.steps.decide import DECISIONS, decide, find, finding_key
from pipeline.steps.select import better, houses, retellings
from pipeline.steps.undo import standing
from pipeline.steps.urls import desktop

_TRIES = 8  # of one save; each that fails is one of somebody else that was kept
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


class Deciding(Judging, Trending):
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
        """Applies one decision as the next revision; what others decided about something else meanwhile stands.

        `seen` is the revision that whoever decides was looking at, 0 for that of `desked`. Raises `Collision` when
        somebody decided otherwise about the same thing since then. A decision that changes nothing makes no revision.
        """
        seen = seen or desked.revision
        base = desked.draft if seen == desked.revision else self.issues.at_revision(desked.id, seen)
        now = desked
        for _ in range(_TRIES):
            self._changeable(now)
            after, meant = self._meant(base, seen, now, decision)
            if meant is None or after == now.draft:
                return now
            try:
                return self.issues.revise(now, after, meant)
            except Conflict:
                now = self.issues.get(desked.id)
        raise Conflict("草稿此刻正被多人修改，这一步没有保存。", "请再试一次。")

    def _changeable(self, desked: Desked) -> None:
        """Raises `UsageError` when a draft is not to be changed."""
        if not desked.state.open:
            raise UsageError(f"第{desked.number}期{desked.state.chinese}，不再更改。")

    def _meant(self, base: Draft, seen: int, now: Desked, decision: Decision) -> tuple[Draft, Decision | None]:
        """The draft after a decision on `base`, and the decision as it is recorded; `None` when it says nothing new."""
        rate = self.rater(self.series(now.draft.series))
        stale = seen != now.revision
        draft = now.draft
        if decision.verb == "include":
            draft, handle = self._offered(draft, decision.target, rate)
            decision = replace(decision, target=handle)
        if decision.verb not in DECISIONS:
            return decide(draft, decision, rate), decision
        since = [one for one in self.revisions(now) if one.revision > seen] if stale else []
        found = meant(base if stale else draft, draft, decision, rate, since)
        clashes = found.clashes
        if decision.verb == "waive":
            of, clash = self._signed(base, now, decision, stale)
            decision = replace(decision, values={"of": of})
            clashes += (clash,) if clash else ()
            found = replace(found, decision=replace(found.decision or decision, values=decision.values))
        if clashes:
            raise _collision(found.decision or decision, clashes, seen, now)
        if found.decision is None:
            return now.draft, None
        return decide(draft, found.decision, rate), found.decision

    def _signed(self, base: Draft, now: Desked, decision: Decision, stale: bool) -> tuple[str, Clash | None]:
        """What a finding says that is to be waived, as a digest, and whether it said something else when it was seen.

        Nobody answers for what was not found: raises `UsageError`.
        """
        message = self._waived(now, decision.target)
        if not stale:
            return digest(message), None
        try:
            before = self._waived(replace(now, draft=base), decision.target)
        except UsageError:
            before = ""
        clash = Clash(Matter.FINDING, "", "", before, decision.reason, message) if before != message else None
        return digest(message), clash

    # ------------------------------------------------------------------------------------- back and forth

    def undoable(self, desked: Desked) -> Revision | None:
        """The change that `undo` would take back; `None` when there is none, or the draft is not to be changed."""
        return standing(self.revisions(desked)).undoable if desked.state.open else None

    def redoable(self, desked: Desked) -> Revision | None:
        """The change that `redo` would make again; `None` likewise."""
        return standing(self.revisions(desked)).redoable if desked.state.open else None

    def undo(self, desked: Desked, who: str, *, of: int = 0) -> Desked:
        """Takes the last change back, whoever made it, by a further revision.

        `of` is the revision that was shown as the one to be undone. Raises `Conflict` when it is another one by now,
        and `UsageError` when there is none.
        """
        change = self._offered_step(desked, self.undoable(desked), of, "撤销")
        return self._put_back(desked, "undo", who, change, change.revision - 1)

    def redo(self, desked: Desked, who: str, *, of: int = 0) -> Desked:
        """Makes the change again that was undone last; raises as `undo` does."""
        change = self._offered_step(desked, self.redoable(desked), of, "重做")
        return self._put_back(desked, "redo", who, change, change.revision)

    def _offered_step(self, desked: Desked, change: Revision | None, of: int, word: str) -> Revision:
        self._changeable(desked)
        if of and (change is None or change.revision != of):
            raise Conflict(f"草稿刚又有改动，没有{word}。", "请看过现在的草稿再决定。")
        if change is None:
            raise UsageError(f"没有可{word}的改动。", "重新生成草稿之前的改动，请在修订记录里恢复。")
        return change

    def _put_back(self, desked: Desked, verb: str, who: str, change: Revision, revision: int) -> Desked:
        told = {"of": str(change.revision), "verb": change.decision.verb}
        draft = replace(self.issues.at_revision(desked.id, revision), notes=desked.draft.notes)
        return self.issues.revise(desked, draft, Decision(verb, who, self._clock(), change.decision.target, told))

    def restore(self, desked: Desked, revision: int, who: str) -> Desked:
        """Makes a draft what it was at an earlier revision, by a further one.

        Notes stay, and so does what marks a correction. When it was made anew since, what was decided by then is
        applied to the candidates there are now, as every making anew does. Raises `UsageError` for a revision it never
        had.
        """
        self._changeable(desked)
        old = self.issues.at_revision(desked.id, revision)
        now = desked.draft
        anew = ("generate", "supplement")
        if any(one.revision > revision and one.decision.verb in anew for one in self.revisions(desked)):
            old = select.draft(now.series, now.window, now.candidates, now.silent, old)
            old = replace(old, supplements=now.supplements)
        draft = replace(old, notes=now.notes, alarm=now.alarm, correction=now.correction, corrected=now.corrected)
        if draft == now:
            return desked
        return self.issues.revise(
            desked, draft, Decision("restore", who, self._clock(), "", {"revision": str(revision)})
        )

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
        if not target.startswith(("http:", "https:", "file:", PASTED)):
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
        """What the finding says that is to be waived; of an item that is like two others both."""
        key = finding_key(desked.draft, target)
        if said := _said(self._inspected(desked)).get(key):
            return said
        raise UsageError(f"没有“{target}”这项检查结果。", "请用 draft check 查看方括号里的名称。")

    def revisions(self, desked: Desked) -> list[Revision]:
        """Who decided what about a draft, oldest first."""
        return self.issues.revisions(desked.id)

    def issue(self, desked: Desked) -> Issue:
        """The issue as it would be put out now."""
        issue = self._assembled(desked.draft, desked.number)
        return replace(issue, annex=self.annex_of(issue))

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

    def grounds(self, desked: Desked) -> tuple[object, ...]:
        """What `findings` rest on beside the configuration: they are the same for as long as this is."""
        at = desked.id, desked.revision, desked.number, desked.state
        return *at, self.issues.out(), self.revisits.newest(), self._templates_as_they_are()

    def _answered(self, draft: Draft, found: Sequence[Finding]) -> list[Finding]:
        said = _said(found)
        return [
            replace(
                one,
                severity=Severity.WARNING,
                message=one.message + waiver.chinese,
                fix="",
                commands=(),
            )
            if (waiver := draft.waivers.get(one.key)) and waiver.of in (digest(said[one.key]), digest(one.message))
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


def _said(found: Iterable[Finding]) -> dict[str, str]:
    """What findings say, by key: a waiver names a check and an item, about which a check may have two things to say."""
    said: dict[str, str] = {}
    for one in found:
        said[one.key] = f"{said[one.key]}\n{one.message}" if one.key in said else one.message
    return said


def _collision(decision: Decision, clashes: tuple[Clash, ...], seen: int, now: Desked) -> Collision:
    """What is told of a decision that was not kept."""
    first = clashes[0]
    item = f"《{first.title}》的" if first.title else ""
    what = "、".join(dict.fromkeys(one.matter.chinese for one in clashes))
    who = f"被{first.by.decision.who}改过" if first.by else "又有改动"
    return Collision(
        f"{item}{what}在您看过之后{who}（看的是修订{seen}，现在是修订{now.revision}），这一步没有保存。",
        "请重新看稿，仍需要的改动再做一次。",
        decision,
        clashes,
        now,
    )
