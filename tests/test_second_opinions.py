"""What is promised of classifiers in a run: asked where the scope is unsure, shown to the editor, never printed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from llm_server import LlmServer
from pipeline.config import Scope, packaged, read
from pipeline.desk import Inline, now, open_desk
from pipeline.model import Decision, Desked, Opinion, Verdict, Window
from pipeline.steps.rate import Rater

SERIES = "national-weekly"
WEEK = Window(dt.date(2025, 8, 2), dt.date(2025, 8, 8))
SCOPE = read(packaged("config") / "scope.yaml", TypeAdapter(Scope))
SAID = "机器说的话不进刊物"
MIXED = (
    "城市综合治理样板间：从智慧路灯到社区养老",
    "2025-08-05",
    "某某日报",
    "今年以来，全市推进城市综合治理，智慧路灯、共享单车停放区和垃圾分类站点陆续建成，市民出行更加方便。",
    "在社区养老服务中心，老人可以通过远程会诊系统与三甲医院的医生视频连线，检查结果实时上传健康档案。",
    "市政部门还更新了老旧小区的排水管网，修缮了三十个口袋公园，增设了充电桩和快递柜。",
    "下一步，全市将继续补齐公共设施短板，让群众的生活更便利，更多的社区将建成便民服务圈。",
)


@pytest.fixture
def llm() -> Iterator[LlmServer]:
    with LlmServer() as server:
        server.says(f'{{"score": 0.61, "because": "{SAID}"}}')
        yield server


@pytest.fixture
def made(workspace: Path, put: Callable[..., None]) -> Callable[..., Desked]:
    """The week's draft of the mixed piece, under these classifiers, in a desk opened anew."""
    put("mixed", *MIXED)

    def run(**classifiers: object) -> Desked:
        path = workspace / "config" / "settings.yaml"
        settings = YAML().load(path) or {}
        settings["classifiers"] = classifiers
        with path.open("w", encoding="utf-8") as file:
            YAML().dump(settings, file)
        with open_desk(workspace, clock=now) as desk:
            return desk.run(SERIES, WEEK, Inline()).desked

    return run


def test_without_classifiers_nobody_is_asked(made: Callable[..., Desked], llm: LlmServer) -> None:
    [candidate] = made().draft.candidates
    assert candidate.rating.verdict is Verdict.BORDERLINE
    assert candidate.opinions == ()
    assert llm.requests == []


def test_the_language_model_is_asked_once_about_what_waits(made: Callable[..., Desked], llm: LlmServer) -> None:
    for _ in range(2):
        [candidate] = made(llm={"url": llm.url, "model": "local"}).draft.candidates
        assert candidate.opinions == (Opinion("llm", 0.61, SAID),)
        assert candidate.rating.verdict is Verdict.BORDERLINE
    assert len(llm.requests) == 1


def test_a_language_model_that_is_down_leaves_the_draft_as_it_is(made: Callable[..., Desked], llm: LlmServer) -> None:
    llm.fails(500)
    [candidate] = made(llm={"url": llm.url, "model": "local"}).draft.candidates
    assert candidate.opinions == ()


def test_what_a_classifier_says_is_in_no_output(made: Callable[..., Desked], llm: LlmServer, workspace: Path) -> None:
    desked = made(llm={"url": llm.url, "model": "local"})
    with open_desk(workspace, clock=now) as desk:
        desked = desk.decide(desked, Decision("include", "王编辑", now(), desked.draft.candidates[0].handle))
        for name in desk.config.settings.formats:
            printed = desk.render(desked, name)
            assert SAID.encode() not in printed
        assert SAID not in str(desk.issue(desked))


def test_the_embeddings_are_averaged_in_where_the_scope_is_unsure(made: Callable[..., Desked]) -> None:
    [alone] = made().draft.candidates
    [both] = made(embeddings=True).draft.candidates
    named = [one.name for one in both.rating.parts]
    assert any("语义判断" in name for name in named)
    assert not any("语义判断" in one.name for one in alone.rating.parts)


class _Counts:
    """A classifier that keeps what it was asked."""

    def __init__(self, score: float) -> None:
        self.asked: list[str] = []
        self._score = score

    def opinion(self, title: str, text: str) -> Opinion | None:
        self.asked.append(title)
        return Opinion("count", self._score, "听来的")


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("市民冰场迎来首批游客", "连日低温，什刹海冰场昨天开门迎客，市民排队领冰鞋，商户备好了热饮。"),
        (
            "电子病历共享平台上线，检查检验结果跨院互认",
            "医院信息系统完成改造，医生可以跨院调阅电子病历和医学影像，减少重复检查。",
        ),
    ],
    ids=["plainly out", "plainly in"],
)
def test_a_second_classifier_is_not_asked_where_the_scope_is_sure(title: str, text: str) -> None:
    second = _Counts(0.5)
    assert Rater(SCOPE, second=second).rate(title, text) == Rater(SCOPE).rate(title, text)
    assert second.asked == []


def test_a_second_classifier_moves_an_unsure_score_half_way() -> None:
    title, _, _, *lines = MIXED
    alone = Rater(SCOPE).rate(title, "\n".join(lines))
    second = _Counts(0.0)
    both = Rater(SCOPE, second=second).rate(title, "\n".join(lines))
    assert second.asked == [title]
    assert both.score < alone.score
    assert "与听来的平均" in [one.name for one in both.parts]
