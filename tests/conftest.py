"""What many tests share: the command line run in this process, and a workspace of files."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inboxes import Hook
from pipeline import cli
from pipeline.config import packaged

Run = Callable[..., tuple[int, str, str]]


_REMARKS = pytest.StashKey[list[str]]()


@pytest.fixture
def remark(pytestconfig) -> Callable[[str], None]:
    """Says something measured, in a line at the end of the test run."""
    return pytestconfig.stash.setdefault(_REMARKS, []).append


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash.get(_REMARKS, []):
        terminalreporter.write_line(line)


@pytest.fixture
def bulletin(monkeypatch, capsys) -> Run:
    """Runs a command line; gives its exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bulletin", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture
def workspace(tmp_path) -> Path:
    """A workspace whose only source is a folder of files, `inbox`."""
    folder = tmp_path / "工作区 一"
    shutil.copytree(packaged("config"), folder / "config")
    (folder / "inbox").mkdir()
    (folder / "config" / "sources.yaml").write_text(
        "- id: inbox\n  name: 收件箱\n  kind: folder\n  path: inbox\n", "utf-8"
    )
    return folder


@pytest.fixture
def put(workspace) -> Callable[..., None]:
    """Puts a page in the manner of a news site into the workspace's folder."""

    def put(name: str, title: str, day: str, outlet: str, *paragraphs: str) -> None:
        body = "".join(f"<p>　　{one}</p>" for one in paragraphs)
        (workspace / "inbox" / f"{name}.html").write_text(
            f"""<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}_{outlet}</title></head>
<body><div class="nav"><a href="/">首页</a> <a href="/jk">健康</a></div>
<h1>{title}</h1><div class="info"><span>{day} 09:30</span> <span>来源：{outlet}</span></div>
<div class="article-content" id="article">{body}</div>
<div class="editor">责任编辑：赵敏</div><div class="footer">版权所有</div></body></html>""",
            "utf-8",
        )

    return put


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A web hook on loopback that keeps what it is told."""
    server = Hook()
    yield server
    server.close()
