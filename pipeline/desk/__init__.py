"""The verbs of the desk, a file each: collect · judge · decide · release · tell · claim · run; `Desk` has them all.

A run is a graph of stages, the same for every engine::

    harvest(source) × sources   →   read(leads) × batches   →   follow(pages) × hosts
                                →   illustrate(articles) × hosts   →   develop(pictures) × batches   →   judge(run)

An `Engine` says how the calls of a stage are carried out: as plain calls, or as tasks of an orchestrator.
Between the stages travel ids and counts, never articles; what a stage learns is in the store before it ends.

Each file holds one class with the verbs of its kind; who needs another's verbs derives from it::

    Room ← Collecting                                    ← Running ← Desk
         ← Judging ← Deciding ← Releasing ← Telling      ←
         ← Claiming                                      ←
                                Releasing ← Archive                ←
"""

from pipeline.desk.checking import DAYS, Checked, Suggested
from pipeline.desk.collecting import Pasted
from pipeline.desk.engine import Engine, Inline
from pipeline.desk.judging import Proposal, document
from pipeline.desk.room import command
from pipeline.desk.running import Report
from pipeline.desk.wiring import Desk, children, fetcher, now, open_desk, open_store

__all__ = [
    "DAYS",
    "Checked",
    "Desk",
    "Engine",
    "Inline",
    "Pasted",
    "Proposal",
    "Report",
    "Suggested",
    "children",
    "command",
    "document",
    "fetcher",
    "now",
    "open_desk",
    "open_store",
]
