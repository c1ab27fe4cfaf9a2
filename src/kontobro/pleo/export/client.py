"""One company's Pleo over HTTP: the `Pleo` port (`core/ports/`) on Pleo's Export API v3."""

from __future__ import annotations

import re
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache, partial
from typing import Final
from urllib.parse import urlsplit

from kontobro.core.dialect import Dialect
from kontobro.core.errors import JobGone, NotAllowed, Unreachable, shown
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import (
    ExportItem,
    ExportJob,
    Identity,
    Installation,
    ItemReport,
    JobItem,
    JobOutcome,
    MalformedItem,
    NotExported,
    ReportError,
)
from kontobro.core.ports import Clock, TokenStore
from kontobro.core.rules.dates import day_in
from kontobro.core.words import Fact, Phrase, told
from kontobro.pleo.export.wire import read_item
from kontobro.pleo.http import answers, endpoints
from kontobro.pleo.http.calls import DIRECT, Calls, Params, Ways
from kontobro.pleo.http.endpoints import Endpoint
from kontobro.pleo.http.faults import dated, may_have_arrived, with_failure
from kontobro.pleo.http.files import Files, open_files
from kontobro.pleo.http.oauth import still_active
from kontobro.pleo.http.opening import open_calls
from kontobro.pleo.http.paging import listed, listed_loosely

SOME_FAILED: Final = "Some expenses were not booked: see each of them."
LONGEST_ID: Final = 255
"""What Pleo states of an account's external id (`pleo/api.md` F), and nowhere of an item's."""
LONGEST_ADDRESS: Final = 2048
WAITING: Final = ("CREATED", "QUEUED")
"""Export statuses of an entry that no export has taken up: `EXPORTING` is one that has not ended."""
NEVER_EXPORTED: Final = frozenset({"DRAFT", "CANCELLED", "REJECTED", "ERROR"})
"""Statuses of what is no expense yet, or never becomes one."""
MOST_ENTRIES: Final = 5_000
"""Entries that are read for one count: 50 pages."""
ACTIVATED: Final = "ACTIVATED"
PENDING: Final = "PENDING_INTEGRATION"


