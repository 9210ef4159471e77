"""What an office knows of a site: a source's own rules, where the general method is not good enough.

A rule names elements by CSS or XPath. Where it finds what it names, nothing is guessed; where a page does not have
it any more, the general method reads on and a note says so: the site was rebuilt, the rule wants mending.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache

from lxml import etree

from pipeline.config import ExtractRule, as_xpath
from pipeline.model import BEIJING
from pipeline.steps.extract.facts import Facts, Found
from pipeline.steps.extract.tree import Element, content, drop, key, tidy

_FIELDS = {"title": "标题", "date": "日期", "source": "来源", "author": "作者"}
_NOTED = ("title", "date")  # an author or an outlet stands on some pages of a site only
_MIN_WORDS = 10  # characters; a container that a script would fill holds none
WHERE = "信源规则"


def rule_for(rules: Sequence[ExtractRule], fetched: dt.datetime) -> ExtractRule | None:
    """The first rule that was still valid on the day, in Beijing, that a page was fetched."""
    day = fetched.astimezone(BEIJING).date()
    return next((rule for rule in rules if rule.until is None or day < rule.until), None)


def apply_rule(tree: Element, facts: Facts, rule: ExtractRule) -> list[str]:
    """Drops what the rule drops, in place, and keeps in `facts` what it names; returns what an editor should know."""
    notes: list[str] = []
    selectors = {"title": rule.title, "date": rule.date, "source": rule.outlet, "author": rule.author}
    for name, selector in selectors.items():
        if selector is None:
            continue
        if text := next((text for one in _select(tree, selector) if (text := _words(one))), ""):
            facts.ruled[name] = Found(text, WHERE)
        elif name in _NOTED:
            notes.append(f"信源规则未找到{_FIELDS[name]}（{selector}），已按通用方法读取：网站可能已改版")
    for selector in rule.drop:
        for one in _select(tree, selector):
            if not isinstance(one, str) and one.getparent() is not None:
                drop(one)
    if rule.container is None:
        return notes
    named = [one for one in _select(tree, rule.container) if not isinstance(one, str)]
    facts.container = next((one for one in named if len(key(content(one))) >= _MIN_WORDS), None)
    if facts.container is None:
        missing = "正文容器是空的" if named else "未找到正文容器"
        notes.append(f"信源规则{missing}（{rule.container}），已按通用方法读取：网站可能已改版")
        return notes
    for one in (facts.container, *facts.container.iterancestors()):
        for hides in {"style", "hidden"}.intersection(one.keys()):  # who names it means it
            del one.attrib[hides]
    return notes


def _select(tree: Element, selector: str) -> list[Element | str]:
    try:
        found = _compiled(selector)(tree)
    except etree.XPathError:
        return []  # an unknown function in a condition shows only where there is something to try it on
    every = found if isinstance(found, list) else [found]
    return [one for one in every if isinstance(one, str) or etree.iselement(one)]


@lru_cache(maxsize=512)
def _compiled(selector: str) -> etree.XPath:
    return etree.XPath(as_xpath(selector))


def _words(found: Element | str) -> str:
    return tidy(found) if isinstance(found, str) else content(found)
