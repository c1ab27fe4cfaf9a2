"""What every question is asked on: the way to Pleo, how it is talked to as far as is known by now, the named job."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from kontobro.core.dialect import Dialect
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.export import OPEN
from kontobro.pleo.http import endpoints
from kontobro.pleo.http.calls import Params
from kontobro.pleo.http.endpoints import Endpoint
from kontobro.pleo.probe.asker import Answer, Asker, NoAnswer

PAGE: Final = 20
"""Entries a page: what every Pleo is taken to allow."""
MOST_PAGES: Final = 50


@dataclass(frozen=True, slots=True)
class Found:
    """An answer, one of the question's; `detail` adds what was seen, in our own words and numbers."""

    answer: str
    detail: str = ""


@dataclass(slots=True)
class Ground:
    """`job`: the one that may be written about, by its id; empty without one. `after_start`: its status, read right
    after `started` was accepted. `ended_by`: the status that Pleo answered to `failed`, once it was sent: then nothing
    more is asked of the job. `before`: the tokens that the run began with."""

    asker: Asker
    spoken: Dialect
    tokens: Callable[[], Tokens | None]
    renew: Callable[[], None]
    introspects: Callable[[str], bool]
    fetches: Callable[[str], bool]
    writes: bool = False
    job: str = ""
    after_start: str = ""
    ended_by: int | None = None
    before: Tokens | None = field(default=None, repr=False)

    @property
    def connection(self) -> Connection:
        return self.asker.connection

    def own(self, **more: str | int) -> Params:
        """Parameters that name the own company, as this Pleo spells them."""
        return {self.spoken.company_key: self.connection.company_id, **more}

    def read(self, call: Endpoint, *, id: str = "", params: Params | None = None) -> Answer:
        """A GET that has to succeed for the question to have an answer. Raises NoAnswer."""
        return good(self.asker.get(call, id=id, params=params), call)

    def scopes(self) -> frozenset[str]:
        scope = self.read(endpoints.INTROSPECT).data.get("scope")
        return frozenset(scope.split()) if isinstance(scope, str) else frozenset()

    def jobs(self) -> list[dict[str, Any]]:
        """The company's latest jobs, of any status: one page."""
        company = self.connection.company_id.lower()
        listed = self.read(endpoints.JOBS, params=self.own(limit=PAGE)).entries
        return [each for each in listed if str(each.get("companyId", "")).lower() == company]

    def open_job(self) -> dict[str, Any]:
        """A job that is pending or in progress. Raises NoAnswer where there is none."""
        found = next((job for job in self.jobs() if job.get("status") in OPEN), None)
        if found is None:
            raise NoAnswer("there is no open export job: press Export in Pleo, then ask again")
        return found

    def control_items(self, job_id: str) -> list[dict[str, Any]]:
        return self._all(endpoints.CONTROL_ITEMS, job_id, {})

    def export_items(self) -> list[dict[str, Any]]:
        """What the open job exports."""
        return self._all(endpoints.ITEMS, "", {"job_id": str(self.open_job().get("id"))})

    def _all(self, call: Endpoint, id: str, params: Params) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: Params = {}
        for _ in range(MOST_PAGES):
            page = self.read(call, id=id, params={**params, "limit": PAGE, **after})
            found += page.entries
            cursor = page.pagination.get("endCursor")
            if not page.pagination.get("hasNextPage") or not isinstance(cursor, str):
                break
            after = {"after": cursor}
        return found

    # ------------------------------------------------------------------------------------- the named job

    def job_now(self) -> dict[str, Any]:
        """The named job. Raises NoAnswer once it is over."""
        job = self.read(endpoints.JOB, id=self.job).data
        if job.get("status") not in OPEN:
            raise NoAnswer("the job is over: press Export in Pleo again and name the new job with --job")
        return job

    def event(self, event: str, **reason: str) -> Answer:
        body = {self.spoken.job_key: self.job, "event": event, **reason}
        return self.asker.send(endpoints.EVENTS, body=body)

    def started(self) -> None:
        """Have the job in progress, for what is asked about it. Raises NoAnswer."""
        if self.job_now().get("status") == "pending":
            good(self.event("started"), endpoints.EVENTS)

    def put(self, *updates: dict[str, Any]) -> Answer:
        return self.asker.send(endpoints.REPORT, id=self.job, body=list(updates))

    def put_unknown(self, times: int, facts: Mapping[str, str]) -> Answer:
        """Updates of entries that are in no job: Pleo checks them, and has nothing to change."""
        self.started()
        return self.put(*({"accountingEntryId": no_id(), **facts} for _ in range(times)))

    def open_entries(self) -> list[str]:
        """Entries of the job that have no final status yet."""
        items = self.control_items(self.job)
        return [str(item.get("accountingEntryId")) for item in items if item.get("status") in OPEN]


def no_id() -> str:
    """An id of nothing."""
    return str(uuid.uuid4())


def good(answer: Answer, call: Endpoint) -> Answer:
    """A success. Raises NoAnswer with the status otherwise; a permission that is missing is named."""
    if answer.good:
        return answer
    if answer.status == 403 and call.scope:
        raise NoAnswer(f"the credential lacks a permission for {call.name} ({call.scope})")
    raise NoAnswer(f"Pleo answered {call.name} with {answer.status}")


@contextmanager
def removing(remove: Callable[[], Answer]) -> Iterator[None]:
    """Whatever becomes of the question, what it made is removed. Raises NoAnswer where that fails."""
    try:
        yield
    finally:
        left = remove()
    if not left.good:
        raise NoAnswer("what the probe made could not be removed again: look for “kontobro-probe” in Pleo")
