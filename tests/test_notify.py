"""Telling people: what arrives is what was meant, trouble with one target is no trouble for the others."""

import datetime as dt
import logging
import socket
import subprocess
import sys
from contextlib import suppress

import pytest

from inboxes import PostOffice
from pipeline.config import load, masked
from pipeline.desk import Inline, open_desk
from pipeline.errors import SourceError, StoreError
from pipeline.model import BEIJING, Decision, Event, Notice, Pointer, Tone, Window, Work, Worker
from pipeline.notify import folded, refused, targets
from pipeline.notify import tell as send

NOW = dt.datetime(2024, 7, 1, 0, 30, tzinfo=BEIJING)
HOSPITAL = (
    "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查。",
    "院方有关负责人表示，将继续推进智慧医院建设，推动远程医疗服务下沉社区。",
)
JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
NOTICE = Notice(
    "draft-ready:beijing-monthly:2024-06-01",
    Event.DRAFT_READY,
    "北京市卫生信息化舆情监测月报（第五三五期）草稿已生成",
    "5 条入选 <b>& 2 条备选",
    NOW,
    "beijing-monthly",
    Tone.GOOD,
    Pointer("看稿", "/issues/beijing-monthly/2024-06-01", "bulletin draft show beijing-monthly --month 2024-06"),
)
TEXT = "5 条入选 <b>& 2 条备选\n看稿：bulletin draft show beijing-monthly --month 2024-06"


def tell(target, notice, **how):
    """Why one target could not be told of one thing; nothing when it was."""
    return send(target, folded([notice], ""), **how).trouble


@pytest.fixture
def office():
    server = PostOffice()
    yield server
    server.close()


@pytest.fixture
def notifying(workspace):
    """Names who is told; gives the workspace."""

    def write(*lines: str):
        (workspace / "config" / "settings.yaml").write_text(
            "notify:\n" + "".join(f"  - {line}\n" for line in lines), "utf-8"
        )
        return workspace

    return write


