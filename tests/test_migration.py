"""`config migrate`: configuration of an earlier release in the form of this one, its comments and its past kept."""

import difflib

import pytest

from pipeline.config import load

STRONG = """# 我们的监测范围，编辑部自己改的
accept: 0.8

axes:
  - name: 医疗卫生
    terms:
      2: [医院, 医保, 智慧医疗, 患者]   # 末尾加过一个
      1:
        - 健康
        - 电子病历
  - name: 信息技术
    terms:
      2: [信息化, '大模型']

# ── 一个词就说明切题 ──
strong:
  3: [智慧医疗, 电子病历,
      互联网医院]    # 三分
  # 轻一些的
  1: [医院app]

# ── 像而不是 ──
against:
  2: [宠物, 互联网医院]
ignore: [健康发展, 大模型]
"""
TOPICS = """# 我们的监测范围，编辑部自己改的
accept: 0.8

axes:
  - name: 医疗卫生
    terms:
      2: [医院, 医保, 患者]   # 末尾加过一个
      1:
        - 健康
  - name: 信息技术
    terms:
      2: [信息化, ]

# ── 一个词就说明切题 ──
topics:
  - name: 切题
    terms:
      3: [智慧医疗, 电子病历,
          互联网医院]    # 三分
      # 轻一些的
      1: [医院app]

# ── 像而不是 ──
against:
  2: [宠物, ]
ignore: [健康发展, 大模型]
"""
SETTINGS = "# 我们的设置\n\nout: 发布   # 共享盘\n"


@pytest.fixture
def old(tmp_path):
    """A workspace as an earlier release left it."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "scope.yaml").write_text(STRONG, "utf-8")
    (tmp_path / "config" / "settings.yaml").write_text(SETTINGS, "utf-8")
    (tmp_path / "config" / "series.yaml").write_text(
        "a: {title: 甲月报, issuer: 乙, unit: 月报, topic: 丙, window: monthly, last: {number: 1, window: 2024-05}}\n",
        "utf-8",
    )
    return tmp_path


def _texts(folder):
    return {path.name: path.read_text("utf-8") for path in (folder / "config").iterdir()}


def test_the_old_form_is_refused_with_the_command_that_mends_it(old, bulletin):
    code, _, err = bulletin("-C", old, "config", "check")
    assert code == 2
    assert "scope.yaml:16:1: strong: is called topics now: `bulletin config migrate`" in err


def test_strong_becomes_a_topic_where_it_stood_each_term_once_where_it_counted_and_comments_stay(old, bulletin):
    code, out, _ = bulletin("-C", old, "config", "migrate")
    assert code == 0
    found = _texts(old)
    assert found["scope.yaml"] == TOPICS
    assert found["settings.yaml"] == "# 我们的设置\n\nversion: 2\n\nout: 发布   # 共享盘\n"
    assert "在几处都写了的词只留一处：" in out
    assert bulletin("-C", old, "config", "check")[0] == 0
    scope = load(old).scope
    assert scope.topics[0].terms == {3.0: ("智慧医疗", "电子病历", "互联网医院"), 1.0: ("医院app",)}


def test_what_stood_there_before_is_kept_beside_and_never_written_over(old, bulletin):
    (old / "config" / "scope.yaml.v1").write_text("mine", "utf-8")
    assert bulletin("-C", old, "config", "migrate")[0] == 0
    found = _texts(old)
    assert (found["scope.yaml.v1"], found["scope.yaml.v1.2"], found["settings.yaml.v1"]) == ("mine", STRONG, SETTINGS)
    code, _, err = bulletin("-C", old, "config", "migrate")
    assert (code, "没有要改的" in err) == (0, True)
    assert _texts(old) == found


def test_a_dry_run_shows_the_difference_and_changes_nothing(old, bulletin):
    before = _texts(old)
    code, out, err = bulletin("-C", old, "config", "migrate", "--dry-run")
    assert (code, _texts(old)) == (0, before)
    lines = [line for line in difflib.ndiff(STRONG.splitlines(), TOPICS.splitlines()) if line[0] in "+-"]
    shown = out[out.index("--- scope.yaml") :].splitlines()
    assert {line[0] + line[2:] for line in lines} <= set(shown)
    assert "要改 2 个文件" in err


def test_a_configuration_of_a_later_release_is_refused_with_a_sentence(old, bulletin):
    (old / "config" / "settings.yaml").write_text("version: 3\nnew: {}\n", "utf-8")
    before = _texts(old)
    for command in (("config", "check"), ("config", "migrate"), ("sources", "list")):
        code, _, err = bulletin("-C", old, *command)
        assert code == 2
        assert "settings.yaml:1:1: version: this configuration is of version 3, written for a later release" in err
    assert _texts(old) == before


def test_what_cannot_be_used_even_so_is_said_and_nothing_is_changed(old, bulletin):
    (old / "config" / "scope.yaml").write_text(STRONG.replace("宠物", "宠"), "utf-8")
    before = _texts(old)
    code, _, err = bulletin("-C", old, "config", "migrate")
    assert (code, _texts(old)) == (2, before)
    assert "(as migrated)" in err
    assert "'宠' is a single character" in err


def test_a_configuration_without_a_version_that_is_as_today_s_is_used_as_it_is(old, bulletin):
    (old / "config" / "scope.yaml").unlink()
    assert bulletin("-C", old, "config", "check")[0] == 0
