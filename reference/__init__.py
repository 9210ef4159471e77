"""The reference of the documentation, made from the code while the site is built: what it says, the code does.

A page is a function without arguments that returns Markdown; adding one is a function, a line in `PAGES` and one in the
`nav` of mkdocs.yml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reference import api, checks, codes, commands, configuration, metrics, promises, roles, texts

PAGES: Mapping[str, Callable[[], str]] = {
    "reference/settings.md": configuration.settings,
    "reference/series.md": configuration.series,
    "reference/sources.md": configuration.sources,
    "reference/scope.md": configuration.scope,
    "reference/outlets.md": configuration.outlets,
    "reference/commands.md": commands.page,
    "reference/codes.md": codes.page,
    "reference/checks.zh.md": checks.page,
    "reference/roles.md": roles.page,
    "reference/api.md": api.page,
    "reference/metrics.md": metrics.page,
    "reference/faults.md": promises.faults,
    "reference/tests.md": promises.tests,
    texts.CONTRIBUTING: texts.contributing,
    texts.CHANGES: texts.changes,
}
"""Place in the site → what makes the page."""

PARTS: Mapping[str, Callable[[], str]] = {"promises": promises.promises}
"""What a page written by hand asks for by `<!-- name -->` on a line of its own."""
