"""What a command ends with, and the errors behind it."""

from __future__ import annotations

import inspect

from pipeline import errors
from pipeline.errors import DeskError
from reference.commands import ALWAYS, all_commands, codes_of, meanings
from reference.markup import code, prose, sentence, table
from reference.reading import docstring


def page() -> str:
    """The exit codes, and the tree of errors."""
    ends = {words: codes_of(command) for words, command in all_commands().items()}
    rows = []
    for number, meaning in meanings().items():
        where = [
            f"[`{' '.join(words)}`](commands.md#{'-'.join(words)})" for words, more in ends.items() if number in more
        ]
        rows.append((str(number), prose(sentence(meaning)), "any" if number in ALWAYS else " · ".join(where)))
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, DeskError)]
    return "\n".join(
        [
            "# Exit codes and errors",
            "",
            "Results go to stdout, progress and errors to stderr. An error is one sentence that names the place, and "
            "what to do; `--debug` adds the traceback.",
            "",
            "## Exit codes",
            "",
            table(("Code", "Meaning", "Commands"), rows),
            "",
            "## Errors",
            "",
            table(
                ("Error", "Kind of", "Code", "Meaning"),
                [
                    (
                        code(kind.__name__),
                        code(kind.__bases__[0].__name__) if kind is not DeskError else "",
                        str(kind.exit_code),
                        prose(docstring(kind)),
                    )
                    for kind in kinds
                ],
            ),
        ]
    )
