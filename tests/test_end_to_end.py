"""The whole real path, from HTTP to the released document, on the demo web, for each of the three seed issues."""

import hashlib
import re
import zipfile
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from docx import Document as Word

from pipeline.cli.setup import again
from pipeline.config import load, packaged
from pipeline.demo import play as demo
from pipeline.demo import seeds
from pipeline.demo.play import SCENES, Scene, play
from pipeline.demo.site import DemoWeb
from pipeline.demo.sites import MIRROR
from pipeline.demo.workspace import write_workspace
from pipeline.desk import Desk, Inline, document, now, open_desk, open_store
from pipeline.model import Fate, Flag, Kind, Release, Window
from pipeline.outputs import FORMATS, Context, picture_files
from pipeline.store import Blobs

BY_NUMBER = {scene.number: scene for scene in SCENES}


CHOSEN = {"--month": "month", "--week": "week"}


def _released(desk: Desk) -> Release:
    """The one issue that was put out here."""
    (release,) = (one for one in desk.issues.released() if not one.imported)
    return release


def _window(desk: Desk, scene: Scene) -> Window:
    return _released(desk).issue.window


@pytest.fixture(
    scope="module",
    params=[(534, "sqlite"), (535, "sqlite"), (636, "postgresql")],  # nothing here hangs on which issue lies where
    ids=lambda param: f"{param[0]}-{param[1]}",
)
def played(request, tmp_path_factory):
    """A demo workspace after the release, its scene, and the desk that opens it."""
    number, kind = request.param
    scene = BY_NUMBER[number]
    folder = tmp_path_factory.mktemp("demo") / str(scene.number)
    window = {"month": "", "week": "", CHOSEN[scene.option]: scene.window}
    with ExitStack() as around:
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("BULLETIN_POLITENESS__RETRIES", "0")  # three sources are dead, and stay so between two tries
            if kind == "postgresql":
                place = around.enter_context(request.getfixturevalue("server").database("TEMPLATE template0"))
                patched.setattr(demo, "write_workspace", partial(_on_a_server, place=place))
            code = play(folder, **window, engine="inline", bulletin=again)
        assert code == 0
        with open_desk(folder, clock=now) as desk:
            yield folder, scene, desk


