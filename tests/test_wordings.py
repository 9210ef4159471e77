"""What errors mean in Chinese: everything that the stores can say has its words, and what to do besides."""

import ast
import re
from pathlib import Path

import pytest

from pipeline import store, wordings

_FILES = ("database", "sqlite", "postgresql", "objects", "looking", "blobs")
_ENGLISH = re.compile(r"[a-z]+ [a-z]+ [a-z]+")


def _text(node: ast.expr) -> str:
    """A text as it may come out, whatever stands in its gaps."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(one) for one in node.values)
    if isinstance(node, ast.FormattedValue):
        return "'甲'" if node.conversion == ord("r") else "甲"
    return str(node.value) if isinstance(node, ast.Constant) else "甲"


def _errors() -> list[tuple[str, str]]:
    """Every English error of the stores: message and advice."""
    found = []
    for name in _FILES:
        tree = ast.parse((Path(store.__file__).parent / f"{name}.py").read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "StoreError":
                message, *advice = (_text(one) for one in node.args)
                if _ENGLISH.search(message):
                    found.append((message, advice[0] if advice else ""))
    return found


def test_there_are_errors_to_be_worded():
    assert len(_errors()) > 20


@pytest.mark.parametrize(("message", "advice"), _errors())
def test_everything_the_stores_say_in_english_has_its_chinese_words_and_what_to_do(message, advice):
    for whole in (wordings.what(message), wordings.fix(advice, message)):
        told = re.sub("（.*）|bulletin [a-z ]+", "", whole)  # what others say is told as they say it; a command is one
        assert told
        assert not _ENGLISH.search(told), told
        assert not told.startswith("出错"), told


@pytest.mark.parametrize(
    ("message", "advice", "told"),
    [
        (
            "/工作区/config/settings.yaml:2:1: unknown key 'formts'", "Did you mean 'formats'?",
            "/工作区/config/settings.yaml:2:1：没有“formts”这一项设置 → 是不是 formats",
        ),
        (
            "config/sources.yaml:14:3: source 北京日报: unknown kind 'rrs' (known: feed, folder)", "",
            "config/sources.yaml:14:3：信源“北京日报”没有“rrs”这一类（可写 feed, folder） → 改正这一处",
        ),
        ("config/series.yaml:2:9: expected ',' or ']', but got '<stream end>'", "", "config/series.yaml:2:9：写法有误"),
        ("config/settings.yaml:7:3: web.url: 请写完整的网址", "请改正。", "请写完整的网址 → 请改正"),
        (
            "config/settings.yaml:3:1: version: this configuration is of version 9, written for a later release; …", "",
            "配置是第 9 版，为更新的版本所写 → 安装那个版本或更新的",
        ),
        ("something nobody foresaw", "", "出错：something nobody foresaw → 把这一行告诉维护人员"),
    ],
)  # fmt: skip
def test_an_error_of_the_configuration_keeps_its_place(message, advice, told):
    assert told in f"{wordings.what(message)} → {wordings.fix(advice, message)}"
