"""The Odoo connector: one company of one database, over the JSON-2 API of Odoo 19 (`docs/connectors/odoo.md`).

Every call is one transaction of Odoo's. Creating is create-or-skip under an external id, so any call may be made
again; what exists is always read back.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from kontobro.core.errors import Misconfigured, NotAllowed, Problem, shown
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Bill, Booking, Entry, Reference
from kontobro.core.model.masterdata import Company, MasterRecord, Vendor
from kontobro.core.ports import Capabilities
from kontobro.core.words import told
from kontobro.erp.kit.checks import vendors_named
from kontobro.erp.kit.flow import answered, booked, new_among, not_posted, references_of, refused, sorted_out
from kontobro.erp.kit.http import address_of, refused_alone
from kontobro.erp.kit.lookup import live, picked
from kontobro.erp.kit.masters import knows
from kontobro.erp.kit.receipts import RECEIPTS, mark_of, require
from kontobro.erp.kit.texts import plain
from kontobro.erp.odoo.access import find_company, missing_permissions
from kontobro.erp.odoo.api import SYSTEM, Api, open_http
from kontobro.erp.odoo.api.jsonrpc import EitherApi, JsonRpcApi, Login
from kontobro.erp.odoo.booked import BookedMove, booking_of, pick
from kontobro.erp.odoo.checks import Facts, lock_over, lock_problem, problems_of
from kontobro.erp.odoo.entries import Writing, columns_of, external_id, rows_of
from kontobro.erp.odoo.ledger import Key, Ledger, settle
from kontobro.erp.odoo.masters import KINDS, OdooMasters, Snapshot
from kontobro.erp.odoo.names import MODULE
from kontobro.erp.odoo.taxes import TAX_ROUNDS, keep_pleos_tax
from kontobro.erp.odoo.vendors import write_vendors
from kontobro.net.addresses import ANYWHERE, NetworkPolicy

R = TypeVar("R", bound=MasterRecord)

CAPABILITIES: Final = Capabilities(
    kinds=KINDS,
    bills=True,
    drafts=True,
    receipts=RECEIPTS,
    batch_size=100,
    reference="enforced",
    keeps_fingerprint=True,
    withdraws_drafts=True,
    writes_vendors=True,
    finds_twins=True,
)


ATTACHMENT_COLUMNS: Final = ["id", "name", "res_model", "res_id", "mimetype", "description", "datas"]


def from_options(
    options: Mapping[str, str], secrets: Callable[[str], str | None], network: NetworkPolicy = ANYWHERE
) -> OdooConnector:
    """The connector of a connection's options: `url`, `database`, `company` (its id); the secret is `api_key`. With
    `login`, an Odoo without JSON-2 is spoken to by JSON-RPC."""
    url = address_of(options, SYSTEM)
    key = secrets("api_key")
    if not key:
        raise Misconfigured(*told("odoo_key_missing"), "authentication_failure")
    company = options.get("company", "")
    if company and not company.isdigit():
        raise Misconfigured(*told("odoo_company_wrong", company=shown(company)))
    database, login = options.get("database", ""), options.get("login", "")
    http = open_http(url, database, key, policy=network)
    api = Api(http, int(company) if company else None)
    if not login:
        return OdooConnector(api, url)
    if not database:
        raise Misconfigured(*told("odoo_database_missing"))
    return OdooConnector(EitherApi(api, JsonRpcApi(http, Login(database, login, key))), url)


class OdooConnector:
    """One company. `url` is Odoo's address, for links."""

    capabilities = CAPABILITIES

    def __init__(self, api: Api, url: str) -> None:
        self._api = api
        self._url = url
        self._masters = OdooMasters(api)
        self._ledger = Ledger(api, self._masters)

    def check(self) -> Company:
        find_company(self._api)
        missing = missing_permissions(self._api)
        if missing:
            raise NotAllowed(*told("odoo_rights_missing", missing=tuple(missing)))
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
        if not keys:
            return {}
        return self._bookings(keys, self._all_booked(keys))

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        if not entries:
            return []
        references = references_of(entries)
        all_booked = self._all_booked(references)
        found = self._bookings(references, all_booked)
        new = new_among(entries, found)
        if not new:
            return booked(references, SYSTEM, {}, found)
        facts = self._facts(new)
        wanted, problems = sorted_out(new, [problems_of(entry, facts) for entry in new])
        for batch in _by_columns(wanted):
            problems |= self._load(batch, all_booked, facts.masters)
        all_booked = self._with_pleos_tax(wanted, references, facts.masters)
        return booked(references, SYSTEM, problems, self._bookings(references, all_booked))

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> None:
        require(receipts)
        self._choose()
        for receipt in receipts:
            self._api.load("ir.attachment", ATTACHMENT_COLUMNS, [_attachment(booking, receipt)])

    def post(self, bookings: Sequence[Booking]) -> Sequence[Booking | Problem]:
        if not bookings:
            return []
        references = [booking.reference for booking in bookings]
        drafts = self._drafts(references)
        problems = self._locked(drafts) if drafts else {}
        self._post_some([booked for booked in drafts if booked.reference not in problems], problems)
        all_booked = self._all_booked(references)
        posted = [one for one in live(references, all_booked, pick).values() if one.status == "posted"]
        if settle(self._api, self._ledger, posted):
            all_booked = self._all_booked(references)
        return answered(references, SYSTEM, problems, self._bookings(references, all_booked))

    def write(self, vendors: Sequence[Vendor]) -> Sequence[Vendor | Problem]:
        if not vendors:
            return []
        self._choose()
        return write_vendors(self._api, self._masters, vendors)

    def withdraw(self, bookings: Sequence[Booking]) -> None:
        drafts = self._drafts([booking.reference for booking in bookings])
        if drafts:
            self._api.write("account.move", "unlink", ids=[draft.id for draft in drafts])

    # ------------------------------------------------------------------------------------------ reading

    def _choose(self) -> None:
        """Which company: the option's, else the only one that the key's user sees."""
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
        return {key: booking_of(one, masters, self._link) for key, one in picked(keys, all_booked, pick).items()}

    def _link(self, page: str, id: int) -> str:
        return self._url + self._api.names().page.format(page=page, id=id)

    def _facts(self, entries: Sequence[Entry]) -> Facts:
        """Masters, read again when an entry names what the cached ones lack; lock dates and vendors as of now."""
        self._choose()
        masters = self._masters.snapshot.that(lambda masters: all(knows(masters, entry) for entry in entries))
        named = sorted(int(name) for name in vendors_named(*entries) if name.isdigit())
        there = self._masters.vendors([["id", "in", named]]) if named else ()
        return Facts(masters=masters, locks=self._masters.locks(), vendors={vendor.id: vendor for vendor in there})

    # ------------------------------------------------------------------------------------------ writing

    def _load(
        self, entries: Sequence[Entry], all_booked: Sequence[BookedMove], masters: Snapshot
    ) -> dict[Reference, Problem]:
        """Create these entries in one transaction; the problem of each that Odoo refuses on its own."""
        latest, references = all_booked, references_of(entries)

        def missing(tried: Sequence[Entry]) -> list[Entry]:
            # another may have booked one of them in between: then Odoo refuses the whole batch
            nonlocal latest
            latest = self._all_booked(references)
            booked = live(references, latest, pick)
            return [entry for entry in tried if entry.reference not in booked]

        bad = refused_alone(entries, lambda some: self._load_once(some, latest, masters), missing)
        return {entry.reference: refused(entry.reference, SYSTEM, refusal.said) for entry, refusal in bad}

    def _load_once(self, entries: Sequence[Entry], all_booked: Sequence[BookedMove], masters: Snapshot) -> None:
        generations = self._generations(entries, all_booked)
        employees = self._employees(entries)
        rates = {day: self._masters.rates(day) for day in {e.date for e in entries if _is_foreign(e, masters)}}
        data = []
        for entry in entries:
            generation = generations.get(entry.reference, 1)
            writing = Writing(
                masters=masters, rates=rates.get(entry.date, {}), generation=generation, employees=employees
            )
            data += rows_of(entry, writing)
        self._api.load("account.move", columns_of(entries[0]), data)

    def _with_pleos_tax(
        self, entries: Sequence[Entry], references: Sequence[Reference], masters: Snapshot
    ) -> list[BookedMove]:
        """What exists now, with Pleo's tax where Odoo's differs from it."""
        there = self._all_booked(references)
        for _ in range(TAX_ROUNDS):
            pairs = [(entry, booked) for entry in entries if (booked := pick(entry.reference, there))]
            if not keep_pleos_tax(self._api, pairs, masters, self._masters.rates):
                break
            there = self._all_booked(references)
        return there

    def _generations(self, entries: Sequence[Entry], all_booked: Sequence[BookedMove]) -> dict[Reference, int]:
        """The first external id that is free, where voided documents hold the earlier ones."""
        asked = {entry.reference for entry in entries}
        voids = {booked.id: booked.reference for booked in all_booked if booked.reference in asked}
        if not voids:
            return {}
        held: dict[Reference, set[str]] = {}
        for row in self._api.read("account.move", "get_metadata", ids=sorted(voids)):
            held.setdefault(voids[row["id"]], set()).update(one["xmlid"] for one in row["xmlids"])
        return {reference: _first_free(reference, taken) for reference, taken in held.items()}

    def _employees(self, entries: Sequence[Entry]) -> dict[str, str]:
        """Partners whose reference is an employee's code: one each."""
        codes = sorted({line.employee for entry in entries for line in entry.lines if line.employee})
        found: dict[str, list[str]] = {}
        for partner in self._masters.vendors([["ref", "in", codes], ["active", "=", True]]) if codes else ():
            found.setdefault(partner.code, []).append(partner.id)
        return {code: ids[0] for code, ids in found.items() if len(ids) == 1}

    def _locked(self, drafts: Sequence[BookedMove]) -> dict[Reference, Problem]:
        """The drafts that Odoo would post on another day than theirs."""
        locks = self._masters.locks()
        types = {int(book.journal.id): book.type for book in self._masters.snapshot().books}
        problems = {}
        for draft in drafts:
            type_ = types.get(draft.move["journal_id"], "")
            lock = lock_over(draft.date, locks, has_tax=draft.has_tax, journal=type_)
            if lock:
                problems[draft.reference] = lock_problem(draft.date, lock, locks[lock])
        return problems

    def _post_some(self, drafts: Sequence[BookedMove], problems: dict[Reference, Problem]) -> None:
        """Post in one transaction; those that Odoo refuses on their own are in `problems`."""

        context = {"validate_analytic": True}  # as Odoo's own button has it

        def post(some: Sequence[BookedMove]) -> None:
            self._api.write("account.move", "action_post", ids=[draft.id for draft in some], context=context)

        for draft, refusal in refused_alone(drafts, post, lambda tried: self._drafts([one.reference for one in tried])):
            problems[draft.reference] = not_posted(draft.reference, SYSTEM, refusal.said)


def _by_columns(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Bills and the rest: each kind has columns of its own."""
    bills: list[Entry] = [entry for entry in entries if isinstance(entry, Bill)]
    return [bills, [entry for entry in entries if not isinstance(entry, Bill)]]


def _first_free(reference: Reference, taken: set[str]) -> int:
    return next(n for n in range(1, len(taken) + 2) if external_id(reference, n) not in taken)


def _is_foreign(entry: Entry, masters: Snapshot) -> bool:
    return not isinstance(entry, Bill) and entry.currency != masters.company.currency


def _attachment(booking: Booking, receipt: Receipt) -> list[str]:
    """A receipt as a row of `load`, known by its entry and content: attached once, however often it is sent.

    Odoo's own checksum is a SHA-1; ours is in the description.
    """
    known = f"{MODULE}.receipt-{booking.id}-{receipt.sha256}"
    name, content = plain(receipt.name) or "receipt", b64encode(receipt.content).decode()
    return [known, name, "account.move", booking.id, receipt.media_type, mark_of(receipt), content]
