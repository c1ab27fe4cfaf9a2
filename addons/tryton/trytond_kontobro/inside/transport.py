"""The connector's calls in Tryton's own process: what its JSON-RPC does with them, without the wire.

Each call is one transaction of its own, as the booking user and with the user's access rights, committed before it is
answered and tried again when the database asks for that. Refusals are those of the API connector, word for word.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from trytond import backend
from trytond.exceptions import ConcurrencyException, UserError, UserWarning
from trytond.pool import Pool
from trytond.rpc import RPCReturnException
from trytond.tools import is_instance_method
from trytond.transaction import Transaction, TransactionError
from trytond.worker import run_task
from werkzeug.exceptions import HTTPException

from kontobro.core.errors import KontobroError, NotAllowed, Timeout, Uncertain, Unreachable
from kontobro.erp.kit.http import Refused
from kontobro.erp.tryton.calls import SYSTEM, Domain, Row, rows_of
from kontobro.store.engines.advisory import is_undone

from ..series import SERIES

log = logging.getLogger(__name__)


PATIENCE = 30.0
"""Seconds that a call tries again while others hold its rows, numbers or tables."""


class InProcess:
    """`Calls` of one company, as one user, in one database of this process."""

    def __init__(self, database: str, user: int, company: int | None = None) -> None:
        self._database = database
        self._user = user
        self.company = company

    def __repr__(self) -> str:
        return f"InProcess({self._database}, user={self._user}, company={self.company})"

    def read(self, method: str, *arguments: Any, **context: Any) -> Any:
        return self._call(method, arguments, context, writes=False)

    def write(self, method: str, *arguments: Any, **context: Any) -> Any:
        return self._call(method, arguments, context, writes=True)

    def rows(self, model: str, domain: Domain, fields: Sequence[str], **context: Any) -> Iterator[Row]:
        return rows_of(self.read, model, domain, fields, **context)

    def version(self) -> str:
        return SERIES

    def _call(self, method: str, arguments: Sequence[Any], context: Mapping[str, Any], *, writes: bool) -> Any:
        company = {"company": self.company} if self.company else {}
        try:
            return self._transact(method, [*arguments, company | dict(context)])
        except Exception as error:
            fault = _fault(error, method, writes=writes)
            if isinstance(fault, Refused) and fault.name == "unforeseen":
                log.exception("%s failed", method)
            raise fault from error

    def _transact(self, method: str, arguments: Sequence[Any]) -> Any:
        """The dispatcher's loop: once more while others are in the way, and with the locks that were missing."""
        model, verb = _method_of(self._database, method)
        tried, until, extras = 0, time.monotonic() + PATIENCE, dict[str, Any]()
        while True:
            try:
                answer, put_off = self._once(model, verb, arguments, extras)
            except TransactionError as missing:
                missing.fix(extras)
            except backend.DatabaseOperationalError as fault:
                if not is_undone(fault) or time.monotonic() >= until:
                    raise
                tried += 1
                time.sleep(min(0.02 * tried, 0.5))
            else:
                self._run_tasks(put_off)
                return answer

    def _once(
        self, model: Any, verb: str, arguments: Sequence[Any], extras: Mapping[str, Any]
    ) -> tuple[Any, Sequence[int]]:
        """The answer of one transaction, and what Tryton put off until after it. The locks of `extras` come first."""
        with _started(self._database, self._user, model, verb, extras) as transaction:
            before = len(transaction.tasks)
            try:
                answer = _answer(transaction, model, verb, copy.deepcopy(list(arguments)))
                transaction.commit()
                return answer, transaction.tasks[before:]
            except BaseException:
                transaction.rollback()
                raise
            finally:
                del transaction.tasks[before:]

    def _run_tasks(self, tasks: Sequence[int]) -> None:
        """What Tryton put off until after the commit. In a thread of its own: it would take the transaction around this
        one, a wizard's, for its own, and end it."""
        if not tasks:
            return
        with ThreadPoolExecutor(1) as thread:
            for done in [thread.submit(run_task, self._database, task) for task in tasks]:
                done.result()


def _method_of(database: str, method: str) -> tuple[Any, str]:
    """`model.account.move.create` -> the class and the name. Raises NotAllowed for what the API does not have."""
    kind, _, path = method.partition(".")
    name, _, verb = path.rpartition(".")
    model = Pool(database).get(name, type=kind)
    if verb not in model.__rpc__:
        raise NotAllowed(f"Tryton does not allow {method}.", "Please report this error.")
    return model, verb


def _started(database: str, user: int, model: Any, verb: str, extras: Mapping[str, Any]) -> Any:
    """A transaction beside whichever this thread has open."""
    return Transaction(new=True).start(database, user, readonly=model.__rpc__[verb].readonly, **extras)


def _answer(transaction: Any, model: Any, verb: str, arguments: list[Any]) -> Any:
    """Call the method as the dispatcher does: context, access rights, records in place of ids."""
    rpc = model.__rpc__[verb]
    given, named, transaction.context, transaction.timestamp = rpc.convert(model, *arguments)
    method = rpc.decorate(getattr(model, verb))
    if "company" in transaction.context:
        transaction.context["_companies"] = _companies(transaction)
    try:
        if rpc.instantiate is None or not is_instance_method(model, verb):
            return rpc.result(method(*given, **named))
        records = given.pop(0)
        if hasattr(records, verb):
            return rpc.result(method(records, *given, **named))
        return [rpc.result(method(record, *given, **named)) for record in records]
    except RPCReturnException as answer:
        transaction.rollback()
        return answer.result()


def _companies(transaction: Any) -> tuple[int, ...]:
    """The call's company, if its user may work there. Tryton (8.2.1) remembers one answer a user and process, whichever
    company a call is for: for a user who books for two companies, the records of the second would not be there."""
    table = Pool().get("res.user-company.company").__table__()
    mine = (table.user == transaction.user) & (table.company == transaction.context["company"])
    with transaction.connection.cursor() as cursor:
        cursor.execute(*table.select(table.company, where=mine))
        return tuple(company for (company,) in cursor.fetchall())


def _fault(error: Exception, method: str, *, writes: bool) -> KontobroError:
    """What an exception means, in the words of the API connector."""
    if isinstance(error, KontobroError):
        return error
    if isinstance(error, UserWarning):
        return Refused(SYSTEM, f"UserWarning:{error.name}", error.message)
    if isinstance(error, (UserError, ConcurrencyException)):
        shown_errors = [error.message, getattr(error, "description", "")]
        return Refused(SYSTEM, type(error).__name__, " ".join(part for part in shown_errors if part))
    if isinstance(error, HTTPException):
        return NotAllowed(f"Tryton does not allow {method}.", "Give the user the groups that the check names.")
    if isinstance(error, backend.DatabaseOperationalError):
        if is_undone(error):
            return Timeout(f"Tryton is busy: {method} waited too long for other transactions.", "Try again later.")
        if writes:
            return Uncertain(f"The database was lost during {method}.", "Its result is checked first.")
        return Unreachable("Tryton's database can't be reached.", "Check that PostgreSQL runs.")
    return Refused(SYSTEM, "unforeseen", "an error inside Tryton; its log says which")
