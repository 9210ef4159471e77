"""Nothing but configuration says what the bulletins are about: an office of another field, from pages to its DOCX."""

import ast
import io
import json
import re
from collections import defaultdict
from pathlib import Path

import docx
import pytest
from pydantic import TypeAdapter

import pipeline
from loopback import Answer, Loopback
from pipeline.config import Scope, packaged, read
from pipeline.model import Verdict
from pipeline.steps.rate import Rater

CODE = Path(pipeline.__file__).parent
HEALTH = re.compile("卫生|医疗|医院|健康|医保|诊疗|疾控|患者|病历|卫健|医药|医生|医师|就医|挂号|病院|安康|护士|中医")
LANGUAGE = {
    "steps/canonical.py": {"健康", "卫健"},  # sections of sites beside 教育 and 财经; names that end titles
    "steps/compare.py": {"医院"},  # what institutions are called, beside 大学 and 公司
    "steps/dedupe/events.py": {"医院", "卫生", "疾控"},  # likewise
    "steps/extract/credits.py": {"健康", "医院", "医生", "医师"},  # sections of sites; who signs, beside 律师 and 教师
    "steps/extract/documents/written.py": {"医院"},  # who issues a document, beside 大学
    "steps/extract/title.py": {"健康", "医院"},  # sections of sites and names that end titles
    "steps/normalise.py": {"医疗", "卫生", "病院", "安康"},  # what programs that spin texts write for everyday words
    "steps/rate/place.py": {"医院"},  # branches of an institution elsewhere, beside 分院 and 中心
    "steps/trends.py": {"医院"},  # a kind of institution
}
"""Words of Chinese news in general that code may hold, whatever an office watches."""


