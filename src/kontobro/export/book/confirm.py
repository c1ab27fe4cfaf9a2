"""At the end of a job: writes whose outcome stayed unknown are looked for once more, when it can be known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from kontobro.core.model.findings import problem
from kontobro.core.model.history import Move
from kontobro.export.book.booking import reject_rest
from kontobro.export.book.finish import attach, post, verify
from kontobro.export.book.work import ItemWork, pairs
from kontobro.export.book.write import accept_existing
from kontobro.export.job.run import Run

LEAST: Final = timedelta(minutes=1)
"""An absent entry is called absent no earlier than this after the last write, also where the connector says that its
accounting system commits at once: nothing refuses a late commit when no other write follows."""


def confirm(run: Run, works: Sequence[ItemWork]) -> None:
    """Wait until the accounting system has surely committed or never will; then take what exists, fail what does not.

    Raises StopJob when it can't be asked. Where nothing can be found, the works stay uncertain.
    """
    capabilities = run.ports.connector.capabilities
    if not works or capabilities.reference == "none":
        return
    run.wait_until(run.ports.clock.now() + max(LEAST, capabilities.settle_after))
    for work in works:
        work.uncertain = False
    tasks = [(work, entry) for work, entry in pairs(works) if entry.reference not in work.bookings]
    found = run.erp(lambda: run.ports.connector.find([entry.reference for _, entry in tasks]))
    absent = accept_existing(run, tasks, found)
    for work, entry in absent:
        work.problems.append(problem("write_not_taken", "entry", entry.reference))
    run.move([Move(reference=e.reference, to="rejected", problems=tuple(w.problems)) for w, e in absent])
    attach(run, works)
    post(run, works)
    verify(run, works)
    reject_rest(run, works)
