"""The configuration: YAML in, frozen settings out; the only reader of `config/`.

Five files: `settings.yaml` (where things lie, how politely to fetch), `series.yaml` (the bulletins),
`scope.yaml` (what they are about), `sources.yaml` (where leads come from), `outlets.yaml` (who owns which
host). Unknown keys are refused; an error names file, line and column. A workspace's own file wins over
the packaged one, file by file. Over the single values of `settings.yaml` the environment wins:
`BULLETIN_OUT`, `BULLETIN_POLITENESS__RETRIES`; an empty variable counts as none.

A file of classes for each of the five; `files` reads them, `workspace` puts them together.
"""

from pipeline.config.decisions import Decisions, read_decisions
from pipeline.config.environment import strays, variables
from pipeline.config.files import packaged, read
from pipeline.config.origins import Origin, masked, origins
from pipeline.config.outlets import Outlet, Outlets, registered, same_site
from pipeline.config.scope import Axis, PageType, PlaceRule, Scope, Terms, Topic
from pipeline.config.series import LastIssue, Series
from pipeline.config.settings import (
    Classifiers,
    Format,
    Illustration,
    LanguageModel,
    Politeness,
    Settings,
    Timing,
    Told,
    Web,
)
from pipeline.config.sources import (
    EpaperSource,
    ExtractRule,
    FeedSource,
    FolderSource,
    JsonSource,
    ListingSource,
    ManualSource,
    SitemapSource,
    Source,
    Tls,
    WarcSource,
    WebSource,
    as_xpath,
    is_xpath,
)
from pipeline.config.workspace import Config, load, missing_secrets, place_of, problems, read_scope
from pipeline.config.writing import as_yaml, source_of, with_sources, with_verified

__all__ = [
    "Axis",
    "Classifiers",
    "Config",
    "Decisions",
    "EpaperSource",
    "ExtractRule",
    "FeedSource",
    "FolderSource",
    "Format",
    "Illustration",
    "JsonSource",
    "LanguageModel",
    "LastIssue",
    "ListingSource",
    "ManualSource",
    "Origin",
    "Outlet",
    "Outlets",
    "PageType",
    "PlaceRule",
    "Politeness",
    "Scope",
    "Series",
    "Settings",
    "SitemapSource",
    "Source",
    "Terms",
    "Timing",
    "Tls",
    "Told",
    "Topic",
    "WarcSource",
    "Web",
    "WebSource",
    "as_xpath",
    "as_yaml",
    "is_xpath",
    "load",
    "masked",
    "missing_secrets",
    "origins",
    "packaged",
    "place_of",
    "problems",
    "read",
    "read_decisions",
    "read_scope",
    "registered",
    "same_site",
    "source_of",
    "strays",
    "variables",
    "with_sources",
    "with_verified",
]