def _on_a_server(folder: Path, web: DemoWeb, *, number: int, place: str, served: bool) -> None:
    write_workspace(folder, web, number=number, served=served)
    with (folder / "config" / "settings.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"database: {place}\n")


def test_the_released_issue_has_the_items_of_the_seed_in_its_order(played):
    _, scene, desk = played
    release = _released(desk)
    wanted = [(one.title, one.outlet, one.date) for one in seeds.articles(scene.number)]
    assert [(one.title, one.outlet, one.date) for one in release.issue.items] == wanted
    assert [one.url for one in release.issue.items] == [one.url for one in seeds.articles(scene.number)]


def test_the_lead_counts_the_items_and_names_the_window(played):
    _, scene, desk = played
    release = _released(desk)
    assert release.issue.number == scene.number
    stated, end = release.issue.lead.split("，监测范围")
    assert (
        stated
        == {
            534: "本期月报共收集4篇卫生信息化相关信息，时间从2024年5月1日至2024年5月31日",
            535: "本期月报共收集3篇卫生信息化相关信息，时间从2024年6月1日至2024年6月30日",
            636: "本期周报共收集3篇卫生信息化相关信息，时间从2025年8月2日至2025年8月8日",
        }[scene.number]
    )
    assert end == "包括全国主流媒体及政府网站等。"


def test_the_full_text_of_every_item_is_the_seeds_text(played):
    _, scene, desk = played
    release = _released(desk)
    for item, seed in zip(release.issue.items, seeds.articles(scene.number), strict=True):
        assert _letters(item.text) == _letters(seed.text), item.title


def test_sub_headings_and_lists_survive_the_journey(played):
    _, scene, desk = played
    release = _released(desk)
    for item, seed in zip(release.issue.items, seeds.articles(scene.number), strict=True):
        for kind in (Kind.HEADING, Kind.CAPTION):
            assert [_letters(b.text) for b in item.blocks if b.kind is kind] == [
                _letters(b.text) for b in seed.blocks if b.kind is kind
            ], item.title


def test_every_lead_has_exactly_one_fate_and_the_tally_adds_up(played):
    folder, scene, desk = played
    release = _released(desk)
    window = _window(desk, scene)
    run = desk.runs.last(scene.series, window)
    fates = desk.runs.fates(run.id)
    assert sorted(one.lead for one in fates) == _every_lead(folder)
    assert release.tally.leads == len(fates)
    assert release.tally.counts[Fate.INCLUDED] == len(release.issue.items)
    assert all(one.because for one in fates if one.fate is not Fate.INCLUDED)


def test_the_mirror_is_explained_and_never_printed(played):
    folder, scene, desk = played
    run = desk.runs.last(scene.series, _window(desk, scene))
    stored = {one.id: one for one in desk.leads.get(_every_lead(folder))}
    of_mirror = [one for one in desk.runs.fates(run.id) if MIRROR in stored[one.lead].lead.url]
    assert of_mirror
    assert {one.fate for one in of_mirror} <= {Fate.HIJACKED, Fate.OUT_OF_WINDOW}
    if scene.number == 535:
        assert "北京丰台布局未来智慧医疗" in of_mirror[0].because
        assert "同一事件" in of_mirror[0].because
    for path in (folder / "out").rglob("*.*"):
        assert MIRROR.encode() not in _plain_bytes(path)


def test_the_automatic_draft_alone_is_close_to_what_the_editors_made(played, remark):
    _, scene, desk = played
    first = desk.issues.of_window(scene.series, _window(desk, scene))
    (generated, *_) = desk.revisions(first)
    assert generated.decision.verb == "generate"
    wanted = {one.title for one in seeds.articles(scene.number)}
    automatic = _drafted_titles(desk, first.id)
    missing, extra = wanted - automatic, automatic - wanted
    found = f"{len(automatic & wanted)} of {len(wanted)} items of the seed, {len(extra)} others"
    remark(f"automatic draft of {scene.number}: {found}" + (f"; left to the editor: {missing}" if missing else ""))
    assert not extra
    # what the hand-made issues carry on the edge of the scope waits for the editor
    assert missing <= {"聚焦“一核两翼”三地协同 京津冀深化卫生健康合作共建共享", "智慧北京 机器人“上岗”超百场景"}
    standby = {one.article.title for one in first.draft.candidates}
    assert missing <= standby


def test_534_is_imported_before_535_whose_item_2_then_says_so(played):
    folder, scene, desk = played
    archived = [(one.issue.number, one.imported.file) for one in desk.issues.released() if one.imported]
    assert archived == ([(534, "003_885bb48bbbd89533.txt")] if scene.number == 535 else [])
    if scene.number != 535:
        return
    desked = desk.issues.of_window(scene.series, _window(desk, scene))
    candidate = desked.draft.candidate(desked.draft.chosen[1])
    assert candidate.coverage[0].place == "第五三四期第4条"
    assert candidate.coverage[0].title == "北京：支持医疗大模型开发和落地应用"
    (covered,) = (one for one in desk.findings(desked) if one.check == "covered")
    assert "第2条：已收于第五三四期第4条《北京：支持医疗大模型开发和落地应用》（后续进展" in covered.message
    assert "已放行" in covered.message
    (draft,) = (folder / "draft").glob("*.docx")
    assert "已收于第五三四期第4条" in zipfile.ZipFile(draft).read("word/comments.xml").decode()


def test_the_published_files_are_the_frozen_ones_and_open(played):
    folder, scene, desk = played
    release = _released(desk)
    published = {path.relative_to(folder / "out").as_posix() for path in (folder / "out").rglob("*.*")}
    assert published == set(release.files)
    word, markdown = (next((folder / "out").glob(f"*.{name}")) for name in ("docx", "md"))
    paragraphs = [one.text.replace("\n", "") for one in Word(str(word)).paragraphs]
    assert "二、具体内容" in paragraphs
    numbered = [line for line in paragraphs if re.match(r"\d\. 标题：", line)]
    assert numbered == [f"{n}. 标题：{one.title}" for n, one in enumerate(seeds.articles(scene.number), 1)]
    text = markdown.read_text("utf-8")
    assert all(one.outlet in text for one in seeds.articles(scene.number))


def test_a_released_issue_rendered_again_from_the_store_alone_gives_the_same_bytes(played):
    folder, _, desk = played
    release = _released(desk)
    blobs = Blobs(folder / "data" / "blobs")
    context = Context(templates=packaged("templates"), pages=release.pages, pictures=blobs.get)
    rendered = {
        f"{release.issue.filename}.{name}": FORMATS[name].render(release.issue, context)
        for name in desk.config.settings.formats
    } | {name: blobs.get(blob) for name, blob in picture_files(release.issue, blobs.get).items()}
    assert {name: hashlib.sha256(data).hexdigest() for name, data in rendered.items()} == release.files


def test_the_draft_for_review_is_marked_and_the_release_is_not(played):
    folder, _, _ = played
    (draft,) = (folder / "draft").glob("*.docx")
    (released,) = (folder / "out").glob("*.docx")
    assert "送审稿".encode() in _plain_bytes(draft)
    assert "word/comments.xml" in zipfile.ZipFile(draft).namelist()
    assert "送审稿".encode() not in _plain_bytes(released)
    assert "word/comments.xml" not in zipfile.ZipFile(released).namelist()


def test_a_run_is_repeated_from_the_store_without_the_web(played):
    """The demo web is gone; what was stored gives the same articles again."""
    folder, scene, desk = played
    window = _window(desk, scene)
    run = desk.runs.begin(scene.series, window, "inline", now())
    before = desk.propose(run.id)
    desk.read([one.id for one in desk.leads.get(_every_lead(folder)) if one.page is not None])
    assert desk.propose(run.id) == before


def test_hijacked_pages_are_flagged_and_repaired(played):
    folder, _, desk = played
    mirrored = [
        article
        for stored in desk.leads.get(_every_lead(folder))
        if MIRROR in stored.lead.url and stored.article
        for article in desk.leads.articles([stored.article]).values()
    ]
    assert mirrored
    for article in mirrored:
        assert Flag.MIRROR in article.flags
        assert article.title == "布局未来智慧医疗 丰台打造智能医工领域创新高地"
        assert document(article).text.startswith("5月29日，首届智能医工产业创新发展大会暨天坛智能医工产业园启动会")


def test_a_second_visit_asks_only_for_what_changed(tmp_path):
    with DemoWeb() as web:
        write_workspace(tmp_path / "w", web, number=535)
        with open_desk(tmp_path / "w", clock=now) as desk:
            desk.collect(Inline())
            first = len(web.requests)
            leads = _every_lead(tmp_path / "w")
            desk.collect(Inline())
            second = web.requests[first:]
            assert _every_lead(tmp_path / "w") == leads
    assert second, "the sources themselves are asked again"
    assert len(second) < first / 2
    counted = Counter(one.status for one in second)
    assert counted[304] >= 4, "feeds and lists that have not changed are not sent again"


def _every_lead(folder: Path) -> list[int]:
    database, _ = open_store(load(folder))
    with database.read() as connection:
        leads = [row[0] for row in connection.exec_driver_sql("SELECT id FROM leads ORDER BY id")]
    database.close()
    return leads


def _drafted_titles(desk: Desk, issue: int) -> set[str]:
    draft = desk.issues.at_revision(issue, 1)
    return {draft.candidate(handle).article.title for handle in draft.chosen}


def _letters(text: str) -> str:
    return re.sub(r"[\s\W_]+", "", text)


def _plain_bytes(path: Path) -> bytes:
    if path.suffix != ".docx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as parts:
        return b"".join(parts.read(name) for name in parts.namelist())