class PleoClient:
    """One company's Pleo. `calls` counts the requests that left, by endpoint (`GET /v3/export-jobs/{id}/items`)."""

    def __init__(
        self, calls: Calls, company_id: str, files: Files, still_active: Callable[[], bool] = lambda: False
    ) -> None:
        self._calls, self._company_id, self._files, self._still_active = calls, company_id, files, still_active
        self.calls: Counter[str] = calls.counts
        self.dialect: Dialect = calls.dialect
        # The port has no `close`: connections end with the client, by this or when it is collected.
        self.close = weakref.finalize(self, _close, calls, files)

    @property
    def limited(self) -> int:
        """How many requests Pleo answered with 429."""
        return self._calls.limited

    # ------------------------------------------------------------------------------------------ who we are

    def introspect(self) -> Identity:
        response = self._calls.again(endpoints.INTROSPECT)
        return answers.read(response, endpoints.INTROSPECT, answers.ClientData).data.to_core()

    def company_name(self) -> str | None:
        """What the company is called, or None when the credential may not ask (scope companies:read)."""
        try:
            response = self._calls.again(endpoints.COMPANY, id=self._company_id)
        except NotAllowed:
            return None
        return answers.read(response, endpoints.COMPANY, answers.CompanyData).data.name

    # --------------------------------------------------------------------------------------------- entries

    def not_exported(self, first: date, last: date, zone: tzinfo) -> NotExported:
        """A day more on both sides is asked for, and what comes is filtered here: Pleo says neither in which zone its
        dates are, nor whether the ends belong to them (`pleo/api.md` J). At most MOST_ENTRIES are read."""
        body = {
            "includeDeleted": False,
            "exportStatus": list(WAITING),
            "bookkeepingDateStart": _midnight(first - timedelta(days=1)),
            "bookkeepingDateEnd": _midnight(last + timedelta(days=2)),
        }
        count = read = 0
        for page in listed(self._calls, endpoints.SEARCH_ENTRIES, params={"company_id": self._company_id}, body=body):
            entries = [answers.read_entry(raw, endpoints.SEARCH_ENTRIES, answers.Entry) for raw in page]
            days = [day_in(one.bookkeeping_date, zone) for one in entries if self._waits(one) and one.bookkeeping_date]
            count += sum(first <= day <= last for day in days)
            read += len(entries)
            if read >= MOST_ENTRIES:
                return NotExported(count, more=True)
        return NotExported(count)

    def _waits(self, entry: answers.Entry) -> bool:
        ours = entry.company_id.lower() == self._company_id.lower() and entry.deleted_at is None
        return ours and entry.export_status in WAITING and entry.status not in NEVER_EXPORTED

    # ------------------------------------------------------------------------------------------------ jobs

    def jobs(self, statuses: Sequence[str]) -> Sequence[ExportJob]:
        """Filtered again here: nothing says that Pleo's list heeds its filters, and another's job must not be seen."""
        params: Params = {"company_id": self._company_id, "statuses": list(statuses)}
        listed = [
            answers.read_entry(raw, endpoints.JOBS, answers.Job).to_core()
            for page in listed_loosely(self._calls, endpoints.JOBS, params=params)
            for raw in page
        ]
        return sorted((job for job in listed if self._asked_for(job, statuses)), key=lambda job: job.created_at)

    def _asked_for(self, job: ExportJob, statuses: Sequence[str]) -> bool:
        return job.company_id.lower() == self._company_id.lower() and (not statuses or job.status in statuses)

    def job(self, job_id: str) -> ExportJob:
        return self._calls.persist(lambda: self._job(job_id))

    def start(self, job_id: str) -> bool:
        """Repeated only while it surely did not arrive: what became of a lost answer, the job itself has to tell."""

        def ask() -> bool | Unreachable:
            try:
                self._send_event(job_id, {"event": "started"})
            except JobGone:
                return False
            except Unreachable as fault:
                if may_have_arrived(fault):
                    return fault
                raise
            return True

        answer = self._calls.persist(ask)
        if isinstance(answer, Unreachable):
            raise answer
        return answer

    def complete(self, job_id: str, outcome: JobOutcome) -> None:
        sent = False
        body = {"event": outcome.event, **self._reason(outcome)}

        def finish() -> None:
            nonlocal sent
            if sent and self._is_over(job_id, outcome.event):
                return
            try:
                self._send_event(job_id, body)
            except JobGone:
                if not self._is_over(job_id, outcome.event):
                    raise _contradiction(outcome.event) from None
            except Unreachable as fault:
                sent = sent or may_have_arrived(fault)
                raise

        self._calls.persist(finish)

    # ----------------------------------------------------------------------------------------------- items

    def control_items(self, job_id: str) -> Iterator[Sequence[JobItem]]:
        for page in listed(self._calls, endpoints.CONTROL_ITEMS, id=job_id):
            yield [answers.read_entry(raw, endpoints.CONTROL_ITEMS, answers.ControlItem).to_core() for raw in page]

    def items(self, job_id: str) -> Iterator[Sequence[ExportItem | MalformedItem]]:
        for page in listed(self._calls, endpoints.ITEMS, params={"job_id": job_id}):
            yield [read_item(raw, self.dialect.zero_decimal_amounts) for raw in page]

    def report(self, job_id: str, reports: Sequence[ItemReport]) -> Sequence[ReportError]:
        most = self.dialect.update_batch
        if len(reports) > most:
            raise ValueError(f"{len(reports)} reports in one update: Pleo takes {most}, send them in parts")
        if not reports:
            return []
        response = self._calls.again(
            endpoints.REPORT, id=job_id, body=[_report(report, self.dialect) for report in reports]
        )
        answer = answers.read(response, endpoints.REPORT, answers.UpdateAnswer)
        return [error.to_core() for error in answer.errors]

    def fetch(self, url: str, limit: int) -> bytes:
        """A receipt's bytes. Raises TooLarge, ReceiptUnavailable, Unreachable, Timeout."""

        def attempt() -> bytes:
            self._calls.count("GET receipt")
            return self._files.fetch(url, limit)

        return self._calls.persist(attempt)

    # ---------------------------------------------------------------------------------------- installation

    def installation(self) -> Installation | None:
        return self._calls.persist(self._installation)

    def install(self, metadata: Mapping[str, object], *, activate: bool = True) -> Installation:
        """Create the installation where there is none (API keys), activate it where it is not active.

        Without `activate` it waits as PENDING_INTEGRATION for a first sync; an active one stays active.
        The answer's status is for the caller to judge: Pleo may keep it in ERROR, with a code.
        """

        def settle() -> Installation:
            found = self._installation()
            if found is None:
                wanted = {} if activate else {"status": PENDING}
                found = self._installed(endpoints.INSTALL, {**wanted, "metadata": dict(metadata)})
            if found.status == ACTIVATED or (found.status == PENDING and not activate):
                return found
            if activate:
                return self._installed(endpoints.ACTIVATE)
            return self._installed(endpoints.CHANGE_INSTALLATION, {"status": PENDING, "metadata": dict(metadata)})

        return self._calls.persist(settle)

    def uninstall(self) -> bool:
        self._calls.again(endpoints.UNINSTALL)
        return self._still_active()

    # ------------------------------------------------------------------------------------------ single calls

    def _job(self, job_id: str) -> ExportJob:
        response = self._calls.once(endpoints.JOB, id=job_id)
        job = answers.read(response, endpoints.JOB, answers.JobData).data.to_core()
        return replace(job, read_at=dated(response))

    def _send_event(self, job_id: str, body: Mapping[str, str]) -> None:
        """The answer is 202 with a body that means nothing (`pleo/api.md` B1 row 6)."""
        self._calls.once(endpoints.EVENTS, body={self.dialect.job_key: job_id, **body})

    def _reason(self, outcome: JobOutcome) -> dict[str, str]:
        """What goes with the event: always with `failed`, with `completed_with_errors` where Pleo wants it."""
        if outcome.event == "completed" or (outcome.event != "failed" and not self.dialect.reason_on_errors):
            return {}
        return _present(
            failureReason=self.dialect.shortened(outcome.failure) or SOME_FAILED,
            failureReasonType=self.dialect.job_reason(outcome.failure_type) or "validation_failure",
        )

    def _is_over(self, job_id: str, event: str) -> bool:
        """True in the final state that we want, False while it runs; JobGone when it ended otherwise."""
        job = self._job(job_id)
        if job.status in (event, "pending", "in_progress"):
            return job.status == event
        status: Fact = shown(job.status, 40)
        if job.failure_type:
            status = Phrase("job_status_why", {"status": status, "why": shown(job.failure_type, 40)})
        raise JobGone(*told("job_ended_before", job=job.id, status=status, event=event))

    def _installation(self) -> Installation | None:
        params: Params = {"company_id": self._company_id} if self._company_id else {}
        response = self._calls.once(endpoints.INSTALLATION, params=params)
        if not response.is_success:
            return None
        return answers.read(response, endpoints.INSTALLATION, answers.InstallationAnswer).to_core()

    def _installed(self, endpoint: Endpoint, body: object = None) -> Installation:
        response = self._calls.once(endpoint, body=body)
        return answers.read(response, endpoint, answers.InstallationAnswer).to_core()


