"""Deciding: what a person changes in a draft."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.desk.judging import Judging
from pipeline.desk.relating import documents_of
from pipeline.desk.room import command
from pipeline.errors import Conflict, TemplateError, UsageError
from pipeline.model import (
    Article,
    Candidate,
    Decision,
    Desked,
    Draft,
    Finding,
    Issue,
    Printed,
    Rating,
    Revision,
    Severity,
    State,
    Window,
    digest,
)
from pipeline.steps.assemble import assemble
from pipeline.steps.check import Inspection, check
from pipeline.steps.decide import DECISIONS, decide, finding_key, resolved


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

    def decide(self, desked: Desked, decision: Decision) -> Desked:
        """Applies one decision as the next revision; raises `Conflict` when the draft changed meanwhile.

        A decision that changes nothing makes no revision.
        """
        if desked.state is not State.DRAFT:
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
            )
            if (waiver := draft.waivers.get(one.key)) and waiver.of == digest(one.message)
            else one
            for one in found
        ]

    def _inspected(self, desked: Desked) -> list[Finding]:
        issue = self.issue(desked)
        return self._checked(issue, desked.draft, self.earlier(documents_of(issue)))

    def _checked(self, issue: Issue, draft: Draft, earlier: Sequence[Printed]) -> list[Finding]:
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
                revisits=self.revisits.of(item.url for item in issue.items),
                notes={one.handle: one.article.notes for one in draft.candidates},
                confidence={
                    one.handle: one.article.confidence
                    for one in draft.candidates
                    if "body" not in draft.edits.get(one.handle, {})
                },
            )
        )
