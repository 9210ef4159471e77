"""Learning: models from what editors decided, used only when they are no worse, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog

from pipeline.desk.judging import Judging
from pipeline.errors import UsageError
from pipeline.frozen import frozen_articles, frozen_tellings
from pipeline.model import Desked, Learned, Learnt
from pipeline.steps.dedupe.events import shipped as shipped_events
from pipeline.steps.learn import events, scope
from pipeline.steps.learn.gate import Trial
from pipeline.steps.learn.lessons import lessons, newest, pair_lessons
from pipeline.steps.learn.texts import shipped_articles, shipped_texts
from pipeline.steps.rate import Model, Rater
from pipeline.steps.rate.words import shipped as shipped_scope

log = structlog.get_logger("pipeline.desk")
_ANOTHER_FIELD = "；自带的文章和测试集属于别的领域，这里不用（trained_words: false），只与本单位各期的取舍比较"


@dataclass(frozen=True, slots=True)
class Schooling:
    """What became of one kind of model."""

    kind: Learnt
    learned: Learned | None
    """`None` when there was too little to learn from."""
    told: str
    """What happened, in Chinese."""
    up: Mapping[str, float]
    """What speaks more for the scope, or for one event, than before; largest change first."""
    down: Mapping[str, float]
    """What speaks less."""


class Learning(Judging):
    """Learns from every released issue; keeps what it learned, used or refused."""

    def learn(self, who: str, *, keep: bool = True) -> list[Schooling]:
        """A model of each kind from all decisions so far; one that is no worse than the one in use replaces it.

        Raises `UsageError` when the extra `learn` is not installed.
        """
        issues = self.issues.all()
        return [self._school_scope(issues, who, keep), self._school_events(issues, who, keep)]

    def roll_back(self, kind: Learnt, number: int | None = None) -> Learned | None:
        """Puts an earlier model to use: a named one, or the one before; `None` for the one that ships (0)."""
        if number is None:
            every = [one for one in self.models.all() if one.kind is kind]
            active = next((one for one in every if one.active), None)
            if active is None:
                raise UsageError(f"{kind.chinese}用的就是自带的模型，没有更早的。")
            usable = (one.id for one in every if not one.refused and not one.damaged)
            number = max((one for one in usable if one < active.id), default=0)
        now = self.models.use(kind, number)
        log.info("model rolled back", kind=kind.value, model=number)
        return now

    def _school_scope(self, issues: list[Desked], who: str, keep: bool) -> Schooling:
        afterwards = {
            issue: {one.article: one.missed for one in some} for issue, some in self.hindsights.standing().items()
        }
        known = self.leads.articles({article for some in afterwards.values() for article in some})
        taught, contradicting = lessons(issues, afterwards, known)
        aside = f"；{contradicting} 篇前后决定不一，未用" if contradicting else ""
        taken, left = sum(one.included for one in taught), sum(not one.included for one in taught)
        if not taken or not left:
            only = "只有收录，没有剔除" if taken else "只有剔除，没有收录" if left else "没有可学的决定"
            return Schooling(Learnt.SCOPE, None, f"{only}，未训练{aside}", {}, {})
        # what ships is of health informatization: another field begins without its words, and is not held to it
        ours = self.config.scope.trained_words
        texts = (*shipped_texts(), *shipped_articles()) if ours else ()
        start = shipped_scope() if ours else replace(shipped_scope(), words={})
        reader = Rater(self.config.scope)
        newer = newest([one.issue for one in taught])
        before = [one for one in taught if one.issue not in newer]
        model = scope.learned(reader, taught, texts, start)
        active = self.scope_model()
        trial = scope.tried(
            self._nationwide(active),
            self._nationwide(model),
            self._nationwide(scope.learned(reader, before, texts, start)),
            newest=[one for one in taught if one.issue in newer],
            printed=[one for one in taught if one.included],
            frozen=frozen_articles() if ours else (),
            texts=texts,
        )
        up, down = scope.changed(active or start, model)
        if model == (active or start):
            return Schooling(Learnt.SCOPE, None, f"{len(taught)} 条决定，与使用中的模型没有差别{aside}", {}, {})
        kept = self._tried(Learnt.SCOPE, model.json(), len(taught), trial, who, keep)
        told = f"{len(taught)} 条决定（收录 {taken}，未收录 {left}）{aside}{'' if ours else _ANOTHER_FIELD}"
        return Schooling(Learnt.SCOPE, kept, told, dict(up), dict(down))

    def _school_events(self, issues: list[Desked], who: str, keep: bool) -> Schooling:
        pairs = events.compared(pair_lessons(issues))
        merged, split = sum(one.together for one, _ in pairs), sum(not one.together for one, _ in pairs)
        if not pairs:
            return Schooling(Learnt.EVENTS, None, "没有可学的合并或拆分，未训练", {}, {})
        newer = newest([one.issue for one, _ in pairs])
        model = events.learned(pairs)
        active = self.event_model() or shipped_events()
        trial = events.tried(
            active,
            model,
            events.learned([pair for pair in pairs if pair[0].issue not in newer]),
            newest=[pair for pair in pairs if pair[0].issue in newer],
            frozen=frozen_tellings(),
        )
        up, down = events.changed(active, model)
        if model == active:
            return Schooling(Learnt.EVENTS, None, f"{len(pairs)} 对，与使用中的模型没有差别", {}, {})
        kept = self._tried(Learnt.EVENTS, events.written(model), len(pairs), trial, who, keep)
        told = f"{len(pairs)} 对（合并 {merged}，拆分 {split}）"
        return Schooling(Learnt.EVENTS, kept, told, dict(up), dict(down))

    def _nationwide(self, model: Model | None) -> Rater:
        """Without a rule of place: what is learned is the subject."""
        return Rater(self.config.scope, None, self.config.outlets, model)

    def _tried(self, kind: Learnt, content: str, decisions: int, trial: Trial, who: str, keep: bool) -> Learned:
        learned = Learned(
            kind=kind,
            made=self._clock(),
            who=who,
            decisions=decisions,
            content=content,
            figures={one.name: (one.old, one.new) for one in trial.figures},
            refused="；".join(trial.refusals),
            active=trial.passed,
        )
        log.info("learned", kind=kind.value, decisions=decisions, passed=trial.passed, kept=keep)
        return self.models.keep(learned) if keep else learned