@pytest.fixture
def closed() -> int:
    """A port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _to(workspace) -> list:
    return targets(load(workspace))


def test_a_web_hook_gets_title_and_text(notifying, hook):
    (target,) = _to(notifying(f'to: "{hook.address}"'))
    assert tell(target, NOTICE) == ""
    (got,) = hook.messages
    assert (got["title"], got["message"], got["type"]) == (NOTICE.title, TEXT, "success")


def test_a_mail_says_in_chinese_what_happened(notifying, office):
    (target,) = _to(notifying(f'to: "{office.address}"'))
    assert tell(target, NOTICE) == ""
    (mail,) = office.mails
    assert mail["Subject"] == NOTICE.title
    assert "editor@office.example.cn" in mail["To"]
    plain, page = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    assert TEXT.splitlines()[1] in plain.splitlines(), "its command can be pasted into a shell"
    assert "5 条入选 &lt;b&gt;&amp; 2 条备选" in page
    assert "<script" not in page
    assert "src=" not in page


@pytest.mark.parametrize(
    ("status", "pause", "said"),
    [(500, 0.0, "对方答复 500"), (403, 0.0, "对方答复 403"), (200, 60.0, "超过 1 秒没有完成")],
    ids=["an error", "a refusal", "no answer in time"],
)
def test_a_hook_that_does_not_take_it_is_told_from_one_that_does(notifying, hook, status, pause, said):
    hook.status, hook.pause = status, pause
    (target,) = _to(notifying(f'to: "{hook.address}"'))
    assert tell(target, NOTICE, seconds=1.0) == said
    assert hook.answered == (pause == 0), "nobody waits for it to think for a minute"


@pytest.mark.parametrize(
    "kind", ["json://127.0.0.1:{}/x", "mailto://127.0.0.1:{}?from=a@b.example.cn&to=c@b.example.cn"]
)
def test_a_target_that_is_down_is_said_in_chinese(notifying, closed, kind):
    (target,) = _to(notifying(f'to: "{kind.format(closed)}"'))
    assert tell(target, NOTICE) == "对方拒绝连接（地址或端口不对，或服务没有启动）"


def test_an_address_stands_in_the_environment_or_in_a_file_as_well(notifying, hook, monkeypatch):
    workspace = notifying("to: env:OFFICE_HOOK", "to: file:config/hook.txt", "to: env:NOT_SET", "to: file:missing.txt")
    monkeypatch.setenv("OFFICE_HOOK", hook.address)
    (workspace / "config" / "hook.txt").write_text(hook.address + "\n", "utf-8")
    assert [(one.name, tell(one, NOTICE)) for one in _to(workspace)] == [
        ("env:OFFICE_HOOK", ""),
        ("file:config/hook.txt", ""),
        ("env:NOT_SET", "环境变量 NOT_SET 没有设置"),
        ("file:missing.txt", "读不到文件 missing.txt"),
    ]
    assert len(hook.messages) == 2


def test_an_address_nobody_can_use_is_refused_with_its_place_and_without_its_secret(notifying, hook):
    workspace = notifying(f'to: "{hook.address}"', "to: nonsense://my-secret", "to: env:NOT_SET")
    first, second = refused(load(workspace))
    assert first.place.endswith("config/settings.yaml:3:5")
    assert "apprise 不认识这个地址" in first.message
    assert second.place.endswith("config/settings.yaml:4:5")
    assert "my-secret" not in f"{first}{second}"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("json://user:secret@hook.example.cn:8443/secret?token=secret", "json://hook.example.cn:8443/…"),
        ("mailto://user:secret@mail.example.cn?to=secret@example.cn", "mailto://mail.example.cn/…"),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=secret", "https://qyapi.weixin.qq.com/…"),
        ("wecombot://secret", "wecombot://…"),
        ("feishu://secret/", "feishu://…"),
        ("postgresql+psycopg://desk:secret@db:5432/desk", "postgresql+psycopg://db:5432/…"),
        ("json://user:secret@[broken", "json://…"),
        ("secret", "…"),
        ("env:OFFICE_HOOK", "env:OFFICE_HOOK"),
        ("file:config/hook.txt", "file:config/hook.txt"),
    ],
)
def test_an_address_is_shown_without_its_secrets(address, shown):
    assert masked(address) == shown


def test_no_secret_reaches_logs_or_representations(notifying, hook, closed, caplog, capfd):
    workspace = notifying(f'to: "{hook.address}"', f'to: "json://user:hook-password@127.0.0.1:{closed}/hook-token"')
    hook.status = 500
    caplog.set_level(logging.INFO)
    config = load(workspace)
    reasons = [tell(one, NOTICE) for one in targets(config)]
    assert all(reasons)
    out, err = capfd.readouterr()
    said = out + err + caplog.text + repr(config) + repr(targets(config)) + "".join(reasons)
    assert "127.0.0.1" in said
    assert "hook-password" not in said
    assert "hook-token" not in said


def test_targets_that_look_alike_are_told_apart(notifying):
    names = [one.name for one in _to(notifying("to: wecombot://secret-a", "to: wecombot://secret-b"))]
    assert names == ["wecombot://…", "wecombot://…（2）"]


def test_a_target_is_told_only_what_it_asked_for(notifying):
    weekly, failures, everything = _to(
        notifying(
            "{to: wecombot://a, series: [national-weekly]}",
            "{to: wecombot://b, events: [run-failed]}",
            "to: wecombot://c",
        )
    )
    assert not weekly.wants(NOTICE)
    assert not failures.wants(NOTICE)
    assert everything.wants(NOTICE)
    silent = Notice("k", Event.SOURCE_SILENT, "", "", NOW)
    assert weekly.wants(silent), "a source that is silent concerns every series"


def test_a_desk_tells_everybody_once_and_one_that_is_down_again_later(notifying, hook, office, closed):
    workspace = notifying(
        f'to: "json://127.0.0.1:{closed}/"',
        f'to: "{hook.address}"',
        f'{{to: "{office.address}", events: [draft-ready]}}',
    )
    moment = [NOW]
    with open_desk(workspace, clock=lambda: moment[0]) as desk:
        desk.failed("beijing-monthly", JUNE, "所有信源都未能采集")
        desk.failed("beijing-monthly", JUNE, "所有信源都未能采集")
        desk.failed("beijing-monthly", JUNE, "磁盘已满", final=True)
        assert [bool(one.trouble) for one in desk.send_notices()] == [True, False]
        title = "北京市卫生信息化舆情监测月报：2024-06-01…2024-06-30 的草稿未能生成"
        (told,) = hook.messages
        assert told["title"] == f"{title}，另有 1 条消息"
        assert "所有信源都未能采集" in told["message"]
        assert "重新生成：bulletin run beijing-monthly --month 2024-06" in told["message"]
        assert "不再自动重试" in told["message"]
        assert office.mails == []
        assert desk.send_notices() == []
        moment[0] = NOW + dt.timedelta(minutes=2)
        again = desk.send_notices()
        assert [(one.target, bool(one.trouble)) for one in again] == [(f"json://127.0.0.1:{closed}/…", True)]
        assert len(hook.messages) == 1
        moment[0] = NOW + dt.timedelta(days=3, hours=1)
        assert len(desk.send_notices()) == 1
        moment[0] = NOW + dt.timedelta(days=4)
        assert desk.send_notices() == []
        assert [one.notice.event for one in desk.notices.lost()] == [Event.RUN_FAILED] * 2


def _page(put, name="a"):
    put(name, "北京友谊医院智慧医疗又有新进展", "2024-06-12", "北京日报", *HOSPITAL)


def test_the_first_draft_of_a_window_is_told_with_its_number_and_how_to_look_at_it(workspace, put):
    _page(put)
    with open_desk(workspace, clock=lambda: NOW) as desk:
        desk.run("beijing-monthly", JUNE, Inline())
        _page(put, "b")
        desk.run("beijing-monthly", JUNE, Inline())
        (waiting,) = desk.notices.waiting(NOW)
    notice = waiting.notice
    assert (notice.title, notice.series) == (NOTICE.title, "beijing-monthly")
    assert notice.text.splitlines() == [
        "窗口：2024-06-01…2024-06-30",
        "1 条入选，0 条备选与未入选；1 项阻断，0 项提醒",
    ]
    assert notice.pointer == NOTICE.pointer


def test_a_draft_that_cannot_be_kept_is_not_told_of(workspace, put, monkeypatch):
    _page(put)

    def broken(connection, notice):
        raise StoreError("磁盘已满")

    monkeypatch.setattr("pipeline.store.issues.post", broken)
    with open_desk(workspace, clock=lambda: NOW) as desk:
        with pytest.raises(StoreError):
            desk.run("beijing-monthly", JUNE, Inline())
        assert (desk.issues.all(), desk.notices.waiting(NOW)) == ([], [])


def test_a_template_that_is_broken_costs_the_notice_its_counts_and_not_the_draft(workspace, put):
    _page(put)
    (workspace / "templates").mkdir()
    with open_desk(workspace, clock=lambda: NOW) as desk:
        desk.run("beijing-monthly", JUNE, Inline())
        (waiting,) = desk.notices.waiting(NOW)
    assert waiting.notice.text.endswith("1 条入选，0 条备选与未入选")


def test_a_source_that_fails_three_times_is_told_once_until_it_works_again(workspace):
    moment, inbox = [NOW], workspace / "inbox"
    with open_desk(workspace, clock=lambda: moment[0]) as desk:

        def visits(times: int) -> int:
            for _ in range(times):
                moment[0] += dt.timedelta(hours=4)
                with suppress(SourceError):
                    desk.harvest("inbox")
                desk.tell_silences()
            return len(desk.notices.waiting(moment[0]))

        inbox.rmdir()
        assert [visits(2), visits(1), visits(5)] == [0, 1, 1]
        inbox.mkdir()
        assert [visits(1), visits(1)] == [2, 2], "people are told that it is back"
        inbox.rmdir()
        assert [visits(2), visits(1)] == [2, 3]
        first = desk.notices.waiting(moment[0])[0].notice
    assert first.title == "信源“收件箱”连续 3 次未能采集"
    assert first.pointer == Pointer("看信源", "/sources/inbox", "bulletin sources check inbox")
    assert first.series == ""


def test_a_source_that_breaks_in_a_way_nobody_foresaw_is_told_of_too(workspace, monkeypatch):
    def broken(self, fetch, memory=None):
        raise ValueError("没有想到")

    monkeypatch.setattr("pipeline.sources.folder.Folder.leads", broken)
    moment = [NOW]
    with open_desk(workspace, clock=lambda: moment[0]) as desk:
        for _ in range(3):
            moment[0] += dt.timedelta(hours=4)
            with pytest.raises(SourceError):
                desk.harvest("inbox")
        desk.tell_silences()
        (waiting,) = desk.notices.waiting(moment[0])
    assert "ValueError：没有想到" in waiting.notice.text


def test_of_two_senders_at_once_only_one_tells(notifying, hook):
    workspace = notifying(f'to: "{hook.address}"')
    with open_desk(workspace, clock=lambda: NOW) as desk, open_desk(workspace, clock=lambda: NOW) as other:
        desk.notices.post(NOTICE)
        (mine,), (theirs,) = desk.notices.waiting(NOW), other.notices.waiting(NOW)
        assert [desk.notices.take(mine, NOW), other.notices.take(theirs, NOW)] == [True, False]
        assert other.send_notices() == []
        later = NOW + dt.timedelta(minutes=1)
        assert len(desk.notices.waiting(later)) == 1, "a sender that died over it leaves it to the next"


def test_what_was_tried_while_the_clock_was_ahead_is_told_once_it_is_right(notifying, hook):
    workspace = notifying(f'to: "{hook.address}"')
    with open_desk(workspace, clock=lambda: NOW) as desk:
        desk.notices.post(NOTICE)
        (waiting,) = desk.notices.waiting(NOW)
        assert desk.notices.take(waiting, NOW + dt.timedelta(days=400)), "a sender that died over it"
        assert [one.title for one in desk.send_notices()] == [NOTICE.title]


def test_what_concerns_nobody_does_not_wait(workspace):
    with open_desk(workspace, clock=lambda: NOW) as desk:
        desk.notices.post(NOTICE)
        assert desk.send_notices() == []
        assert desk.notices.waiting(NOW + dt.timedelta(days=1)) == []
        assert desk.notices.lost() == []


def test_a_test_message_says_of_each_target_whether_it_was_accepted(notifying, hook, closed, bulletin):
    workspace = notifying(f'to: "{hook.address}"')
    code, out, _ = bulletin("-C", workspace, "notify", "test")
    assert (code, out) == (0, f"json://127.0.0.1:{hook.port}/…  已送达\n")
    assert [one["title"] for one in hook.messages] == ["舆情期刊编辑台：测试通知"]
    notifying(f'to: "json://127.0.0.1:{closed}/"', f'to: "{hook.address}"', "to: nonsense://x")
    code, out, _ = bulletin("-C", workspace, "notify", "test")
    assert code == 1
    assert [line.split("  ")[1] for line in out.splitlines()] == [
        "未送达：对方拒绝连接（地址或端口不对，或服务没有启动）",
        "已送达",
        "未送达：apprise 不认识这个地址",
    ]
    (workspace / "config" / "settings.yaml").write_text("notify: []\n", "utf-8")
    code, _, err = bulletin("-C", workspace, "notify", "test")
    assert (code, "没有配置通知" in err) == (2, True)


def test_what_waits_is_sent_from_the_command_line(notifying, hook, bulletin):
    workspace = notifying(f'to: "{hook.address}"')
    with open_desk(workspace, clock=lambda: NOW) as desk:
        desk.notices.post(NOTICE)
    code, out, _ = bulletin("-C", workspace, "notify", "send")
    assert (code, out) == (0, f"json://127.0.0.1:{hook.port}/…  {NOTICE.title}  已送达\n")
    code, out, err = bulletin("-C", workspace, "notify", "send")
    assert (code, out, "没有待发的通知" in err) == (0, "", True)


def test_an_address_nobody_can_use_fails_the_check_of_the_configuration(notifying, bulletin):
    workspace = notifying("to: nonsense://my-secret")
    code, _, err = bulletin("-C", workspace, "config", "check")
    assert code == 2
    assert "config/settings.yaml:2:5: notify: nonsense://…: apprise 不认识这个地址" in err
    code, out, _ = bulletin("-C", workspace, "config", "show", "--origin")
    assert code == 0
    assert 'settings.notify = [{"to": "nonsense://…"' in out
    assert "my-secret" not in out


def test_the_desk_does_not_import_what_sends():
    heavy = "{'apprise', 'prefect', 'smtplib'}"
    code = f"import sys; import pipeline.desk, pipeline.cli; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_what_is_out_is_told_with_its_files_and_so_is_its_withdrawal(workspace, put):
    _page(put)
    (workspace / "config" / "settings.yaml").write_text("formats: [md]\n", "utf-8")
    with open_desk(workspace, clock=lambda: NOW) as desk:
        draft = desk.run("beijing-monthly", JUNE, Inline()).desked
        for finding in desk.findings(draft):
            draft = desk.decide(draft, Decision("waive", "王编辑", NOW, finding.key, reason="示例"))
        release = desk.release(draft, "王编辑")
        desk.withdraw(desk.desked("beijing-monthly", JUNE), "李主任", "第一条已被更正")
        told = [one.notice for one in desk.notices.waiting(NOW)][1:]
    assert [one.title for one in told] == [
        "北京市卫生信息化舆情监测月报（第五三五期）已发布", "北京市卫生信息化舆情监测月报（第五三五期）已撤回",
    ]  # fmt: skip
    ((name, sha),) = release.files.items()
    assert told[0].text.splitlines() == [
        "窗口：2024-06-01…2024-06-30", "1 条信息", "王编辑 2024-07-01 00:30 发布", "文件（SHA-256 前12位）：",
        f"· {name}　{sha[:12]}",
    ]  # fmt: skip
    assert told[0].pointer == Pointer(
        "看期刊", "/archive/beijing-monthly/535", "bulletin issue show beijing-monthly 535"
    )
    assert "理由：第一条已被更正" in told[1].text


def test_windows_that_are_left_to_people_are_told_once_until_another_is_missed(notifying, hook):
    workspace = notifying(f'to: "{hook.address}"')
    moment = [dt.datetime(2024, 9, 2, 9, 0, tzinfo=BEIJING)]
    with open_desk(workspace, clock=lambda: moment[0]) as desk:
        for _ in range(2):
            desk.post_missed()
            desk.send_notices()
        (told,) = [one for one in hook.messages if "月报" in one["title"]]
        assert told["title"].startswith("北京市卫生信息化舆情监测月报：1 个窗口没有生成，补出？")
        assert "没有生成的窗口：2024-06-01…2024-06-30\n" in told["message"]
        moment[0] = dt.datetime(2024, 10, 2, 9, 0, tzinfo=BEIJING)
        desk.post_missed()
        desk.send_notices()
        assert "没有生成的窗口：2024-07-01…2024-07-31、2024-06-01…2024-06-30\n" in hook.messages[-1]["message"]


def test_what_a_run_says_of_its_sources_waits_for_its_draft(notifying, hook):
    workspace = notifying(f'to: "{hook.address}"')
    with open_desk(workspace, clock=lambda: NOW) as desk:
        claim = desk.claims.take(Work("beijing-monthly", JUNE), Worker("某人", "", 1), NOW)
        desk.notices.post(Notice("k", Event.SOURCE_SILENT, "信源中断", "原因", NOW))
        assert desk.send_notices() == []
        desk.notices.post(NOTICE)
        desk.claims.finish(claim.owner, NOW)
        desk.send_notices()
    assert [one["title"] for one in hook.messages] == [f"{NOTICE.title}，另有 1 条消息"]


def test_every_event_can_be_looked_at_before_it_happens(notifying, hook, bulletin):
    workspace = notifying(f'to: "{hook.address}"')
    code, out, _ = bulletin("-C", workspace, "notify", "test", "--event", "all")
    assert (code, len(out.splitlines())) == (0, len(Event))
    assert all(one["title"].startswith("【测试】") for one in hook.messages)
    assert len({one["title"] for one in hook.messages}) == len(Event)
    code, _, err = bulletin("-C", workspace, "notify", "test", "--event", "nothing")
    assert (code, "没有事件“nothing”" in err) == (2, True)
