"""The Tryton connector: one company of one database, over the JSON-RPC of Tryton 8.2 (`docs/connectors/tryton.md`).

Every call is one transaction of Tryton's. Nothing in Tryton refuses a second move under one reference: what exists is
looked up before each create and read back after it, and an interrupted one is believed absent only `settle_after`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, TypeVar

from kontobro.core.errors import Misconfigured, NotAllowed, Problem, Uncertain, shown
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Bill, Booking, Entry, Reference
from kontobro.core.model.masterdata import Company, MasterRecord, Vendor
from kontobro.core.model.period import period_of
from kontobro.core.ports import Capabilities
from kontobro.core.words import Label, told
from kontobro.erp.kit.checks import vendors_named
from kontobro.erp.kit.flow import answered, booked, new_among, not_posted, references_of, refused, sorted_out
from kontobro.erp.kit.http import Refused, address_of, refused_alone
from kontobro.erp.kit.lookup import live, picked
from kontobro.erp.kit.masters import knows
from kontobro.erp.kit.receipts import RECEIPTS, mark_of, require
from kontobro.erp.kit.texts import plain
from kontobro.erp.tryton.access import find_company, missing_permissions
from kontobro.erp.tryton.api import Api, open_http
from kontobro.erp.tryton.bills import INVOICE, invoice_of, is_invoice
from kontobro.erp.tryton.booked import MOVE, BookedMove, booking_of, pick, posted_as, resource_of
from kontobro.erp.tryton.calls import REFERENCE, SYSTEM, Calls
from kontobro.erp.tryton.checks import Facts, problems_of, rate_days
from kontobro.erp.tryton.entries import Values, Writing, move_of
from kontobro.erp.tryton.ledger import Key, Ledger, settle
from kontobro.erp.tryton.masters import KINDS, Snapshot, TrytonMasters
from kontobro.erp.tryton.vendors import add_vendors
from kontobro.net.addresses import ANYWHERE, NetworkPolicy

R = TypeVar("R", bound=MasterRecord)

SETTLE_AFTER: Final = 300
"""Seconds. Tryton puts no limit on a JSON-RPC write: one whose caller has gone runs to its end, retried up to five
times when the database complains. A batch of 100 takes about a second, a heavily loaded server a minute or two."""

CAPABILITIES: Final = Capabilities(
    kinds=KINDS,
    bills=True,
    drafts=True,
    receipts=RECEIPTS,
    batch_size=100,
    reference="searchable",
    settle_after=timedelta(seconds=SETTLE_AFTER),
    keeps_fingerprint=False,
    withdraws_drafts=True,
    writes_vendors=True,
    finds_twins=True,
)


def from_options(
    options: Mapping[str, str], secrets: Callable[[str], str | None], network: NetworkPolicy = ANYWHERE
) -> TrytonConnector:
    """The connector of a connection's options: `url`, `database`, `user`, `company` (its id), `settle_after` (seconds);
    the secret is `password`."""
    url = address_of(options, SYSTEM)
    for name, label in (("database", Label("database")), ("user", Label("user"))):
        if not options.get(name):
            raise Misconfigured(*told("option_missing", label=label, option=name))
    password = secrets("password")
    if not password:
        raise Misconfigured(*told("tryton_password_missing"), "authentication_failure")
    company, patience = _whole(options, "company"), _whole(options, "settle_after")
    api = Api(open_http(url, policy=network), options["database"], options["user"], password, company)
    return TrytonConnector(api, f"{url}/#/{options['database']}/model", patience)


def _whole(options: Mapping[str, str], name: str) -> int | None:
    given = options.get(name, "")
    if given and not given.isdigit():
        raise Misconfigured(*told("option_not_whole", option=name, given=shown(given)))
    return int(given) if given else None


class TrytonConnector:
    """One company. `link` is where Tryton's web client shows a document, without model and number.

    `enforced`: Kontobro's module is installed, Tryton itself refuses a second document under one reference.
    """

    def __init__(self, api: Calls, link: str, settle_after: int | None = None, *, enforced: bool = False) -> None:
        self._api = api
        self.link = link
        self._enforced = enforced
        self._masters = TrytonMasters(api)
        self._ledger = Ledger(api, self._masters, field=REFERENCE if enforced else None)
        seconds = SETTLE_AFTER if settle_after is None else settle_after
        self.capabilities = replace(CAPABILITIES, settle_after=timedelta(seconds=seconds))
        if enforced:
            self.capabilities = replace(CAPABILITIES, settle_after=timedelta(0), reference="enforced")

    def check(self) -> Company:
        find_company(self._api)
        missing = missing_permissions(self._api)
        if missing:
            raise NotAllowed(*told("tryton_rights_missing", missing=tuple(missing)))
        return next(iter(self._masters.companies()))

    def read(self, kind: type[R]) -> Iterable[R]:
        self._choose()
        return self._masters.all(kind)

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        if not entries:
            return []
        facts = self._facts(entries)
        return [problems_of(entry, facts) for entry in entries]

    def find(self, keys: Sequence[Key]) -> Mapping[Key, Booking]:
        return self._bookings(keys, self._all_booked(keys)) if keys else {}

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        if not entries:
            return []
        references = references_of(entries)
        found = self._bookings(references, self._all_booked(references))
        new = new_among(entries, found)
        if not new:
            return booked(references, SYSTEM, {}, found)
        facts = self._facts(new)
        wanted, problems = sorted_out(new, [problems_of(entry, facts) for entry in new])
        made: list[str] = []
        problems |= self._create_all(wanted, facts, made)
        all_booked = self._yield_to_others(references, made)
        return booked(references, SYSTEM, problems, self._bookings(references, all_booked))

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> None:
        require(receipts)
        self._choose()
        there = self._ledger.receipts([resource_of(booking)]).get(resource_of(booking), ())
        new = {receipt.sha256: receipt for receipt in receipts if receipt.sha256 not in there}
        if new:
            self._api.write("model.ir.attachment.create", [_attachment(booking, receipt) for receipt in new.values()])

    def post(self, bookings: Sequence[Booking]) -> Sequence[Booking | Problem]:
        if not bookings:
            return []
        references = [booking.reference for booking in bookings]
        problems: dict[Reference, Problem] = {}
        if self._post_at_once(list({one.id for one in bookings if one.status == "draft"})):
            if just_posted := self._just_posted(bookings):
                return just_posted
        else:
            self._post_some(self._drafts(references), problems)
        all_booked = self._all_booked(references)
        posted = [one for one in live(references, all_booked, pick).values() if one.status == "posted"]
        if settle(self._api, self._ledger, posted):
            all_booked = self._all_booked(references)
        return answered(references, SYSTEM, problems, self._bookings(references, all_booked))

    def write(self, vendors: Sequence[Vendor]) -> Sequence[Vendor | Problem]:
        self._choose()
        return add_vendors(self._api, self._masters, vendors) if vendors else []

    def withdraw(self, bookings: Sequence[Booking]) -> None:
        self._delete(self._drafts([booking.reference for booking in bookings]))

    # ------------------------------------------------------------------------------------------ reading

    def _choose(self) -> None:
        """Which company: the option's, else the only one that the user works in."""
        if self._api.company is None:
            find_company(self._api)

    def _all_booked(self, keys: Iterable[Key]) -> list[BookedMove]:
        self._choose()
        return self._ledger.under(keys)

    def _drafts(self, references: Sequence[Reference]) -> list[BookedMove]:
        current = live(references, self._all_booked(references), pick).values()
        return [one for one in current if one.status == "draft"]

    def _bookings(self, keys: Sequence[Key], all_booked: Sequence[BookedMove]) -> dict[Key, Booking]:
        masters = self._masters.snapshot()
        return {key: booking_of(one, masters, self.link) for key, one in picked(keys, all_booked, pick).items()}

    def _facts(self, entries: Sequence[Entry]) -> Facts:
        """Masters, read again when an entry names what the cached ones lack; periods and vendors as of now."""
        self._choose()
        masters = self._masters.snapshot.that(lambda masters: all(_knows(masters, entry) for entry in entries))
        named = sorted(int(name) for name in vendors_named(*entries) if name.isdigit())
        there = self._masters.vendors([["id", "in", named]]) if named else ()
        bills = any(isinstance(entry, Bill) for entry in entries)
        return Facts(
            masters=masters,
            periods=list(self._masters.periods()),
            rates=self._rates(entries, masters),
            vendors={vendor.id: vendor for vendor in there},
            addresses=self._masters.addresses(named) if bills and named else {},
        )

    def _rates(self, entries: Sequence[Entry], masters: Snapshot) -> Mapping[date, Mapping[str, Decimal]]:
        foreign = [entry for entry in entries if entry.currency != masters.company.currency]
        days = {day for entry in foreign for day in rate_days(entry)}
        return {day: self._masters.rates(day) for day in days}

    # ------------------------------------------------------------------------------------------ writing

    def _create_all(self, entries: Sequence[Entry], facts: Facts, made: list[str]) -> dict[Reference, Problem]:
        """Create these entries, bills as invoices. Ids of the new bookings go to `made`."""
        periods = {entry.date: period.id for entry in entries if (period := period_of(entry.date, facts.periods))}
        writing = Writing(masters=facts.masters, periods=periods, rates=facts.rates, addresses=facts.addresses)
        bills: list[tuple[Entry, Values]] = []
        moves: list[tuple[Entry, Values]] = []
        for entry in entries:
            if isinstance(entry, Bill) and is_invoice(entry, facts.masters):
                bills.append((entry, invoice_of(entry, writing)))
            else:
                moves.append((entry, move_of(entry, writing)))
        if self._enforced:
            for entry, values in (*bills, *moves):
                values[REFERENCE] = entry.reference
        return self._create(INVOICE, bills, made) | self._create(MOVE, moves, made)

    def _create(self, model: str, wanted: Sequence[tuple[Entry, Values]], made: list[str]) -> dict[Reference, Problem]:
        """Create in one transaction; the problem of each that Tryton refuses on its own."""

        def create(some: Sequence[tuple[Entry, Values]]) -> None:
            new = self._api.write(f"model.{model}.create", [values for _, values in some])
            made.extend(str(id) if model == MOVE else f"{model},{id}" for id in new)

        bad = refused_alone(wanted, create)
        return {entry.reference: refused(entry.reference, SYSTEM, refusal.said) for (entry, _), refusal in bad}

    def _yield_to_others(self, references: Sequence[Reference], made: Sequence[str]) -> list[BookedMove]:
        """What exists now. Whoever sees another's entry beside the own one takes the own one back. When both see each
        other both do: rather none than two."""
        there = self._all_booked(references)
        alive = [one for one in there if one.status != "void"]
        strange = {one.reference for one in alive if one.id not in made}
        mine = [one for one in alive if one.id in made and one.reference in strange and one.status == "draft"]
        if not mine:
            return there
        self._delete(mine)
        there = self._all_booked(references)
        if not {one.reference for one in mine} <= set(live(references, there, pick)):
            raise Uncertain(*told("booking_twice_at_once"))
        return there

    def _delete(self, drafts: Sequence[BookedMove]) -> None:
        """Delete drafts. An invoice that a person validated has its number already: Tryton only cancels it."""
        numbered = {one.id for one in drafts if one.invoice and one.invoice["number"]}
        self._call("delete", [one.id for one in drafts if one.id not in numbered])
        self._call("cancel", sorted(numbered))

    def _call(self, verb: str, ids: Sequence[str]) -> None:
        """Do it to moves and to invoices, each in one transaction."""
        invoices = [int(id.partition(",")[2]) for id in ids if id.startswith(INVOICE)]
        moves = [int(id) for id in ids if not id.startswith(INVOICE)]
        for model, numbers in ((INVOICE, invoices), (MOVE, moves)):
            if numbers:
                self._api.write(f"model.{model}.{verb}", numbers)

    def _post_at_once(self, ids: Sequence[str]) -> bool:
        """Post drafts that were just read. False when Tryton refuses: one was posted, deleted or spoilt since."""
        if not ids:
            return False
        try:
            self._call("post", ids)
        except Refused:
            return False
        return True

    def _just_posted(self, bookings: Sequence[Booking]) -> list[Booking]:
        """The answers when all of these were drafts that nothing settles: what posting left as it is, lines above all,
        is not read again. Empty where there is more to look at."""
        if not all(one.status == "draft" and one.settles is None and one.open is None for one in bookings):
            return []
        heads = self._ledger.posted_heads([int(one.id) for one in bookings])
        if not all(int(one.id) in heads for one in bookings):
            return []
        receipts = self._ledger.receipts([resource_of(one) for one in bookings])
        return [posted_as(one, heads[int(one.id)], receipts.get(resource_of(one), ())) for one in bookings]

    def _post_beside_ours(self, draft: BookedMove, refusal: Refused) -> bool:
        """Answer Tryton's warning that an invoice of the same vendor and number is there, and nothing else, when all of
        them are ours: other expenses, or what was voided. A person's own may be the same bill: that stays a draft."""
        warning = similar_warning(draft)
        if refusal.name != f"UserWarning:{warning}" or self._ledger.strangers_like(draft):
            return False
        self._api.write("model.res.user.warning.skip", warning, False)
        return self._post_at_once([draft.id])

    def _post_some(self, drafts: Sequence[BookedMove], problems: dict[Reference, Problem]) -> None:
        """Post in one transaction; those that Tryton refuses on their own are in `problems`."""

        def post(some: Sequence[BookedMove]) -> None:
            self._call("post", [draft.id for draft in some])

        for draft, refusal in refused_alone(drafts, post, lambda tried: self._drafts([one.reference for one in tried])):
            if not self._post_beside_ours(draft, refusal):
                problems[draft.reference] = not_posted(draft.reference, SYSTEM, refusal.said)


def _knows(masters: Snapshot, entry: Entry) -> bool:
    employees = (line.employee for line in entry.lines if line.employee)
    return knows(masters, entry) and all(employee in masters.employees for employee in employees)


def _attachment(booking: Booking, receipt: Receipt) -> dict[str, object]:
    """A receipt; known again by its SHA-256 in the description."""
    return {
        "resource": resource_of(booking),
        "name": plain(receipt.name) or "receipt",
        "type": "data",
        "data": receipt.content,
        "description": mark_of(receipt),
    }


def similar_warning(draft: BookedMove) -> str:
    """Tryton's name for the warning that this invoice is similar to another."""
    return f"{hashlib.md5(draft.resource.encode(), usedforsecurity=False).hexdigest()}.invoice_similar"
