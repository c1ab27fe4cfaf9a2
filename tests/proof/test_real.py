"""Seeds run again with real processes: what they do may not depend on how busy the machine is."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

from kontobro.export.book.report import KEEP_ALIVE_AFTER
from kontobro.export.job.claim import ALIVE, APART, MARGIN, QUIET
from kontobro.testing.export.proof import QUIET_MINUTES
from proof.simulator.exporters.worker import POLL

WAITS = (timedelta(minutes=QUIET_MINUTES), timedelta(seconds=POLL))
"""Between two processes: after a kill, and after one that did nothing or all."""

BEGINS = (timedelta(0), QUIET)
"""What a process may have watched a job for after it acted on it."""

DECIDING = (KEEP_ALIVE_AFTER, ALIVE, ALIVE / 2, QUIET + MARGIN)
"""Since something happened to a job last: from then on an exporter acts otherwise."""


def test_no_sum_of_waits_ends_where_an_exporter_would_act_otherwise() -> None:
    """A minute is the longest that an exporter waits at random, and far more than a busy machine takes longer."""
    several = [sum(some, timedelta(0)) for number in (1, 2, 3) for some in product(WAITS, repeat=number)]
    sums = {begin + total for begin in BEGINS for total in several}
    close = [(total, at) for total in sums for at in DECIDING if total <= at < total + timedelta(seconds=APART)]
    assert not close