def _texts(path):
    """The texts in a file of code that are no docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    prose = {
        id(one.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        for one in node.body
        if isinstance(one, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def test_no_code_holds_a_word_of_health_but_what_the_language_of_news_has_anyway():
    found = defaultdict(set)
    for path in sorted(CODE.rglob("*.py")):
        name = path.relative_to(CODE).as_posix()
        if name.startswith(("demo/", "frozen/", "share/")):
            continue
        if HEALTH.search(path.read_text("utf-8")):  # a tenth of the files: comments may speak of what was measured
            found[name].update(word for text in _texts(path) for word in HEALTH.findall(text))
    assert {name: words for name, words in found.items() if words} == LANGUAGE


HOSTS = ("sthjj.yunxi.example", "www.yxrb.example")
WEEK = ("--week", "2025-08-08")


def _page(title, day, outlet, *paragraphs):
    body = "".join(f"<p>　　{one}</p>" for one in paragraphs)
    return (
        f"<!DOCTYPE html><html lang='zh-CN'><head><meta charset='utf-8'><title>{title}_{outlet}</title></head><body>"
        f"<div class='nav'><a href='/'>首页</a></div><h1>{title}</h1>"
        f"<div class='info'><span>{day} 09:30</span> <span>来源：{outlet}</span></div>"
        f"<div class='article-content'>{body}</div><div class='editor'>责任编辑：周岚</div></body></html>"
    )


PAGES = {
    "/xwzx/hjyw/1.html": (
        "清河区完成三处排污口整治 断面水质稳定达标",
        "2025-08-04",
        "云溪市生态环境局",
        "8月4日，记者从云溪市生态环境局获悉，清河区三处入河排污口整治工程全部完成，断面水质连续两个月达到三类标准。",
        "今年以来，该局对全市入河排污口逐一溯源，建立台账，在线监控设备实时上传监测数据，超标立即预警。",
        "下一步，云溪市将继续推进雨污分流改造，对污水处理厂提标扩容，改善清河流域水环境质量。",
    ),
    "/xwzx/hjyw/2.html": (
        "云溪市通报两起扬尘污染典型案例",
        "2025-08-06",
        "云溪市生态环境局",
        "云溪市生态环境局6日通报两起建筑工地扬尘污染案件，两家施工单位因未落实扬尘治理措施被立案处罚。",
        "执法人员在夜间巡查中发现，东岭区一处工地裸土未覆盖，车辆带泥上路，周边空气质量监测站数据明显升高。",
        "该局表示，将加密对工地、堆场的执法检查，对屡查屡犯的依法从严处罚并公开曝光。",
    ),
    "/2025/0807/31.html": (
        "青石县非法倾倒建筑垃圾被查 三人受罚",
        "2025-08-07",
        "云溪日报",
        "本报讯 8月7日，青石县生态环境分局根据群众举报，查处一起向河道非法倾倒建筑垃圾的案件，三名当事人被处罚。",
        "据介绍，当事人多次在夜间将建筑垃圾倾倒在青石河滩，占用河道约二百平方米，目前已全部清运并完成生态修复。",
        "青石县将在重点路段增设监控，推行垃圾转运联单，从源头防止固体废物乱倒。",
    ),
    "/2025/0805/30.html": (
        "云溪市三甲医院上线电子病历共享平台",
        "2025-08-05",
        "云溪日报",
        "本报讯 8月5日，云溪市人民医院电子病历共享平台上线，患者跨院就诊可调阅检查检验结果。",
        "医院信息中心介绍，平台汇集了门诊、住院等诊疗数据，医生在工作站即可查询，减少重复检查。",
        "市卫生健康委表示，年内将实现全市二级以上医院病历互通共享。",
    ),
}


class Asked:
    """An opinion that counts how often it is asked for."""

    times = 0

    def opinion(self, title, text):
        self.times += 1


@pytest.mark.parametrize(("trained", "asked"), [(True, 1), (False, 0)])
def test_what_was_trained_on_health_has_a_say_only_where_the_scope_wants_it(trained, asked):
    ecology = read(packaged("config") / "examples" / "ecology" / "scope.yaml", TypeAdapter(Scope))
    second = Asked()
    title, _, _, *text = PAGES["/2025/0805/30.html"]
    rater = Rater(ecology.model_copy(update={"trained_words": trained}), second=second)
    rating = rater.rate(title, "\n".join(text))
    assert [part.name for part in rating.parts][1:2] == ["加上用词"] * trained
    assert second.times == asked
    assert (rating.verdict is Verdict.OUT) is not trained


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """The sample office of another field, its two local sources on loopback."""
    web = Loopback()
    rows = "".join(
        f'<li><a href="{path}">{page[0]}</a><span>{page[1]}</span></li>'
        for path, page in PAGES.items()
        if path.startswith("/xwzx")
    )
    web.page("/xwzx/hjyw/", f"<html><body><ul class='news-list'>{rows}</ul></body></html>")
    items = "".join(
        f"<item><title>{page[0]}</title><link>http://www.yxrb.example{path}</link>"
        f"<pubDate>{page[1]}T08:00:00+08:00</pubDate></item>"
        for path, page in PAGES.items()
        if path.startswith("/2025")
    )
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>云溪日报</title>{items}</channel></rss>'
    web.answers["/rss.xml"] = Answer(feed.encode(), "text/xml; charset=utf-8")
    for path, page in PAGES.items():
        web.page(path, _page(*page))
    folder = tmp_path_factory.mktemp("ecology") / "office"
    yield folder, web
    web.close()


def test_an_office_of_another_field_gets_its_issue_from_configuration_alone(office, bulletin):
    folder, web = office
    assert bulletin("init", folder, "--preset", "ecology", "--yes")[0] == 0
    sources = (folder / "config" / "sources.yaml").read_text("utf-8")
    mine = sources[sources.index("- id: sthjj-yunxi") : sources.index("# Not verified")]
    (folder / "config" / "sources.yaml").write_text(mine.replace("enabled: false", "enabled: true"), "utf-8")
    settings = {"connect_to": dict(web.connect_to(*HOSTS)), "politeness": {"seconds_per_host": 0, "retries": 0}}
    (folder / "config" / "settings.yaml").write_text(json.dumps(settings), "utf-8")

    code, _, err = bulletin("-C", folder, "run", "ecology-weekly", *WEEK, "--engine", "inline")
    assert (code, "4 条线索：收录 3，无关 1" in err) == (0, True), err
    shown = json.loads(bulletin("-C", folder, "draft", "show", "ecology-weekly", *WEEK, "--json")[1])
    assert shown["number"] == 19

    assert bulletin("-C", folder, "draft", "export", "ecology-weekly", *WEEK, "--to", folder / "送审")[0] == 0
    (file,) = (folder / "送审").glob("*.docx")
    paragraphs = [one.text for one in docx.Document(io.BytesIO(file.read_bytes())).paragraphs]
    text = "\n".join(paragraphs)
    assert "云溪市生态环境舆情监测周报" in text
    assert "（第一九期）" in text
    assert "云溪市生态环境宣传教育中心" in text
    assert "本期周报共收集3篇生态环境相关信息，时间从2025年8月2日至2025年8月8日" in text
    assert [one for one in paragraphs if re.match(r"\d\. 标题：", one)] == [
        "1. 标题：清河区完成三处排污口整治 断面水质稳定达标",
        "2. 标题：云溪市通报两起扬尘污染典型案例",
        "3. 标题：青石县非法倾倒建筑垃圾被查 三人受罚",
    ]
    assert "北京" not in text
    assert not HEALTH.search(text)
