"""What is promised about classifiers beside the scope: off by default, they never break a run and never write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from llm_server import LlmServer
from pipeline import config as configuration
from pipeline.classifiers import CLASSIFIERS, opened
from pipeline.config import Config, packaged
from pipeline.errors import ConfigError
from pipeline.model import Classifier, Opinion

TITLE = "患者检查影像跨院调阅上线，不用再抱着一袋子片子跑"
TEXT = "市里二十家医院的影像资料已经连到一起，医生点开电脑就能看到患者上个月在别家拍的片子。\n少拍一次片，少跑一趟路。"


@pytest.fixture
def llm() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server


@dataclass(frozen=True)
class Workspace:
    path: Path

    def with_classifiers(self, **values: object) -> Config:
        folder = self.path / "config"
        folder.mkdir(exist_ok=True)
        for name in ("series", "scope", "sources", "outlets"):
            (folder / f"{name}.yaml").write_bytes((packaged("config") / f"{name}.yaml").read_bytes())
        with (folder / "settings.yaml").open("w", encoding="utf-8") as file:
            YAML().dump({"classifiers": values}, file)
        return configuration.load(self.path)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def on(name: str, workspace: Workspace, llm: LlmServer) -> Classifier:
    """The classifier of this name, turned on."""
    values: dict[str, object] = {
        "embeddings": {"embeddings": True},
        "llm": {"llm": {"url": llm.url, "model": "local"}},
    }[name]
    return opened(workspace.with_classifiers(**values))[name]


def test_every_classifier_is_off_by_default(workspace: Workspace) -> None:
    assert opened(workspace.with_classifiers()) == {}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_an_opinion_is_a_score_and_one_sentence(name: str, workspace: Workspace, llm: LlmServer) -> None:
    llm.says('{"score": 0.9, "because": "讲的是影像跨院共享"}')
    found = on(name, workspace, llm).opinion(TITLE, TEXT)
    assert found is not None
    assert found.classifier == name
    assert 0.5 < found.score <= 1
    assert found.because
    assert "\n" not in found.because


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize(
    ("title", "text"), [("", ""), ("标题", ""), ("", "正文"), ("\x00\ufffe", "😀" * 5000), ("a", "b" * 10**6)]
)
def test_hostile_texts_get_an_opinion_or_none(
    name: str, title: str, text: str, workspace: Workspace, llm: LlmServer
) -> None:
    found = on(name, workspace, llm).opinion(title, text)
    assert found is None or 0 <= found.score <= 1


def test_plain_other_news_gets_a_lower_score_than_health_it(workspace: Workspace, llm: LlmServer) -> None:
    embeddings = on("embeddings", workspace, llm)
    near = embeddings.opinion(TITLE, TEXT)
    far = embeddings.opinion(
        "市民冰场迎来首批游客", "连日低温，什刹海冰场昨天开门迎客，市民排队领冰鞋，商户备好了热饮。"
    )
    assert near is not None
    assert far is not None
    assert far.score < 0.3 < near.score


# ------------------------------------------------------------------------------------- the language model


def asked(workspace: Workspace, llm: LlmServer, **more: object) -> Classifier:
    return opened(workspace.with_classifiers(llm={"url": llm.url, "model": "local", **more}))["llm"]


def test_it_is_sent_title_and_beginning_and_nothing_else(workspace: Workspace, llm: LlmServer) -> None:
    asked(workspace, llm).opinion(TITLE, "甲" * 5000)
    [request] = llm.requests
    assert request.path == "/v1/chat/completions"
    assert request.body["model"] == "local"
    assert set(request.body) == {"model", "temperature", "messages"}
    system, user = request.body["messages"]
    assert "医疗卫生" in system["content"]
    assert user["content"].startswith(f"标题：{TITLE}\n正文：甲")
    assert len(user["content"]) < 1600


def test_its_key_comes_from_the_environment_and_is_never_shown(
    workspace: Workspace, llm: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFICE_LLM_KEY", "sk-geheim")
    config = workspace.with_classifiers(llm={"url": llm.url, "model": "local", "key": "env:OFFICE_LLM_KEY"})
    opened(config)["llm"].opinion(TITLE, TEXT)
    assert llm.requests[0].headers["Authorization"] == "Bearer sk-geheim"
    assert "geheim" not in repr(config)


def test_a_key_that_is_not_there_is_an_error_with_its_place(workspace: Workspace, llm: LlmServer) -> None:
    config = workspace.with_classifiers(llm={"url": llm.url, "model": "local", "key": "env:NO_SUCH_KEY"})
    with pytest.raises(ConfigError, match="NO_SUCH_KEY") as error:
        opened(config)
    assert "settings.yaml" in str(error.value)


@pytest.mark.parametrize(
    "answer",
    [
        '好的，{"score": 0.25, "because": "只顺带提到"}。',
        '```json\n{"because": "只顺带提到", "score": 0.25}\n```',
    ],
    ids=["between words", "fenced"],
)
def test_an_answer_between_other_words_is_read(answer: str, workspace: Workspace, llm: LlmServer) -> None:
    llm.says(answer)
    assert asked(workspace, llm).opinion(TITLE, TEXT) == Opinion("llm", 0.25, "只顺带提到")


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "应当收录",
        '{"score": 7}',
        '{"score": true}',
        '{"score": "高"}',
        '{"because": "无"}',
        "{" * 1000,
        '{"score": NaN}',
    ],
)
def test_an_answer_that_says_something_else_is_no_opinion(answer: str, workspace: Workspace, llm: LlmServer) -> None:
    llm.says(answer)
    assert asked(workspace, llm).opinion(TITLE, TEXT) is None


def test_a_reason_is_one_short_visible_line(workspace: Workspace, llm: LlmServer) -> None:
    llm.says('{"score": 1, "because": "第一行\\n第二行\\u202e\\u001b[31m' + "长" * 200 + '"}')
    found = asked(workspace, llm).opinion(TITLE, TEXT)
    assert found is not None
    assert found.because.startswith("第一行 第二行 [31m长")
    assert len(found.because) == 80


@pytest.mark.parametrize("status", [401, 404, 429, 500, 302])
def test_after_three_failures_in_a_row_it_is_left_alone(status: int, workspace: Workspace, llm: LlmServer) -> None:
    llm.fails(status)
    model = asked(workspace, llm)
    assert [model.opinion(TITLE, TEXT) for _ in range(6)] == [None] * 6
    assert len(llm.requests) == 3


def test_an_address_nobody_listens_at_costs_no_run(workspace: Workspace, llm: LlmServer) -> None:
    model = opened(workspace.with_classifiers(llm={"url": "http://127.0.0.1:9", "model": "local"}))["llm"]
    assert model.opinion(TITLE, TEXT) is None


def test_an_answer_without_end_is_cut_off(workspace: Workspace, llm: LlmServer) -> None:
    llm.says("长" * 10**6)
    assert asked(workspace, llm).opinion(TITLE, TEXT) is None


def test_it_is_asked_about_so_many_articles_and_no_more(workspace: Workspace, llm: LlmServer) -> None:
    model = asked(workspace, llm, items=2)
    found = [model.opinion(TITLE, TEXT) for _ in range(4)]
    assert [one is not None for one in found] == [True, True, False, False]
    assert len(llm.requests) == 2
