"""A connector that breaks on one entry: the batch is halved until that entry is alone, the others continue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from kontobro.core.batches import answers
from kontobro.core.errors import ConnectorFault, Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Reference
from kontobro.export.job.run import Run, StopJob

A = TypeVar("A")
B = TypeVar("B")


def in_pieces(run: Run, asked: Sequence[A], call: Callable[[Sequence[A]], Sequence[B]]) -> list[B | ConnectorFault]:
    """One answer each to a repeatable call, in order; the fault itself for what the connector breaks on."""

    def once(some: Sequence[A]) -> Sequence[B]:
        try:
            return run.erp(lambda: call(some))
        except StopJob as stop:
            if isinstance(stop.fault, ConnectorFault) and not run.patience.is_spent:
                raise stop.fault from None
            raise

    return answers(asked, once, ConnectorFault)


def broke(reference: Reference, fault: ConnectorFault) -> Problem:
    """The problem of the entry that the connector broke on."""
    return problem("connector_broke", "entry", reference, log_id=fault.log_id or "–")
