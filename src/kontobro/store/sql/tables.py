"""The database that a store is in, as `SqlStore` needs it, and what is the same in every accounting system's own.

An accounting system's tables have Django's names and columns (`models.py`), but for the connection (`session.HOST`):
its `id` is the system's own number. Instants are UTC; a column of JSON may be text. Rows of a deleted connection may go
with it (ON DELETE CASCADE).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from kontobro.core.errors import ImpossibleMove, KontobroError, StoreUnreachable
from kontobro.core.words import told
from kontobro.store.engines.advisory import NO_CONNECTION, advisory_lock, is_lost, is_undone, sqlstate
from kontobro.store.engines.faults import held_too_long, no_connection
from kontobro.store.schema.guards import IMPOSSIBLE
from kontobro.store.sql.session import HOST, Session


class Tables(Protocol):
    """One database with our tables."""

    @property
    def name(self) -> str:
        """What a person may read."""
        ...

    def reading(self) -> AbstractContextManager[Session]:
        """Queries. Raises ImpossibleMove, Busy, Misconfigured, StoreUnreachable instead of the driver's errors."""
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """One transaction (read committed): committed with the block, rolled back by a fault. Raises as `reading`."""
        ...

    def lock(self, name: str, wait: float) -> AbstractContextManager[None]:
        """A lock that dies with its process. Raises Busy when it can't be had in `wait` seconds."""
        ...

    def settle(self) -> None:
        """What was deleted is gone from the disk too, as far as the database can."""
        ...


class HostTables:
    """The PostgreSQL database of an accounting system, by the name that the system has for it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def transaction(self) -> AbstractContextManager[Any]:
        """A DB-API cursor in a transaction of its own (read committed), beside the host's: committed with the block,
        rolled back by a fault. It puts the values into a statement itself, so that several go in one `execute`."""
        raise NotImplementedError

    def connect(self) -> Any:
        """A connection of its own in autocommit mode, for a lock."""
        raise NotImplementedError

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Only what a caller can meet becomes ours: anything else is a bug and stays as it is."""
        try:
            with self.transaction() as cursor:
                yield Session(cursor, HOST)
        except KontobroError:
            raise
        except Exception as error:
            fault = _fault_of(error, self.name)
            if fault is None:
                raise
            raise fault from error

    def reading(self) -> AbstractContextManager[Session]:
        return self.writing()

    def lock(self, name: str, wait: float) -> AbstractContextManager[None]:
        return advisory_lock(self.connect, name, wait)

    def settle(self) -> None:
        """The server's own vacuum does it, in its time."""


def _fault_of(error: Exception, name: str) -> Exception | None:
    """A driver's error in our words, or None."""
    text = str(error)
    if text.startswith(IMPOSSIBLE):
        return ImpossibleMove(text.splitlines()[0])
    if is_undone(error):
        return held_too_long(name)
    if sqlstate(error) == NO_CONNECTION:
        return no_connection(name)
    if is_lost(error):
        return StoreUnreachable(*told("store_away", store=name))
    return None
