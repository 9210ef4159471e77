"""The nouns of the desk, in the order they travel.

`Lead` (a link somebody believes in) → `Page` (bytes) → `Article | Rejection` → `Story` (an event: best
article first, reprints after) → `Candidate` (story + rating + coverage in earlier issues) → `Item` →
`Issue` + `[Finding]` → `Decision` (a person's) → `Release`. A `Draft` is what an editor works on: the
candidates, what was decided about them, and from which the issue is assembled.

Each part of the journey has a module: `pages` (leads and pages), `articles`, `stories` (ratings and candidates too),
`windows`, `issues` (items, findings, decisions), `runs`, `drafts`, `returned`, `releases`; then what is
looked back on (`missed`, `learned`, `visits`, `trends`, `search`) and who does it (`people`, `notices`). All of them
are imported from here.

Glossary
--------
=============  ==================  ============================================================
线索            lead                what a source says before its page was fetched; each has one fate
采集            visit               one asking of a source: what it gave, or why it failed
未能采集         gap                 the days of a window in which a source was not collected
附件            attachment          a file that a page offers; it may hold the text of a notice
日期依据         date claims         what says when an article was published, believed or not
正文置信度        confidence          how sure the reading is of the body, 0 to 1
页面质量         quality             how much of what a page should give it gave, 0 to 1
核对            revisit             asking for a printed page again: is it as it was
导语            lead paragraph      the one computed sentence under the masthead
信息目录         contents            numbered titles, each with its outlet
具体内容         body                the items in full
期号            issue number        counts up by one within a series, printed digit by digit: 五三五
来源            outlet              who is printed as the source of an item
原始来源          origin              who the page itself says the article came from
发布者           publisher           who owns the site the page was found on
监测范围         scope               what an item must be about (and, for some series, where)
窗口            window              the days an issue covers, both ends included, Asia/Shanghai
收录 / 备选      included / standby  in the draft by itself / waiting for the editor
节选            excerpt             an item that prints only the relevant part of its article
转载            reprint             the same text at another house; 另有 N 家转载 counts houses, not addresses
换用            represent           which of a story's articles is printed, said by the editor
补收            late inclusion      a story of an already released window, taken with a signed reason
导入            import              taking an issue that was put out elsewhere into the archive
送审稿           draft copy          a file of a draft, marked as such and annotated with what the checks say
回读            return              a draft's file that somebody edited, taken back as a revision
模板            template            the office's own DOCX or text that an issue is printed with
版记            colophon            the lines at the foot of the last page
核验            verify              proof that what was released is still what was released
发布依据          basis               templates and program that a release was made with, kept with it
送审 / 审定        submit, approve     a draft handed to whoever answers for it; one revision of it found fit to go out
更正            correction          what a released issue should have said, put out as a further release of it
趋势附录          annex               what the issues up to this one were about, counted; printed behind the items
撤回            withdraw            a released issue that no longer holds; its number and files stay
存档            archive             every issue, released or imported, and the site made of them
修订            revision            a draft as it was after a decision; each is kept, none is changed
待定            undecided           what is left for a person to decide before a draft is handed in
放行            waive               a finding that somebody answers for in writing, so that it no longer blocks
备注            note                what somebody wrote for the others beside an item or the issue; never printed
网页快照          snapshot            the page of a candidate as it was fetched, with nothing in it that acts
账号            account             who may do what on the review page; decisions are signed with its name
权限            role                查看 viewer < 编辑 editor < 审定 approver < 管理 admin
令牌            token               what a program shows instead of signing in; it may do no more than its account
审计            audit log           every change, log-in and refusal, each row bound to the one before it
漏收核查         missed stories      what an issue that is out might have carried and does not
事后认定         hindsight           what an editor says of such a story afterwards: 确为漏收 or 不需收录
=============  ==================  ============================================================
"""

from __future__ import annotations

