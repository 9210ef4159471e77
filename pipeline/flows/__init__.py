"""Prefect, and nothing else touches Prefect: the desk's stages as flows and tasks, on this machine or on many.

::

    embedded       a flow run by the command line, which goes on without Prefect where there is none to be had
    deploying      the same flows as deployments on a server, with schedules from the configuration
    work           the flows: collect, generate, release, reconcile
    tidying        runs that say they run and do not; missed ones that one run makes up for
    artifacts      what a run leaves for an operator to read
    tasks          the engine whose every call is a task
    server         Prefect's server on this machine: kept alive, found again
    environment    what Prefect is told before it is imported

The flows are thin: each opens the desk, lets it do its work with an engine whose calls are tasks (one per source,
one per batch), and leaves artifacts. Parameters and results are names, days, ids and counts. Prefect's database is
not the audit trail; the store is. Nor does Prefect decide who does what: every run that keeps something holds a
claim in the store, so that a run too many does nothing.
"""

from pipeline.flows import environment

environment.settle()
