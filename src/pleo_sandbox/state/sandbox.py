"""The whole state of the sandbox, in memory, under one lock, and the controls that tests move it by."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import msgspec

from pleo_sandbox.clock import Clock, stamp
from pleo_sandbox.company.accounts import Accounts
from pleo_sandbox.company.faults import Fault, Faults, Kind, PageFault
from pleo_sandbox.company.jobs import Job, UpdateErrorType
from pleo_sandbox.company.marketplace import Installations
from pleo_sandbox.company.oauth import ALL_SCOPES, Access, OAuthClient, Request
from pleo_sandbox.company.shelf import Shelf
from pleo_sandbox.company.subscriptions import EXPORT_JOB_CREATED, VENDOR_CREATED, Subscriptions
from pleo_sandbox.company.tags import Tags
from pleo_sandbox.company.traffic import Traffic
from pleo_sandbox.company.vendors import Vendors
from pleo_sandbox.model import Expense, FileBlob, Json, SandboxCompany
from pleo_sandbox.replay import Recorded, recorded_of
from pleo_sandbox.rules import Rules
from pleo_sandbox.state import hand_made
from pleo_sandbox.state.deliveries import DeliveryFault
from pleo_sandbox.state.exports import Exports, ExportStatus
from pleo_sandbox.state.files import Files
from pleo_sandbox.state.late import Late
from pleo_sandbox.state.webhooks import Webhooks, subjects_of
from pleo_sandbox.wire import decode


class Sandbox:
    """Pleo in a box. Safe to hold from any thread while it is served: its methods take the lock.

    `rate_limit`: requests a minute per credential; None for none. `clock`: its time, where that is not the real one.
    """

    def __init__(self, *companies: SandboxCompany, rate_limit: int | None = 600, clock: Clock | None = None) -> None:
        self.lock = threading.RLock()
        self.clock = clock or Clock()
        self.traffic = Traffic(self.clock, rate_limit)
        self.rules = Rules()
        self.exports = Exports(self.clock, self.rules)
        self.access = Access(self.clock, self.rules)
        self.installations = Installations(self.clock, self.rules)
        self.files = Files(self.clock)
        self.faults = Faults()
        self.late = Late(self.clock)
        self.tags = Tags(self.clock, self.rules)
        self.tax_codes = Shelf(self.clock, "TAX_CODE")
        self.accounts = Accounts(self.clock, self.rules)
        self.vendors = Vendors(self.clock)
        self.subscriptions = Subscriptions(self.clock)
        self.webhooks = Webhooks(self.clock, self.rules, self.subscriptions, self.lock)
        self.exports.when_created = self._announce_job
        self.consents: dict[str, Request] = {}
        self.recorded: dict[str, Recorded] = {}
        self.visited: str | None = None  # the company in which Connect was pressed last
        for company in companies:
            self.add_company(company)

    # what is there

    def add_company(self, company: SandboxCompany) -> str:
        with self.lock:
            self.exports.add_company(company)
            hand_made.take_in(self, company)
        return company.id

    def add_expense(
        self,
        company_id: str,
        item: Json,
        files: Iterable[FileBlob] = (),
        *,
        queued: bool = True,
        verbatim: bool = False,
    ) -> str:
        """Add an expense from its ExportItem JSON: its id. `verbatim`: it goes out exactly as given (see Expense).

        Otherwise addresses in its `files` are kept as `links`, and a missing companyId is filled in.
        """
        links: tuple[Json, ...] = ()
        if not verbatim:
            links = tuple(item.get("files") or ())
            item = {"companyId": company_id} | {name: value for name, value in item.items() if name != "files"}
        expense = Expense(item, tuple(files), queued, links, verbatim)
        with self.lock:
            self.exports.add_expense(company_id, expense)
        return expense.id

    def add_published(self, company_id: str, page: Path) -> list[str]:
        """Add the items of a page that Pleo published, unchanged: their ids."""
        items = decode(page.read_bytes())["data"]
        return [self.add_expense(company_id, item, verbatim=True) for item in items]

    def add_api_key(
        self, company_id: str | None, scopes: Iterable[str] = ALL_SCOPES, *, organization_id: str | None = None
    ) -> str:
        """A new key of a company, or with None of the organisation."""
        with self.lock:
            return self.access.add_key(company_id, scopes, organization_id=organization_id)

    def register_client(
        self,
        redirect_uris: Iterable[str],
        scopes: Iterable[str] = ALL_SCOPES,
        *,
        name: str = "Integration",
        needs_activation: bool = True,
        start_url: str = "",
        settings_url: str = "",
    ) -> OAuthClient:
        with self.lock:
            return self.access.register(
                redirect_uris,
                scopes,
                name=name,
                needs_activation=needs_activation,
                start_url=start_url,
                settings_url=settings_url,
            )

    def add_vendor(self, company_id: str, facts: Json) -> str:
        """Add a vendor as it is in Pleo, whoever made it and whatever its state: its id."""
        with self.lock:
            return hand_made.add_vendor(self, self.exports.companies[company_id].id, facts).id

    def create_draft_vendor(
        self,
        company_id: str,
        name: str,
        default_currency: str,
        *,
        country: str | None = None,
        registration_number: str | None = None,
        tax_registration_number: str | None = None,
    ) -> str:
        """An employee makes a vendor in Pleo, which the accounting system lacks: its id."""
        known = {
            "country": country,
            "registrationNumber": registration_number,
            "taxRegistrationNumber": tax_registration_number,
        }
        given = {field: value for field, value in known.items() if value is not None}
        facts = {"name": name, "defaultCurrency": default_currency, "state": "DRAFT"}
        with self.lock:
            vendor_id = self.add_vendor(company_id, facts | given)
            self._announce_vendor(company_id, vendor_id)
        return vendor_id

    # what it tells its subscribers

    def publish(self, event_type: str, company_id: str, facts: Json) -> None:
        """Send an event of the company to those who subscribed to it, whatever its facts."""
        with self.lock:
            organization_id = self.exports.companies[company_id].organization_id
            self.webhooks.publish(event_type, subjects_of(company_id, organization_id), facts)

    def _announce_job(self, job: Job) -> None:
        shown = job.as_json()
        names = ("id", "companyId", "createdAt", "createdBy", "expiresIn", "numberOfItems", "status")
        self.publish(EXPORT_JOB_CREATED, job.company_id, {name: shown[name] for name in names})

    def _announce_vendor(self, company_id: str, vendor_id: str) -> None:
        vendor = self.vendors.find(vendor_id)
        optional = ("country", "registrationNumber", "taxRegistrationNumber", "code")
        by = {"createdBy": str(uuid.uuid4()), "deletedAt": None}
        moment = (stamp(vendor.created_at) or "").replace("Z", "000000Z")  # to the nanosecond, as Pleo's sample has it
        facts = {**dict.fromkeys(optional), **vendor.as_json(), "createdAt": moment, **by}
        self.publish(VENDOR_CREATED, company_id, facts)

    @property
    def deliveries(self) -> list[Json]:
        """Every webhook delivery with its body and attempts, the oldest first."""
        with self.lock:
            return [delivery.as_json() for delivery in self.webhooks.deliveries]

    # what the bookkeeper does

    def queue(self, company_id: str, ids: Iterable[str] | None = None) -> int:
        """Queue the expenses named, or all that are not exported yet (failed and abandoned ones too): how many."""
        with self.lock:
            self.exports.expire_due()
            return self.exports.queue(company_id, ids)

    def press_export(
        self, company_id: str, ids: Iterable[str] | None = None, *, vendor_based: bool | None = None
    ) -> str:
        """Press Export: the new job's id. Without `ids` it takes all that is queued. Raises PleoError."""
        with self.lock:
            return self.exports.press_export(company_id, ids, vendor_based).id

    def cancel_job(self, job_id: str) -> None:
        with self.lock:
            self.exports.cancel(self.exports.job(job_id))

    # time, tokens, addresses

    def move_clock(self, by: timedelta) -> None:
        with self.lock:
            self.clock.move(by)
            self.late.do_due()
            self.exports.expire_due()
            self.webhooks.wake()

    def expire_job(self, job_id: str) -> None:
        """Let an open job expire now."""
        with self.lock:
            job = self.exports.job(job_id)
            if job.is_open:
                self.exports.expire(job)

    def expire_file_urls(self) -> None:
        with self.lock:
            self.files.expire_all()

    def revoke_token(self, token: str) -> None:
        """Revoke one API key, access token or refresh token."""
        with self.lock:
            self.access.revoke(token)

    def revoke_authorisations(self, company_id: str) -> None:
        """The company withdraws its consent: all its OAuth tokens are worthless."""
        with self.lock:
            self.access.revoke_company(company_id)

    @property
    def item_update_moves_clock(self) -> bool:
        return self.rules.keep_alive_by_item

    @item_update_moves_clock.setter
    def item_update_moves_clock(self, moves: bool) -> None:
        self.rules.keep_alive_by_item = moves

    def set_rules(self, rules: Json) -> Json:
        """Set the Rules that are named: what holds now. Raises KeyError, msgspec.ValidationError."""
        with self.lock:
            known = asdict(self.rules)
            for name in rules.keys() - known.keys():
                raise KeyError(name)
            wanted = msgspec.convert(known | rules, Rules)
            for name in rules:
                setattr(self.rules, name, getattr(wanted, name))
            return asdict(self.rules)

    def replay(self, recording: Json) -> list[str]:
        """Answer the calls of a recording as they were answered there: these calls. Raises ValueError, KeyError."""
        found = {one.call: one for one in reversed(recorded_of(recording))}
        with self.lock:
            self.recorded = found
        return sorted(found)

    # faults

    def add_fault(self, fault: Fault) -> None:
        with self.lock:
            self.faults.add(fault)

    def lose_response(self, method: str, path: str, *, times: int = 1, skip: int = 0) -> None:
        """Do the work, then drop the connection without an answer. `path` is a shell pattern."""
        self.add_fault(Fault(Kind.LOSE_RESPONSE, method, path, times, skip))

    def lose_request(self, method: str, path: str, *, times: int = 1, skip: int = 0) -> None:
        """Drop the connection without doing the work."""
        self.add_fault(Fault(Kind.LOSE_REQUEST, method, path, times, skip))

    def delay(self, method: str, path: str, seconds: float, *, times: int = 1, skip: int = 0) -> None:
        """Wait before the work: it is still done when the caller has gone meanwhile."""
        self.add_fault(Fault(Kind.DELAY, method, path, times, skip, seconds=seconds))

    def arrive_late(self, method: str, path: str, seconds: float, *, times: int = 1, skip: int = 0) -> None:
        """Drop the connection; the request reaches Pleo `seconds` of the sandbox's clock later."""
        self.add_fault(Fault(Kind.ARRIVE_LATE, method, path, times, skip, seconds=seconds))

    def accept_late(self, method: str, path: str, seconds: float, *, times: int = 1, skip: int = 0) -> None:
        """Answer 202 at once; it takes effect `seconds` of the sandbox's clock later, if it can then."""
        self.add_fault(Fault(Kind.ACCEPT_LATE, method, path, times, skip, seconds=seconds))

    def arrive_twice(self, method: str, path: str, *, times: int = 1, skip: int = 0) -> None:
        """The network delivers the request twice; the answer to the second one comes back."""
        self.add_fault(Fault(Kind.ARRIVE_TWICE, method, path, times, skip))

    def lose_item(self, path: str, entry_id: str, *, times: int = 1, skip: int = 0) -> None:
        """The pages of this list lack one item, and say nothing of it."""
        self.add_fault(Fault(Kind.LOSE_ITEM, "GET", path, times, skip, entry_id=entry_id))

    def storm(
        self, method: str, path: str, status: int, *, times: int = 1, skip: int = 0, retry_after: str | None = None
    ) -> None:
        """Answer with this status (429, 500, 503, …) without doing the work."""
        self.add_fault(Fault(Kind.STORM, method, path, times, skip, status=status, retry_after=retry_after))

    def break_page(self, method: str, path: str, how: PageFault, *, times: int = 1, skip: int = 0) -> None:
        self.add_fault(Fault(Kind.BREAK_PAGE, method, path, times, skip, page=how))

    def refuse_updates(self, entry_id: str, error: UpdateErrorType, *, times: int = 1) -> None:
        """Answer the next updates of this entry with a per-item error."""
        with self.lock:
            self.exports.refuse_updates(entry_id, error, times)

    def add_delivery_fault(self, fault: DeliveryFault) -> None:
        with self.lock:
            self.webhooks.faults.append(fault)

    def clear_faults(self) -> None:
        with self.lock:
            self.faults.clear()
            self.webhooks.faults.clear()

    # what tests read

    @property
    def jobs(self) -> list[Job]:
        with self.lock:
            self.late.do_due()
            self.exports.expire_due()
            return list(self.exports.jobs)

    def item_state(self, company_id: str, entry_id: str) -> Json | None:
        """The entry's ExportJobItem in the newest job that held it; None if none did."""
        with self.lock:
            self.exports.expire_due()
            item = self.exports.latest_item(company_id, entry_id)
            return None if item is None else item.as_json()

    def export_status(self, company_id: str, entry_id: str) -> ExportStatus:
        with self.lock:
            self.exports.expire_due()
            return self.exports.export_status(company_id, entry_id)

    @property
    def calls(self) -> dict[str, int]:
        """Calls by endpoint: `GET /v3/export-jobs/{jobId}/items` → how many, refused ones included."""
        with self.lock:
            return dict(self.traffic.calls)

    @property
    def max_per_minute(self) -> int:
        """The most API calls in any minute of the sandbox's clock, refused ones too; receipts and OAuth aside."""
        return self.traffic.max_per_minute
