"""Who lives, and whose work is taken over: a lock in PostgreSQL that dies with its process, and a reaper.

DBOS's open library leaves the work of a dead worker lying (`PENDING`) for ever.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from typing import Final

import psycopg

from kontobro.worker.asking import ClientRunner

log = logging.getLogger(__name__)

RENEWAL: Final = timedelta(seconds=20)
"""How long after the server's start the living have all given their signs again: a chore's turn is 5 s."""


class Life:
    """This worker's sign of life. Not through pgbouncer in transaction mode: a lock belongs to its session there."""

    def __init__(self, url: str, executor_id: str, runner: ClientRunner) -> None:
        self._url, self._me, self._runner = url, executor_id, runner
        self._session = self._begin()

    def keep(self) -> None:
        """See that the sign still exists; give it again after the connection broke."""
        try:
            self._session.execute("SELECT 1")
        except psycopg.OperationalError:
            self._session.close()
            self._session = self._begin()
            log.warning("the worker's sign of life was lost and is given again", extra={"worker": self._me})

    def end(self) -> None:
        self._session.close()

    def reap(self) -> int:
        """Put the work of dead workers back into its queue; how many pieces.

        A server that has just started has no sign of life of anybody: the living give theirs first.
        """
        if not self._is_settled():
            return 0
        dead = {row for row in self._owners() if row != self._me}
        return sum(self._take_over(executor_id) for executor_id in sorted(dead))

    def _begin(self) -> psycopg.Connection:
        session = psycopg.connect(self._url, autocommit=True, application_name="kontobro worker")
        if not _takes(session, self._me):
            # only while the server has not yet noticed that our old session is gone: `keep` tries again
            session.close()
            raise psycopg.OperationalError("the old session still holds the sign of life")
        return session

    def _is_settled(self) -> bool:
        row = self._session.execute("SELECT now() - pg_postmaster_start_time() > %s", [RENEWAL]).fetchone()
        return bool(row and row[0])

    def _owners(self) -> set[str]:
        rows = self._runner.client.list_workflows(status="PENDING", load_input=False, load_output=False)
        return {row.executor_id for row in rows if row.executor_id}

    def _take_over(self, executor_id: str) -> int:
        """A free lock is a dead worker. Its work is listed again under the lock: another reaper may have been here."""
        if not _takes(self._session, executor_id):
            return 0
        try:
            client = self._runner.client
            left = client.list_workflows(status="PENDING", executor_id=executor_id, load_input=False, load_output=False)
            for work in left:
                client.resume_workflows([work.workflow_id], queue_name=work.queue_name)
                self._runner.wake(work.queue_name or "")
        finally:
            self._session.execute("SELECT pg_advisory_unlock(%s)", [key_of(executor_id)])
        if left:
            log.warning("work of a dead worker taken over", extra={"worker": executor_id, "pieces": len(left)})
        return len(left)


def _takes(session: psycopg.Connection, executor_id: str) -> bool:
    """Take the lock of that name, if it is free."""
    row = session.execute("SELECT pg_try_advisory_lock(%s)", [key_of(executor_id)]).fetchone()
    return bool(row and row[0])


def key_of(executor_id: str) -> int:
    """The advisory lock's number: 64 bits of the name's hash."""
    digest = hashlib.sha256(f"kontobro worker {executor_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