from pipeline.model.articles import (
    BELIEVED,
    Article,
    Attachment,
    Block,
    DateClaim,
    Developed,
    Fate,
    Flag,
    Kind,
    Picture,
    Rejection,
    Revisit,
    Witness,
)
from pipeline.model.drafts import Desked, Draft, Matter, Note, Phase, Revision, Standing, Waiver
from pipeline.model.issues import (
    CORRECTED,
    PROCEEDINGS,
    SYSTEM,
    UNPRINTED,
    Decision,
    Finding,
    Issue,
    Item,
    Severity,
    State,
    file_title,
)
from pipeline.model.learned import Learned, Learnt
from pipeline.model.missed import Cause, Hindsight, Missed, Shortfall, Silence
from pipeline.model.notices import Event, Notice, Pointer, Tone
from pipeline.model.pages import PASTED, Clock, Fetch, Fetched, Lead, Page, public
from pipeline.model.people import Account, Act, Deed, Link, Purpose, Role, Session, Token
from pipeline.model.releases import Basis, Elsewhere, Release, Withdrawn
from pipeline.model.returned import (
    Change,
    Changes,
    Clash,
    Edited,
    Imported,
    Readback,
    Retouched,
    Returned,
    ReturnedItem,
)
from pipeline.model.runs import COLLECTING, PRUNING, Claim, Progress, Tally, Weight, Work, Worker
from pipeline.model.search import Found, Passage, Phrase, Searchable
from pipeline.model.stories import (
    Candidate,
    Classifier,
    Coverage,
    Document,
    Edge,
    Fingerprint,
    Genre,
    Mark,
    Match,
    Novelty,
    Opinion,
    Part,
    Precedent,
    Printed,
    Rating,
    Relation,
    Retelling,
    Ruling,
    Sentence,
    Side,
    SideBySide,
    Story,
    Verdict,
)
from pipeline.model.trends import ANNEX, Counted, Facet, Frequency, Period, Ranking, Trends
from pipeline.model.values import BEIJING, MOST_NAMED, chinese_date, chinese_number, digest, mebibytes
from pipeline.model.visits import Gap, Health, Outcome, Pulse, Visit
from pipeline.model.windows import Last, Window

__all__ = [
    "ANNEX",
    "BEIJING",
    "BELIEVED",
    "COLLECTING",
    "CORRECTED",
    "MOST_NAMED",
    "PASTED",
    "PROCEEDINGS",
    "PRUNING",
    "SYSTEM",
    "UNPRINTED",
    "Account",
    "Act",
    "Article",
    "Attachment",
    "Basis",
    "Block",
    "Candidate",
    "Cause",
    "Change",
    "Changes",
    "Claim",
    "Clash",
    "Classifier",
    "Clock",
    "Counted",
    "Coverage",
    "DateClaim",
    "Decision",
    "Deed",
    "Desked",
    "Developed",
    "Document",
    "Draft",
    "Edge",
    "Edited",
    "Elsewhere",
    "Event",
    "Facet",
    "Fate",
    "Fetch",
    "Fetched",
    "Finding",
    "Fingerprint",
    "Flag",
    "Found",
    "Frequency",
    "Gap",
    "Genre",
    "Health",
    "Hindsight",
    "Imported",
    "Issue",
    "Item",
    "Kind",
    "Last",
    "Lead",
    "Learned",
    "Learnt",
    "Link",
    "Mark",
    "Match",
    "Matter",
    "Missed",
    "Note",
    "Notice",
    "Novelty",
    "Opinion",
    "Outcome",
    "Page",
    "Part",
    "Passage",
    "Period",
    "Phase",
    "Phrase",
    "Picture",
    "Pointer",
    "Precedent",
    "Printed",
    "Progress",
    "Pulse",
    "Purpose",
    "Ranking",
    "Rating",
    "Readback",
    "Rejection",
    "Relation",
    "Release",
    "Retelling",
    "Retouched",
    "Returned",
    "ReturnedItem",
    "Revision",
    "Revisit",
    "Role",
    "Ruling",
    "Searchable",
    "Sentence",
    "Session",
    "Severity",
    "Shortfall",
    "Side",
    "SideBySide",
    "Silence",
    "Standing",
    "State",
    "Story",
    "Tally",
    "Token",
    "Tone",
    "Trends",
    "Verdict",
    "Visit",
    "Waiver",
    "Weight",
    "Window",
    "Withdrawn",
    "Witness",
    "Work",
    "Worker",
    "chinese_date",
    "chinese_number",
    "digest",
    "file_title",
    "mebibytes",
    "public",
]
