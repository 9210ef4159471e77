"""The verbs of the desk, a file each kind: from collecting to releasing; `Desk` has them all.

A run is a graph of stages, the same for every engine::

    harvest(source) × sources   →   read(leads) × batches   →   follow(pages) × hosts
                                →   illustrate(articles) × hosts   →   develop(pictures) × batches
                                →   relate(articles) × batches   →   judge(run)   →   revisit(issue)

An `Engine` says how the calls of a stage are carried out: as plain calls, or as tasks of an orchestrator.
Between the stages travel ids and counts, never articles; what a stage learns is in the store before it ends.

Each file holds one class with the verbs of its kind; who needs another's verbs derives from it::

    Desk          opens everything                        ← Running, Archive, Checking, Consulting, Missing, Sharing,
                                                            Learning, Returning, Templating, Pruning
    Running       a draft from its sources on             ← Supplementing, Revisiting, Telling
    Archive       old issues taken in, all given out      ← Releasing
    Checking      sources tried out, nothing kept         ← Collecting
    Returning     edited files taken back                 ← Releasing
    Consulting    the preview, pages and what they left   ← Releasing
    Missing       what an issue that is out might have carried  ← Reasoning
    Reasoning     why, and what another scope would do    ← Releasing
    Sharing       the archive as a site, with feeds       ← Searching
    Supplementing what came late, added to drafts         ← Illustrating, Claiming
    Illustrating  the pictures of what may be printed     ← Collecting, Judging
    Revisiting    printed pages asked for again           ← Collecting, Releasing
    Pruning       what is forgotten, and what there is    ← Claiming, Admitting
    Learning      models from decisions, and their gate   ← Judging
    Telling       who is told what                        ← Releasing
    Releasing     a draft put out as an issue             ← Reviewing
    Reviewing     submitted, approved, corrected, taken back  ← Deciding
    Deciding      what editors decide, what checks find   ← Judging, Trending
    Judging       what a draft should be                  ← Relating
    Relating      how articles belong together            ← Watching
    Collecting    leads, pages, articles                  ← Watching
    Watching      how sources are doing                   ← Room
    Claiming      who works on what                       ← Room
    Templating    the templates of the office             ← Room
    Admitting     who may come in                         ← Room
    Searching     what earlier issues carried, by words   ← Room
    Trending      what issues were about, over time       ← Room
    Room          the stores, the ways out, the settings

Beside them, for what must not open a desk: `safekeeping` keeps what is kept, `verifying` proves what was released,
`rebuilding` makes its files again, `incoming` reads what somebody hands in.
"""

from pipeline.desk.admitting import Admitted, Refused
from pipeline.desk.checking import Checked, Suggested
from pipeline.desk.collecting import Pasted
from pipeline.desk.consulting import Snapshot, Source
from pipeline.desk.deciding import Surroundings
from pipeline.desk.engine import WITHOUT_PREFECT, Engine, Inline, insisted
from pipeline.desk.incoming import incoming
from pipeline.desk.judging import Proposal
from pipeline.desk.learning import Schooling
from pipeline.desk.pruning import Pruned
from pipeline.desk.reasoning import Pile, Replayed
from pipeline.desk.relating import document
from pipeline.desk.releasing import Prospect
from pipeline.desk.returning import ReadBack
from pipeline.desk.room import CLUSTER, LOG, absent_templates, command
from pipeline.desk.running import STAGES, Making, Overview, Report
from pipeline.desk.safekeeping import back_up, backups, bring_back, upgrade, verify_all
from pipeline.desk.searching import Answer, Hit
from pipeline.desk.telling import BUSY, CLOCK
from pipeline.desk.templating import EXAMINERS, Shelved, Taken, examined
from pipeline.desk.verifying import Proof, Verified, verify
from pipeline.desk.wiring import Desk, children, fetcher, now, open_desk, open_store

__all__ = [
    "BUSY",
    "CLOCK",
    "CLUSTER",
    "EXAMINERS",
    "LOG",
    "STAGES",
    "WITHOUT_PREFECT",
    "Admitted",
    "Answer",
    "Checked",
    "Desk",
    "Engine",
    "Hit",
    "Inline",
    "Making",
    "Overview",
    "Pasted",
    "Pile",
    "Proof",
    "Proposal",
    "Prospect",
    "Pruned",
    "ReadBack",
    "Refused",
    "Replayed",
    "Report",
    "Schooling",
    "Shelved",
    "Snapshot",
    "Source",
    "Suggested",
    "Surroundings",
    "Taken",
    "Verified",
    "absent_templates",
    "back_up",
    "backups",
    "bring_back",
    "children",
    "command",
    "document",
    "examined",
    "fetcher",
    "incoming",
    "insisted",
    "now",
    "open_desk",
    "open_store",
    "upgrade",
    "verify",
    "verify_all",
]
