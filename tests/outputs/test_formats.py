"""What every output promises; a new one in FORMATS is covered without a line here."""

from __future__ import annotations

import dataclasses

import pytest

from pipeline.config import packaged
from pipeline.errors import TemplateError
from pipeline.outputs import FORMATS, Context
from sample_issues import every_kind, findings, issue_535

CONTEXT = Context(templates=packaged("templates"))


@pytest.fixture(params=list(FORMATS))
def output(request):
    return FORMATS[request.param]


def test_an_output_is_a_file_of_a_known_type(output) -> None:
    assert "/" in output.media_type
    assert isinstance(output.render(issue_535(), CONTEXT), bytes)


def test_the_same_issue_gives_the_same_bytes_in_every_format(output) -> None:
    draft = dataclasses.replace(CONTEXT, draft=True, findings=findings())
    assert output.render(every_kind(), draft) == output.render(every_kind(), draft)


def test_another_title_gives_other_bytes(output) -> None:
    changed = dataclasses.replace(issue_535(), title="北京市卫生信息化舆情监测周报")
    assert output.render(issue_535(), CONTEXT) != output.render(changed, CONTEXT)


def test_an_issue_without_items_can_be_rendered(output) -> None:
    assert output.render(dataclasses.replace(issue_535(), items=()), CONTEXT)


def test_a_folder_without_templates_is_reported(output, tmp_path) -> None:
    with pytest.raises(TemplateError):
        output.render(issue_535(), Context(templates=tmp_path))
