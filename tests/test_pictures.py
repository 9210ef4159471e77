"""Pictures of articles, from a web on loopback to the released document."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
import time
import zipfile
from pathlib import Path

import pytest
from openxml_audit import OpenXmlValidator
from PIL import Image

from loopback import HOST, Answer, point_at
from pipeline.desk import Inline, now, open_desk
from pipeline.model import Decision, Kind, Window
from pipeline.outputs import FORMATS, Context, picture_files
from pipeline.store import Blobs
from steps.test_develop import encoded, photograph, png_of

JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
PAGE = "/2024/0612/a.html"
PARAGRAPHS = (
    "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查。",
    "院方有关负责人表示，将继续推进智慧医院建设，推动远程医疗服务下沉社区，让更多居民在家门口看上病。",
)
JPEG = encoded(photograph(800, 600), "JPEG")


def article(*figures: str, title: str = "北京友谊医院智慧医疗平台上线") -> str:
    """A page in the manner of a news site, its figures after the first paragraph."""
    first, *others = (f"<p>　　{one}</p>" for one in PARAGRAPHS)
    return f"""<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}_健康网</title></head><body>
<h1>{title}</h1><div class="info"><span>2024-06-12 09:30</span> <span>来源：北京日报</span></div>
<div class="article-content" id="article">{first}{"".join(figures)}{"".join(others)}</div>
<div class="editor">责任编辑：赵敏</div><div class="footer">版权所有</div></body></html>"""


def image(src: str, caption: str = "", attribute: str = "src") -> str:
    legend = f'<p style="text-align:center">{caption}</p>' if caption else ""
    return f'<p style="text-align:center"><img {attribute}="{src}" alt="平台"></p>{legend}'


def run(workspace: Path, clock=now, **options):
    with open_desk(workspace, clock=clock) as desk:
        return desk.run("beijing-monthly", JUNE, Inline(), **options).desked


def blocks_of(desked) -> list:
    (chosen,) = desked.draft.chosen
    return list(desked.draft.candidate(chosen).article.blocks)


def notes_of(desked) -> tuple[str, ...]:
    return desked.draft.candidate(desked.draft.chosen[0]).article.notes


def had(desked) -> int:
    return sum(bool(block.blob) for block in blocks_of(desked) if block.kind is Kind.FIGURE)


def test_pictures_travel_from_the_page_into_the_released_document(workspace, web):
    lazy = image("/img/b.png", "市民在自助机前打印报告。王小明 摄", attribute='src="/img/blank.gif" data-src')
    web.page(PAGE, article(image("img/a.jpg", "平台界面。资料图"), lazy))
    web.picture("/2024/0612/img/a.jpg", JPEG)
    web.picture("/img/b.png", encoded(Image.new("RGB", (400, 300), "navy"), "PNG"))
    point_at(workspace, web, PAGE)
    desked = run(workspace)
    assert had(desked) == 2
    with open_desk(workspace, clock=now) as desk:
        release = desk.release(desk.desked("beijing-monthly", JUNE), "王编辑")
    word = next((workspace / "out").glob("*.docx"))
    with zipfile.ZipFile(word) as parts:
        media = {name: parts.read(name) for name in parts.namelist() if "/media/" in name}
        relations = parts.read("word/_rels/document.xml.rels").decode()
        body = parts.read("word/document.xml").decode()
    assert sorted(name.rpartition(".")[2] for name in media) == ["jpg", "png"]
    assert "External" not in "".join(one for one in relations.split("<") if "/image" in one)
    assert 'descr="平台界面。资料图"' in body
    assert not OpenXmlValidator().validate(str(word)).errors
    markdown = next((workspace / "out").glob("*.md"))
    shown = re.findall(r"!\[(.+?)\]\((.+?)\)", markdown.read_text("utf-8"))
    assert [words for words, _ in shown] == ["平台界面。资料图", "市民在自助机前打印报告。王小明 摄"]
    for _, name in shown:
        data = (markdown.parent / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == release.files[name]


def test_a_released_issue_is_rendered_to_the_same_bytes_when_the_web_is_gone(workspace, web):
    web.page(PAGE, article(image("/a.jpg")))
    web.picture("/a.jpg", JPEG)
    point_at(workspace, web, PAGE)
    run(workspace)
    with open_desk(workspace, clock=now) as desk:
        release = desk.release(desk.desked("beijing-monthly", JUNE), "王编辑")
        formats = desk.config.settings.formats
    web.answers.clear()
    blobs = Blobs(workspace / "data" / "blobs")
    context = Context(templates=workspace / "templates", pages=release.pages, pictures=blobs.get)
    if not (workspace / "templates").is_dir():
        from pipeline.config import packaged

        context = Context(templates=packaged("templates"), pages=release.pages, pictures=blobs.get)
    for name in formats:
        data = FORMATS[name].render(release.issue, context)
        assert hashlib.sha256(data).hexdigest() == release.files[f"{release.issue.filename}.{name}"]
    assert picture_files(release.issue, blobs.get).items() <= release.files.items()


def test_a_draft_made_again_from_the_store_has_the_same_pictures(workspace, web):
    web.page(PAGE, article(image("/a.jpg")))
    web.picture("/a.jpg", JPEG)
    point_at(workspace, web, PAGE)
    first = run(workspace)
    web.answers.clear()
    asked = sum(web.asked.values())
    assert run(workspace, collect=False) == first
    assert sum(web.asked.values()) == asked


def test_what_cannot_be_had_is_noted_and_stops_neither_the_others_nor_the_text(workspace, web):
    web.page(
        PAGE,
        article(
            *(image(f"/{name}") for name in ("gone.jpg", "page.png", "drawn.svg", "cut.jpg", "bomb.png", "good.jpg")),
            image("http://127.0.0.1/private.jpg"),
            image("http://169.254.169.254/latest/meta.jpg"),
            image("/moved.jpg"),
        ),
    )
    web.picture("/page.png", b"<html><body>404</body></html>", "image/png")
    web.picture(
        "/drawn.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "image/svg+xml"
    )
    web.picture("/cut.jpg", JPEG[:5000])
    web.picture("/bomb.png", png_of(60_000, 60_000), "image/png")
    web.picture("/good.jpg", JPEG)
    web.answers["/moved.jpg"] = Answer(status=302, location="http://10.0.0.1/a.jpg")
    point_at(workspace, web, PAGE)
    desked = run(workspace)
    assert had(desked) == 1
    (note,) = (one for one in notes_of(desked) if one.startswith("配图未取得："))
    for told in (
        "页面不存在（HTTP 404） 1 张",
        "不是图片，是网页 1 张",
        "SVG",
        "图片已损坏或不完整 1 张",
        "图片像素过多 1 张",
    ):
        assert told in note
    said = [block.text for block in blocks_of(desked) if block.kind is Kind.PARAGRAPH]
    assert said == list(PARAGRAPHS)
    with open_desk(workspace, clock=now) as desk:
        (found,) = (one for one in desk.findings(desked) if one.check == "pictures")
        assert "配图未取得" in found.message
        word = desk.render(desked, "docx")
    with zipfile.ZipFile(io.BytesIO(word)) as parts:
        assert sum("/media/" in name for name in parts.namelist()) == 1
    assert not any(asked.startswith(("127.", "169.", "10.")) for asked in web.asked)


def test_icons_and_trackers_are_not_missed(workspace, web):
    web.page(PAGE, article(image("/count.gif"), image("/a.jpg")))
    web.picture("/count.gif", encoded(Image.new("P", (1, 1)), "GIF"), "image/gif")
    web.picture("/a.jpg", JPEG)
    point_at(workspace, web, PAGE)
    desked = run(workspace)
    assert had(desked) == 1
    assert not [one for one in notes_of(desked) if "配图" in one]


def test_what_failed_is_asked_for_again_with_growing_pauses_and_then_printed(workspace, web, hour):
    web.page(PAGE, article(image("/a.jpg")))
    point_at(workspace, web, PAGE)
    for _ in range(4):
        assert had(run(workspace, hour)) == 0
    assert web.asked[f"{HOST}/a.jpg"] == 2, "twice at once, then not before an hour"
    web.picture("/a.jpg", JPEG)
    hour.moment += dt.timedelta(hours=1)
    desked = run(workspace, hour)
    assert had(desked) == 1
    assert not [one for one in notes_of(desked) if "配图" in one]
    hour.moment += dt.timedelta(days=1)
    run(workspace, hour)
    assert web.asked[f"{HOST}/a.jpg"] == 3, "what is here is not asked for again"


def test_pictures_are_given_up_after_two_weeks(workspace, web, hour):
    web.page(PAGE, article(image("/a.jpg")))
    point_at(workspace, web, PAGE)
    run(workspace, hour)
    hour.moment += dt.timedelta(days=15)
    run(workspace, hour)
    assert web.asked[f"{HOST}/a.jpg"] == 1


def test_of_very_many_pictures_the_first_ones_are_fetched(workspace, web):
    web.page(PAGE, article(*(image(f"/{number}.jpg") for number in range(500))))
    for number in range(500):
        web.picture(f"/{number}.jpg", JPEG)
    point_at(workspace, web, PAGE, per_article=12)
    assert had(run(workspace)) == 12
    assert sum(count for asked, count in web.asked.items() if asked.endswith(".jpg")) == 12


def test_a_giant_picture_and_an_article_full_of_large_ones_are_capped(workspace, web):
    heavy = encoded(Image.effect_noise((1000, 900), 90), "BMP")  # 0.9 MB
    web.page(PAGE, article(image("/giant.jpg"), *(image(f"/{number}.bmp") for number in range(4))))
    web.picture("/giant.jpg", JPEG + bytes(3 * 1024 * 1024))
    for number in range(4):
        web.picture(f"/{number}.bmp", heavy[:-1] + bytes([number]), "image/bmp")
    point_at(workspace, web, PAGE, max_mebibytes=1, article_mebibytes=2)
    desked = run(workspace)
    assert had(desked) == 2
    (note,) = (one for one in notes_of(desked) if one.startswith("配图未取得："))
    assert re.search(r"超过|过大", note)


def test_slow_pictures_end_with_their_time_and_the_draft_is_made(workspace, web):
    web.page(PAGE, article(*(image(f"/{number}.jpg") for number in range(6))))
    for number in range(6):
        web.answers[f"/{number}.jpg"] = Answer(JPEG, "image/jpeg", seconds=20)
    point_at(workspace, web, PAGE, total_seconds=1, minutes=0.03)
    started = time.monotonic()
    desked = run(workspace)
    assert time.monotonic() - started < 60, "six times twenty seconds, if they were waited for"
    assert desked.draft.chosen
    assert sum(count for asked, count in web.asked.items() if asked.endswith(".jpg")) < 6


def test_a_host_that_does_not_answer_is_left_alone_and_the_others_are_asked(workspace, web):
    dead = tuple(image(f"http://img.example.cn/{number}.jpg") for number in range(30))
    web.page(PAGE, article(*dead, image("/a.jpg")))
    web.picture("/a.jpg", JPEG)
    for number in range(30):
        web.answers[f"/{number}.jpg"] = Answer(JPEG, "image/jpeg", seconds=20)
    point_at(workspace, web, PAGE, hosts=(HOST, "img.example.cn"), total_seconds=2)
    desked = run(workspace)
    assert had(desked) == 1
    assert sum(asked.startswith("img.example.cn/") and asked.endswith(".jpg") for asked in web.asked) <= 3


def test_articles_out_of_scope_or_out_of_the_window_get_no_pictures(workspace, web):
    sport = article(image("/sport.jpg"), title="足球联赛第十轮综述")
    for one in PARAGRAPHS:
        sport = sport.replace(one, "比赛第七十分钟，主队利用角球机会扳平比分，双方最终握手言和，现场涌入两万名观众。")
    web.page("/sport.html", sport)
    web.page("/old.html", article(image("/old.jpg")).replace("2024-06-12", "2023-02-12"))
    web.page(PAGE, article(image("/a.jpg")))
    for name in ("sport", "old", "a"):
        web.picture(f"/{name}.jpg", JPEG)
    point_at(workspace, web, PAGE, "/sport.html", "/old.html")
    run(workspace)
    assert [asked for asked in web.asked if asked.endswith(".jpg")] == [f"{HOST}/a.jpg"]


def test_robots_keep_pictures_too(workspace, web):
    web.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /img/\n", "text/plain")
    web.page(PAGE, article(image("/img/a.jpg")))
    web.picture("/img/a.jpg", JPEG)
    point_at(workspace, web, PAGE)
    desked = run(workspace)
    assert had(desked) == 0
    assert any("robots" in one for one in notes_of(desked))


def test_a_series_can_do_without_pictures_and_keeps_the_captions(workspace, web):
    web.page(PAGE, article(image("/a.jpg", "平台界面。资料图")))
    web.picture("/a.jpg", JPEG)
    point_at(workspace, web, PAGE)
    series = workspace / "config" / "series.yaml"
    text = series.read_text("utf-8")
    series.write_text(text.replace("  window: monthly\n", "  window: monthly\n  pictures: false\n"), "utf-8")
    desked = run(workspace)
    with open_desk(workspace, clock=now) as desk:
        word, markdown = desk.render(desked, "docx"), desk.render(desked, "md").decode()
        assert desk.picture_files(desked) == {}
    with zipfile.ZipFile(io.BytesIO(word)) as parts:
        assert not any("/media/" in name for name in parts.namelist())
    assert "平台界面" in markdown
    assert "![" not in markdown


def test_an_article_taken_by_its_address_comes_with_the_pictures_that_are_here(workspace, web):
    web.page(PAGE, article(image("/a.jpg")))
    web.picture("/a.jpg", JPEG)
    point_at(workspace, web, PAGE)
    desked = run(workspace)
    with open_desk(workspace, clock=now) as desk:
        handle = desked.draft.chosen[0]
        out = desk.decide(desked, Decision("exclude", "王编辑", now(), handle))
        back = desk.decide(out, Decision("include", "王编辑", now(), f"http://{HOST}{PAGE}"))
    assert had(back) == 1


def test_an_edited_body_keeps_the_pictures_beside_the_lines_that_stay(workspace, web):
    web.page(PAGE, article(image("/a.jpg", "平台界面。资料图"), image("/b.jpg", "市民在自助机前打印报告。王小明 摄")))
    web.picture("/a.jpg", JPEG)
    web.picture("/b.jpg", encoded(photograph(), "PNG"))
    point_at(workspace, web, PAGE)
    desked = run(workspace)
    body = f"{PARAGRAPHS[0]}\n平台界面。资料图\n编辑加的一段。"
    with open_desk(workspace, clock=now) as desk:
        edited = desk.decide(desked, Decision("edit", "王编辑", now(), "1", {"body": body}))
        (item,) = desk.issue(edited).items
    kinds = [block.kind for block in item.blocks]
    assert kinds == [Kind.PARAGRAPH, Kind.FIGURE, Kind.CAPTION, Kind.PARAGRAPH]


def test_collecting_by_the_clock_fetches_the_pictures_of_what_will_be_printed(workspace, web, hour):
    web.page(PAGE, article(image("/a.jpg")))
    web.picture("/a.jpg", JPEG)
    point_at(workspace, web, PAGE)
    with open_desk(workspace, clock=hour) as desk:
        desk.collect(Inline())
        assert desk.pictures.of([f"http://{HOST}/a.jpg"])[f"http://{HOST}/a.jpg"].blob


def test_a_picture_lost_from_the_store_keeps_an_issue_from_release(workspace, web):
    from pipeline.errors import StoreError

    web.page(PAGE, article(image("/a.jpg")))
    web.picture("/a.jpg", JPEG)
    point_at(workspace, web, PAGE)
    desked = run(workspace)
    (blob,) = (block.blob for block in blocks_of(desked) if block.kind is Kind.FIGURE)
    (workspace / "data" / "blobs" / blob[:2] / blob).write_bytes(b"rot")
    with open_desk(workspace, clock=now) as desk, pytest.raises(StoreError, match="damaged"):
        desk.release(desk.desked("beijing-monthly", JUNE), "王编辑")


def test_a_lost_original_keeps_no_other_picture_from_being_fetched(workspace, web, hour):
    web.page(PAGE, article(image("/a.jpg"), image("/b.jpg")))
    web.picture("/a.jpg", JPEG)
    point_at(workspace, web, PAGE)
    run(workspace, hour)
    lost = hashlib.sha256(JPEG).hexdigest()
    (workspace / "data" / "blobs" / lost[:2] / lost).unlink()
    web.picture("/b.jpg", encoded(photograph(640, 480), "JPEG"))
    hour.moment += dt.timedelta(days=1)
    assert had(run(workspace, hour)) == 2


def test_the_draft_is_exported_with_its_pictures_beside_it(workspace, web, bulletin, tmp_path):
    web.page(PAGE, article(image("/a.jpg", "平台界面。资料图")))
    web.picture("/a.jpg", JPEG)
    point_at(workspace, web, PAGE)
    run(workspace)
    target = tmp_path / "送审"
    code, out, _ = bulletin("-C", workspace, "draft", "export", "beijing-monthly", "--month", "2024-06", "--to", target)
    assert code == 0
    assert len(out.splitlines()) == 4
    markdown = next(target.glob("*.md"))
    (name,) = re.findall(r"!\[.+?\]\((.+?)\)", markdown.read_text("utf-8"))
    assert (target / name).is_file()
