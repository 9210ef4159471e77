"""Is what a scope let through of a window's articles believable: none of many, or nearly all, seldom is."""

from __future__ import annotations

from collections.abc import Sequence

_MANY = 20  # articles; of fewer none may well be on topic
_NEARLY_ALL = 0.95  # sources are chosen for the field, and still a third of what they carry is about other things


def alarm(judged: int, passed: int, silent: Sequence[str] = ()) -> str:
    """What an editor should know about how many of the readable articles passed, in Chinese; empty when all is well.

    `passed` counts those that are offered, 收录 and 待审; `silent` names sources that could not be collected.
    """
    if judged < _MANY:
        return ""
    if passed == 0:
        sources = f"；另有{len(silent)}个信源未能采集（{'、'.join(silent[:3])}）" if silent else ""
        return (
            f"可读文章 {judged} 篇，没有一篇符合监测范围，不太正常：请核对 scope.yaml 近期是否改动（分数线、主题、"
            f"地区），信源是否换了栏目或只剩无关内容{sources}"
        )
    if passed >= judged * _NEARLY_ALL:
        return (
            f"可读文章 {judged} 篇，有 {passed} 篇符合监测范围，几乎全部通过，不太正常：请核对 scope.yaml "
            "近期是否放宽（分数线过低，或加了过于常见的词）"
        )
    return ""
