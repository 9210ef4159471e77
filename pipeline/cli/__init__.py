"""The command line: `bulletin …`, a file a group of commands.

Exit codes: 0 done · 1 failure · 2 usage or configuration · 3 done, but some sources failed, a file could not be written
yet, or an edited file holds what was not taken · 4 done, nothing in the window or nothing found · 5 blocked by checks ·
130 interrupted. Results go to stdout, progress to stderr.

Whatever is heavy is imported inside the commands, so that `--help` stays under 0.6 s.
"""

from pipeline.cli import init, setup, databases, sources, runs, clock, deploy, accounts  # isort: skip - the order of `--help`
from pipeline.cli import drafts, reasons, issues, archive, learning, templates, stages  # isort: skip - the order of `--help`
from pipeline.cli.app import app
from pipeline.cli.process import main

__all__ = [
    "accounts",
    "app",
    "archive",
    "clock",
    "databases",
    "deploy",
    "drafts",
    "init",
    "issues",
    "learning",
    "main",
    "reasons",
    "runs",
    "setup",
    "sources",
    "stages",
    "templates",
]
