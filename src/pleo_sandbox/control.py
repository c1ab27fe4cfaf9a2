"""The sandbox's controls over HTTP, under `/_control`: no part of Pleo, and no credential asked.

`POST /_control/<verb>` with the arguments of the method of the same name on Sandbox as one JSON object; the answer
is `{"result": …}`. `GET /_control/state` shows jobs, calls, installations and webhook deliveries. Another site's
page is refused, and a host name that is not the sandbox's.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pleo_sandbox.company.faults import Fault
from pleo_sandbox.company.jobs import UpdateErrorType
from pleo_sandbox.company.oauth import ALL_SCOPES
from pleo_sandbox.errors import PleoError
from pleo_sandbox.http.bodies import body_of
from pleo_sandbox.model import FileBlob, Json, SandboxCompany
from pleo_sandbox.pages.visits import check_origin
from pleo_sandbox.state.deliveries import DeliveryFault
from pleo_sandbox.state.sandbox import Sandbox
from pleo_sandbox.wire import decode, refuse, reply


class Obeyed(Protocol):
    """One control with its arguments."""

    def obey(self, sandbox: Sandbox) -> object: ...


class Order(Struct, forbid_unknown_fields=True):
    """The arguments of one control."""


class MoveClock(Order):
    seconds: float

    def obey(self, sandbox: Sandbox) -> None:
        sandbox.move_clock(timedelta(seconds=self.seconds))


class Queue(Order):
    company_id: str
    ids: list[str] | None = None

    def obey(self, sandbox: Sandbox) -> object:
        return sandbox.queue(self.company_id, self.ids)


class PressExport(Order):
    company_id: str
    ids: list[str] | None = None
    vendor_based: bool | None = None

    def obey(self, sandbox: Sandbox) -> object:
        return sandbox.press_export(self.company_id, self.ids, vendor_based=self.vendor_based)


class ExpireJob(Order):
    job_id: str

    def obey(self, sandbox: Sandbox) -> None:
        sandbox.expire_job(self.job_id)


class CancelJob(Order):
    job_id: str

    def obey(self, sandbox: Sandbox) -> None:
        sandbox.cancel_job(self.job_id)


class ExpireFileUrls(Order):
    def obey(self, sandbox: Sandbox) -> None:
        sandbox.expire_file_urls()


class RevokeToken(Order):
    token: str

    def obey(self, sandbox: Sandbox) -> None:
        sandbox.revoke_token(self.token)


class RevokeAuthorisations(Order):
    company_id: str

    def obey(self, sandbox: Sandbox) -> None:
        sandbox.revoke_authorisations(self.company_id)


class AddFault(Order):
    kind: Literal[
        "lose_request",
        "lose_response",
        "delay",
        "storm",
        "break_page",
        "arrive_late",
        "accept_late",
        "arrive_twice",
        "lose_item",
    ]
    method: str = "*"
    path: str = "*"
    times: int = 1
    skip: int = 0
    seconds: float = 0.0
    status: Annotated[int, Meta(ge=400, le=599)] = 503
    retry_after: str | None = None
    page: Literal["truncated", "html", "content_type", "malformed", "stuck_cursor"] = "truncated"
    entry_id: str = ""

    def obey(self, sandbox: Sandbox) -> None:
        sandbox.add_fault(msgspec.convert(msgspec.structs.asdict(self), Fault))


class AddDeliveryFault(Order):
    kind: Literal["lose", "repeat", "reorder", "delay", "bad_signature", "old_timestamp"]
    event_type: str = "*"
    times: int = 1
    skip: int = 0
    seconds: float = 0.0

    def obey(self, sandbox: Sandbox) -> None:
        sandbox.add_delivery_fault(msgspec.convert(msgspec.structs.asdict(self), DeliveryFault))


class Publish(Order):
    """A known event with any facts: another company's, wrong or surprising ones."""

    event_type: str
    company_id: str
    facts: Json

    def obey(self, sandbox: Sandbox) -> None:
        sandbox.publish(self.event_type, self.company_id, self.facts)


class ClearFaults(Order):
    def obey(self, sandbox: Sandbox) -> None:
        sandbox.clear_faults()


class RefuseUpdates(Order):
    entry_id: str
    error: UpdateErrorType
    times: int = 1

    def obey(self, sandbox: Sandbox) -> None:
        sandbox.refuse_updates(self.entry_id, self.error, times=self.times)


class SetItemUpdateMovesClock(Order):
    moves: bool

    def obey(self, sandbox: Sandbox) -> object:
        sandbox.item_update_moves_clock = self.moves
        return self.moves


class AddApiKey(Order):
    company_id: str | None = None
    organization_id: str | None = None
    scopes: list[str] = msgspec.field(default_factory=lambda: sorted(ALL_SCOPES))

    def obey(self, sandbox: Sandbox) -> object:
        return sandbox.add_api_key(self.company_id, self.scopes, organization_id=self.organization_id)


