"""Templates of text that the office can edit: rendered in a sandbox, every name in them known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pipeline.errors import TemplateError
from pipeline.model import Issue, chinese_date
from pipeline.outputs.word import bookmarks


def render_template(
    folder: Path,
    name: str,
    values: Mapping[str, object],
    *,
    printed: Callable[[object], object],
    filters: Mapping[str, Callable[..., Any]],
    html: bool = False,
    trimmed: bool = False,
) -> str:
    """A template with `values`, each passed through `printed`, and with `html` escaped after that.

    With `trimmed` a line on which only a tag of the template stands prints nothing. Raises `TemplateError` when it
    cannot be used.
    """
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        finalize=printed,
        autoescape=html,
        keep_trailing_newline=True,
        trim_blocks=trimmed,
        lstrip_blocks=trimmed,
    )
    environment.filters |= {"chinese_date": chinese_date, **filters}
    try:
        return environment.get_template(name).render(values)
    except TemplateNotFound as error:
        raise TemplateError(f"{folder / name}: 模板不存在。", "从随软件提供的模板复制一份。") from error
    except TemplateSyntaxError as error:
        raise TemplateError(f"{name}:{error.lineno}: {error.message}", "改正模板的这一行。") from error
    except JinjaError as error:
        raise TemplateError(f"{name}: {error}", "改正模板中的占位符。") from error


def anchors(issue: Issue) -> tuple[str, ...]:
    """What marks each item, so that the contents lead to it: the bookmarks of the document, as HTML has them."""
    return tuple(name.removeprefix("_").replace("_", "-") for name in bookmarks(issue))