def open_pleo(connection: Connection, tokens: TokenStore, clock: Clock, ways: Ways = DIRECT) -> PleoClient:
    """The Pleo of a connection. Reads no token before the first call."""
    calls = open_calls(connection, tokens, clock, ways)
    files = open_files(connection.api_url, transport=ways.transport)
    active = partial(still_active, connection, tokens, clock, replace(ways, dialect=calls.dialect))
    return PleoClient(calls, connection.company_id, files, active)


def _close(calls: Calls, files: Files) -> None:
    calls.close()
    files.close()


def _contradiction(event: str) -> Unreachable:
    fault = Unreachable(*told("event_refused", event=event))
    return with_failure(fault, "service_unreachable")


def _present(**fields: str | None) -> dict[str, str]:
    """The fields that are there: Pleo wants absent ones left out, not null (`pleo/api.md` B2)."""
    return {name: value for name, value in fields.items() if value is not None}


def _report(report: ItemReport, dialect: Dialect) -> dict[str, str]:
    return _present(
        accountingEntryId=report.entry_id,
        status=report.status,
        exportedAt=_instant(report.exported_at),
        externalId=_short(report.external_id, LONGEST_ID),
        externalUrl=_short(_address(report.external_url), LONGEST_ADDRESS),
        failureReason=dialect.shortened(report.failure),
        failureReasonType=dialect.item_reason(report.failure_type),
    )


def _short(text: str | None, most: int) -> str | None:
    """None for a text that is too long: half an id, or half an address, would lead nowhere."""
    return text if text and len(text) <= most else None


def _address(text: str | None) -> str | None:
    """An address of the web; None for what is none, which would have Pleo refuse the whole update."""
    if not text or not text.isprintable() or " " in text:
        return None
    host = _HOST.match(text)
    return text if host and _is_of_the_web(host[0]) else None


_HOST: Final = re.compile(r"[^/?#]*//[^/?#]*")
"""An address as far as its host, the same for most items of a job."""


@lru_cache(maxsize=64)
def _is_of_the_web(host: str) -> bool:
    try:
        parts = urlsplit(host)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


@lru_cache(maxsize=8)
def _instant(when: datetime | None) -> str | None:
    """`YYYY-MM-DDTHH:mm:ssZ`, Pleo's form. `when` is aware."""
    if when is None:
        return None
    if when.tzinfo is None:
        raise ValueError("exported_at has no time zone")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _midnight(day: date) -> str | None:
    return _instant(datetime.combine(day, time(), UTC))