class RegisterClient(Order):
    redirect_uris: list[str]
    scopes: list[str] = msgspec.field(default_factory=lambda: sorted(ALL_SCOPES))
    name: str = "Integration"
    needs_activation: bool = True
    start_url: str = ""
    settings_url: str = ""

    def obey(self, sandbox: Sandbox) -> object:
        client = sandbox.register_client(
            self.redirect_uris,
            self.scopes,
            name=self.name,
            needs_activation=self.needs_activation,
            start_url=self.start_url,
            settings_url=self.settings_url,
        )
        return {"client_id": client.client_id, "client_secret": client.secret}


class AddCompany(Order):
    """Another company, whose wallet has a contra account; its expenses are added one by one."""

    name: str
    currency: str
    country: str
    organization_id: str | None = None

    def obey(self, sandbox: Sandbox) -> object:
        wallet = {"id": str(uuid.uuid4()), "name": "Pleo wallet", "code": "1081", "identifier": None}
        company = SandboxCompany(
            self.name,
            self.currency,
            self.country,
            organization_id=self.organization_id,
            contra_accounts={self.currency: wallet},
        )
        return sandbox.add_company(company)


class Receipt(Struct, forbid_unknown_fields=True):
    """A file of an expense; its bytes are base64."""

    name: str
    media_type: str
    content: bytes


class AddExpense(Order):
    company_id: str
    item: Json
    queued: bool = True
    verbatim: bool = False
    files: list[Receipt] = []

    def obey(self, sandbox: Sandbox) -> object:
        files = [FileBlob(one.name, one.media_type, one.content) for one in self.files]
        return sandbox.add_expense(self.company_id, self.item, files, queued=self.queued, verbatim=self.verbatim)


class CreateDraftVendor(Order):
    company_id: str
    name: str
    default_currency: str
    country: str | None = None
    registration_number: str | None = None
    tax_registration_number: str | None = None

    def obey(self, sandbox: Sandbox) -> object:
        return sandbox.create_draft_vendor(
            self.company_id,
            self.name,
            self.default_currency,
            country=self.country,
            registration_number=self.registration_number,
            tax_registration_number=self.tax_registration_number,
        )


class SetRules(Order):
    """Those of pleo_sandbox.rules.Rules that are named; the others stay."""

    rules: Json

    def obey(self, sandbox: Sandbox) -> object:
        return sandbox.set_rules(self.rules)


class Replay(Order):
    """Answer the calls of a recording as they were answered there."""

    recording: Json

    def obey(self, sandbox: Sandbox) -> object:
        return sandbox.replay(self.recording)


class ItemState(Order):
    company_id: str
    entry_id: str

    def obey(self, sandbox: Sandbox) -> object:
        return sandbox.item_state(self.company_id, self.entry_id)


ORDERS: dict[str, type[Obeyed]] = {
    "move_clock": MoveClock,
    "queue": Queue,
    "press_export": PressExport,
    "expire_job": ExpireJob,
    "cancel_job": CancelJob,
    "expire_file_urls": ExpireFileUrls,
    "revoke_token": RevokeToken,
    "revoke_authorisations": RevokeAuthorisations,
    "add_fault": AddFault,
    "add_delivery_fault": AddDeliveryFault,
    "publish": Publish,
    "clear_faults": ClearFaults,
    "refuse_updates": RefuseUpdates,
    "set_item_update_moves_clock": SetItemUpdateMovesClock,
    "add_api_key": AddApiKey,
    "register_client": RegisterClient,
    "add_company": AddCompany,
    "add_expense": AddExpense,
    "item_state": ItemState,
    "create_draft_vendor": CreateDraftVendor,
    "set_rules": SetRules,
    "replay": Replay,
}


def routes(sandbox: Sandbox) -> list[Route]:
    async def show(request: Request) -> Response:
        try:
            check_origin(request)
        except PleoError as error:
            return refuse(error)
        return reply(state(sandbox))

    orders = [
        Route(f"/_control/{verb}", _endpoint(sandbox, wanted), methods=["POST"]) for verb, wanted in ORDERS.items()
    ]
    return [Route("/_control/state", show, methods=["GET"]), *orders]


def _endpoint(sandbox: Sandbox, wanted: type[Obeyed]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            check_origin(request)
            content = await body_of(request)
            order = msgspec.convert(decode(content or b"{}"), wanted)
            return reply({"result": order.obey(sandbox)})
        except PleoError as error:
            return refuse(error)
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            return refuse(PleoError(400, "CONTROL_NOT_UNDERSTOOD", str(error)))
        except KeyError as error:
            return refuse(PleoError(404, "CONTROL_TARGET_UNKNOWN", f"{error} is not known to the sandbox"))

    return endpoint


def state(sandbox: Sandbox) -> dict[str, Any]:
    """Jobs with the states of their items, companies, installations, calls and the clock."""
    jobs = [{**job.as_json(), "items": [item.as_json() for item in job.items]} for job in sandbox.jobs]
    return {
        "now": sandbox.clock.now().isoformat(),
        "companies": [{"id": c.id, "name": c.name} for c in sandbox.exports.companies.values()],
        "jobs": jobs,
        "installations": [installation.as_json() for installation in sandbox.installations.all()],
        "subscriptions": [each.as_json() for each in sandbox.subscriptions.all if not each.deleted],
        "deliveries": sandbox.deliveries,
        "calls": sandbox.calls,
        "max_per_minute": sandbox.max_per_minute,
    }
