"""The only SQL: what the desk remembers, in one database and one folder of blobs."""

from pipeline.store.audit import Audit
from pipeline.store.blobs import Blobs, write_whole
from pipeline.store.claims import Claims
from pipeline.store.database import Database
from pipeline.store.fingerprints import Carried, Fingerprints, Known
from pipeline.store.issues import Issues, Kept, Stand
from pipeline.store.leads import Asked, Leads, Stored
from pipeline.store.models import Models
from pipeline.store.notices import Notices, Waiting
from pipeline.store.parts import ATTACHED, ENTIRE, Part, Parts
from pipeline.store.pictures import Pictures
from pipeline.store.precedents import Rulings
from pipeline.store.revisits import Revisits
from pipeline.store.runs import Accounted, Accounts, Run, Runs
from pipeline.store.search import Outline, Search
from pipeline.store.staff import Staff
from pipeline.store.visits import Visits

__all__ = [
    "ATTACHED",
    "ENTIRE",
    "Accounted",
    "Accounts",
    "Asked",
    "Audit",
    "Blobs",
    "Carried",
    "Claims",
    "Database",
    "Fingerprints",
    "Issues",
    "Kept",
    "Known",
    "Leads",
    "Models",
    "Notices",
    "Outline",
    "Part",
    "Parts",
    "Pictures",
    "Revisits",
    "Rulings",
    "Run",
    "Runs",
    "Search",
    "Staff",
    "Stand",
    "Stored",
    "Visits",
    "Waiting",
    "write_whole",
]
