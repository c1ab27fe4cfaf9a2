"""Who is on the other side, and which method books it (`posting-rules.md` §6 and §7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kontobro.core.errors import shown
from kontobro.core.model.bindings import meaning_of
from kontobro.core.model.export import ExportItem, VendorRef
from kontobro.core.model.findings import Findings
from kontobro.core.model.masterdata import Vendor
from kontobro.core.model.masters import Masters, name_key, tax_number_key
from kontobro.core.model.settings import Settings
from kontobro.core.rules.item import Books, Party
from kontobro.core.rules.table import PostingRow
from kontobro.core.words import Phrase

Method = Literal["journal", "accounts_payable", "accounts_payable_if_found"]


@dataclass(frozen=True, slots=True)
class Match:
    """The outcome of looking a vendor up: `sought` is what was looked for, as a person may read it; `looked` all of it,
    each with what it is."""

    vendor: Vendor | None
    sought: str
    ambiguous: bool = False
    looked: tuple[Phrase, ...] = ()


def method_of(item: ExportItem, row: PostingRow, settings: Settings, findings: Findings) -> Method:
    """The row's own method, else Pleo's, else what the settings say for none (`posting-rules.md` §7)."""
    if row.method:
        return row.method
    if item.method is None:
        return "accounts_payable_if_found" if settings.method_when_null == "accounts_payable" else "journal"
    if item.method == "accounts_payable":
        return "accounts_payable"
    if item.method not in ("journal", "none"):
        findings.fail("method_unknown", "bookkeeping.method", item.method)
    return "journal"


def party_of(item: ExportItem, row: PostingRow, books: Books, findings: Findings) -> Party:
    """Vendor and method of an item. In the journal a vendor is welcome, never needed."""
    settings, masters = books.settings, books.masters
    method = method_of(item, row, settings, findings)
    if row.of_employee:
        known = _employee(item, books, findings)
        return Party(known, documents=known is not None and method != "journal" and row.payables != "journal")
    if row.payables == "journal":
        return Party(None, documents=False)
    if method == "journal":
        return Party(_welcome_vendor(item, row, masters, findings), documents=False)
    match = match_vendor(item, masters)
    if method == "accounts_payable_if_found":
        if match.vendor is None:
            findings.note("no_vendor")
        return Party(match.vendor, documents=match.vendor is not None)
    if match.vendor is None:
        _unmatched(item, match, settings, masters, findings)
    return Party(match.vendor, documents=True)


def match_vendor(item: ExportItem, masters: Masters) -> Match:
    """The vendor by the first key that finds one. Two vendors under one key are no one: not a guess."""
    sought, looked = "", list[Phrase]()
    for what, key, found in _candidates(item, masters):
        sought = sought or key
        looked.append(Phrase(f"key_{what}", {"key": key}))
        if len(found) > 1:
            return Match(None, key, ambiguous=True)
        if found:
            return Match(found[0], key)
    return Match(None, sought, looked=tuple(looked))


def _candidates(item: ExportItem, masters: Masters) -> Iterator[tuple[str, str, tuple[Vendor, ...]]]:
    """What to look under, in order, with what it is. `supplier` is not looked at when `vendor` is there."""
    vendors = masters.vendors
    if item.vendor:
        if item.vendor.external_id:
            yield "id", item.vendor.external_id, _identified(item.vendor, masters)
        if item.vendor.code:
            yield "code", item.vendor.code, vendors.by_code.get(item.vendor.code.strip(), ())
        if number := tax_number_key(item.vendor.tax_registration_number):
            yield "tax_number", number, vendors.by_tax_number.get(number, ())
    elif item.supplier:
        if item.supplier.code:
            yield "code", item.supplier.code, vendors.by_code.get(item.supplier.code.strip(), ())
        if item.supplier.account:
            yield "account", item.supplier.account, vendors.by_number.get(item.supplier.account.strip(), ())
        if number := tax_number_key(item.supplier.tax_identifier):
            known = vendors.by_tax_number.get(number) or vendors.by_registration_number.get(number, ())
            yield "tax_number", number, known


def _identified(ref: VendorRef, masters: Masters) -> tuple[Vendor, ...]:
    """The vendor of an external id that we gave, or that was created for this one of Pleo's; two when in conflict."""
    identifier, code = (ref.external_id or "").strip(), (ref.code or "").strip()
    own, coded = masters.vendors.by_id.get(identifier), masters.vendors.by_code.get(code, ())
    if own and own.pleo_id == ref.id:
        return (own,)
    meaning = meaning_of(identifier, code, own, coded, masters.given_vendors)
    if own and coded and meaning == "conflict":
        return (own, *coded)
    return (own,) if own and meaning == "id" else ()


def _welcome_vendor(item: ExportItem, row: PostingRow, masters: Masters, findings: Findings) -> Vendor | None:
    """The vendor of a journal entry: only Pleo's own, but on payables the supplier too, or the balance with an
    invoice that was booked as a bill would never clear (§6.6)."""
    on_payables = "payable" in (row.debit, row.credit)
    if not item.vendor and not on_payables:
        return None
    match = match_vendor(item, masters)
    if match.vendor is None and (item.vendor or match.ambiguous):
        name = item.vendor.name if item.vendor else match.sought
        findings.note("vendor_not_found", vendor=shown(name))
    return match.vendor


def _unmatched(item: ExportItem, match: Match, settings: Settings, masters: Masters, findings: Findings) -> None:
    """No vendor for a bill or its payment: a problem, or by the settings a document without one."""
    name = item.vendor.name if item.vendor else item.supplier.name if item.supplier else ""
    value = match.sought or name or ""
    if settings.unmatched_vendor == "fallback":
        findings.note("vendor_fallback", vendor=shown(name or value or "none"))
        return
    field = "vendor" if item.vendor or not item.supplier else "supplier"
    if match.ambiguous:
        findings.fail("vendor_ambiguous", field, value)
        return
    _unknown(field, value, name, match, masters, findings)


def _unknown(field: str, value: str, name: str | None, match: Match, masters: Masters, findings: Findings) -> None:
    """What was looked for and where; an active vendor of the same name is proposed, never taken."""
    vendor = name or Phrase("without_name")
    looked = Phrase("looked_for", {"keys": match.looked}) if match.looked else Phrase("nothing_to_look_for")
    same = masters.vendors.by_name.get(name_key(name), ()) if name else ()
    if same:
        known = shown(", ".join(f"{one.name} ({one.code})" if one.code else one.name for one in same[:3]), 120)
        findings.fail("vendor_unknown.same_name", field, value, vendor=vendor, looked=looked, known=known)
    else:
        findings.fail("vendor_unknown", field, value, vendor=vendor, looked=looked)


def _employee(item: ExportItem, books: Books, findings: Findings) -> Vendor | None:
    """An employee may be a vendor of the accounting system, known by the code in Pleo (§6.7)."""
    if not books.settings.employees_are_vendors:
        return None
    code = (item.user.code or "").strip() if item.user else ""
    found = books.masters.vendors.by_code.get(code, ()) if code else ()
    if len(found) != 1:
        findings.note("employee_no_vendor", employee=shown(code) if code else Phrase("employee_without_code"))
        return None
    return found[0]
