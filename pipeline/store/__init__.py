"""The only SQL: what the desk remembers, in one database and one folder of blobs."""

from pipeline.store.audit import Audit
from pipeline.store.blobs import Blobs, Shelved, swept, write_whole
from pipeline.store.claims import Claims
from pipeline.store.database import Database
from pipeline.store.fingerprints import Carried, Fingerprints, Known
from pipeline.store.forgetting import ORPHANED, Forgetting, Limits, Plan, weights
from pipeline.store.issues import Issues, Kept, Stand
from pipeline.store.leads import Asked, Leads, Stored
from pipeline.store.measures import Measured, Measures
from pipeline.store.missed import Hindsights
from pipeline.store.models import Models
from pipeline.store.notices import Notices, Waiting
from pipeline.store.parts import ATTACHED, ENTIRE, Part, Parts
from pipeline.store.pictures import Pictures
from pipeline.store.precedents import Rulings
from pipeline.store.revisits import Revisits
from pipeline.store.runs import Accounted, Accounts, Run, Runs
from pipeline.store.search import Outline, Search
from pipeline.store.signs import Sign, Signs
from pipeline.store.staff import Staff
from pipeline.store.visits import Visits

__all__ = [
    "ATTACHED",
    "ENTIRE",
    "ORPHANED",
    "Accounted",
    "Accounts",
    "Asked",
    "Audit",
    "Blobs",
    "Carried",
    "Claims",
    "Database",
    "Fingerprints",
    "Forgetting",
    "Hindsights",
    "Issues",
    "Kept",
    "Known",
    "Leads",
    "Limits",
    "Measured",
    "Measures",
    "Models",
    "Notices",
    "Outline",
    "Part",
    "Parts",
    "Pictures",
    "Plan",
    "Revisits",
    "Rulings",
    "Run",
    "Runs",
    "Search",
    "Shelved",
    "Sign",
    "Signs",
    "Staff",
    "Stand",
    "Stored",
    "Visits",
    "Waiting",
    "swept",
    "weights",
    "write_whole",
]
