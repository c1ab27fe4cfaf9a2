"""What Pleo should have: the active records of the accounting system, normalised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from kontobro.core.errors import Misconfigured, Problem, shown
from kontobro.core.model.findings import LIST, problem
from kontobro.core.model.masterdata import Account, Dimension, DimensionValue, TaxCode, Vendor, is_open
from kontobro.core.model.masters import tax_number_key
from kontobro.core.model.settings import Settings
from kontobro.core.plan.choice import Choice
from kontobro.core.plan.compare import clean, fold, rate_text
from kontobro.core.plan.make import Desired, Existing, Fields
from kontobro.core.ports import Connector, R
from kontobro.core.words import Phrase, told

MOST_NAMED = 120
"""Characters of a list of codes that are left out."""

EVERYTHING = Choice()


@dataclass(frozen=True, slots=True)
class Source:
    """`desired` of one kind; `count` of the active records behind them, also of those that are not sent.

    `born`: desired id -> the draft vendor at Pleo that it was written for. `inactive`: vendors that are known there.
    """

    desired: tuple[Desired, ...]
    count: int
    problems: tuple[Problem, ...] = ()
    born: Mapping[str, str] = field(default_factory=dict)
    inactive: tuple[Desired, ...] = ()
    left_out: tuple[Desired, ...] = ()
    """Active records that the company chose not to offer in Pleo."""


@dataclass(frozen=True, slots=True)
class ChosenDimensions:
    """The chosen dimensions that are active. `unknown` are names that the accounting system did not give at all:
    their groups are left alone, for a read that lacks a dimension is no proof that it is gone."""

    dimensions: tuple[Dimension, ...]
    unknown: tuple[str, ...]


def read_all(connector: Connector, kind: type[R]) -> list[R]:
    """All records of a kind. Raises Misconfigured when the accounting system has no such kind."""
    if kind not in connector.capabilities.kinds:
        raise Misconfigured(*told("kind_not_supplied", kind=kind.__name__), job_failure="invalid_configuration")
    return list(connector.read(kind))


def accounts_of(accounts: Iterable[Account], today: date, choice: Choice = EVERYTHING) -> Source:
    """Those that are open today. One that opens later is sent then."""
    active = [account for account in accounts if is_open(account, today)]
    if choice.by_type and active and all(account.type is None for account in active):
        raise Misconfigured(
            *told("account_type_unknown"),
            "invalid_configuration",
        )
    types = {account.id: account.type for account in active}
    return _chosen([Desired(it.id, it.code.strip(), clean(it.name)) for it in active], choice, types=types)


def _chosen(
    active: Sequence[Desired],
    choice: Choice,
    *,
    codes: Mapping[str, str] | None = None,
    types: Mapping[str, str | None] | None = None,
) -> Source:
    """Active records as the choice divides them. `codes` and `types` by id, where they are not the records' own."""

    def offered(it: Desired) -> bool:
        return choice.offers((codes or {}).get(it.id, it.code), it.name, (types or {}).get(it.id))

    if not choice:
        return Source(tuple(active), len(active))
    divided = [(it, offered(it)) for it in active]
    left_out = tuple(it for it, taken in divided if not taken)
    return Source(tuple(it for it, taken in divided if taken), len(active), left_out=left_out)


def tax_codes_of(codes: Iterable[TaxCode], today: date, choice: Choice = EVERYTHING) -> Source:
    """Those in use today. Exclusive ones are a problem: Pleo does not support them today (`pleo/api.md` D). What is
    not for expenses is left out, all of one reason in one problem."""
    active = [code for code in codes if is_open(code, today)]
    usable = [code for code in active if code.unsupported is None]
    sent = _chosen([_tax_code(code) for code in usable if code.type != "exclusive"], choice)
    problems = [_exclusive(code) for code in usable if code.type == "exclusive"]
    reasons = dict.fromkeys(code.unsupported for code in active if code.unsupported)
    problems += [_unsupported(why, [code for code in active if code.unsupported == why]) for why in reasons]
    return replace(sent, count=len(active), problems=tuple(problems))


def vendors_of(vendors: Iterable[Vendor], choice: Choice = EVERYTHING) -> Source:
    """Those that are left out are known all the same: a draft at Pleo of one is no new vendor."""
    found = list(vendors)
    active = [vendor for vendor in found if vendor.active]
    sent = _chosen([desired_vendor(vendor) for vendor in active], choice)
    inactive = tuple(desired_vendor(vendor) for vendor in found if not vendor.active)
    taken = {vendor.id for vendor in sent.desired}
    born = {vendor.id: vendor.pleo_id for vendor in active if vendor.pleo_id and vendor.id in taken}
    return replace(sent, born=born, inactive=(*inactive, *sent.left_out))


def desired_vendor(vendor: Vendor) -> Desired:
    """Empty fields are left out: what the accounting system does not know stays as Pleo has it."""
    fields = {
        "country": _upper(vendor.country),
        "currency": _upper(vendor.currency),
        "registration_number": tax_number_key(vendor.registration_number),
        "tax_registration_number": tax_number_key(vendor.tax_registration_number),
    }
    return Desired(vendor.id, vendor.code.strip(), clean(vendor.name), None, _fields(fields))


def vendor_from(draft: Existing) -> Vendor:
    """A vendor born in Pleo as the accounting system is asked to create it: its id is Pleo's."""
    facts = dict(draft.fields)
    return Vendor(
        id=draft.id,
        code=draft.code.strip(),
        name=clean(draft.name),
        registration_number=facts.get("registration_number"),
        tax_registration_number=facts.get("tax_registration_number"),
        currency=facts.get("currency"),
        country=facts.get("country"),
        pleo_id=draft.id,
    )


def choose(dimensions: Sequence[Dimension], settings: Settings) -> ChosenDimensions:
    """The dimensions that the settings name by code; a code that two have is none's."""
    shared = Counter(fold(dimension.code) for dimension in dimensions)
    by_code = {code: dimension for dimension in dimensions if shared[code := fold(dimension.code)] == 1}
    found = {name: by_code.get(fold(name)) for name in settings.sync_dimensions}
    active = {dimension.id: dimension for dimension in found.values() if dimension and dimension.active}
    return ChosenDimensions(
        tuple(active.values()), tuple(name for name, dimension in found.items() if dimension is None)
    )


def groups_of(choice: ChosenDimensions, dimensions: Iterable[Dimension], settings: Settings) -> Source:
    """A dimension that the settings map to a tag group of another code keeps that code at Pleo."""
    desired = tuple(Desired(it.id, _group_code(it, settings), clean(it.name)) for it in choice.dimensions)
    problems = tuple(_unknown(name) for name in choice.unknown)
    return Source(desired, sum(dimension.active for dimension in dimensions), problems)


def tags_of(values: Iterable[DimensionValue], groups: Mapping[str, str], choice: Choice = EVERYTHING) -> Source:
    """The active values of dimensions, their codes by their ids. A tag's id is `<dimension id>/<value id>`; a choice
    names it `<dimension code>/<value code>`."""
    desired = [
        Desired(f"{it.dimension_id}/{it.id}", it.code.strip(), clean(it.name), it.dimension_id)
        for it in values
        if it.active and it.dimension_id in groups
    ]
    return _chosen(desired, choice, codes={it.id: f"{groups[it.parent or '']}/{it.code}" for it in desired})


def _group_code(dimension: Dimension, settings: Settings) -> str:
    code = fold(dimension.code)
    mapped = [group.strip() for group, key in settings.dimensions.items() if fold(key) == code]
    return mapped[0] if len(mapped) == 1 else dimension.code.strip()


def _tax_code(code: TaxCode) -> Desired:
    """Its accounts by their ids, which stay when an account gets another code."""
    fields = {
        "ingoing_account": code.ingoing_account,
        "outgoing_account": code.outgoing_account,
        "rate": rate_text(code.rate),
        "type": code.type,
    }
    return Desired(code.id, code.code.strip(), clean(code.name), None, _fields(fields))


def _fields(values: Mapping[str, str | None]) -> Fields:
    return tuple((name, value.strip()) for name, value in sorted(values.items()) if value and value.strip())


def _upper(text: str | None) -> str | None:
    return text.upper() if text else None


def _exclusive(code: TaxCode) -> Problem:
    return problem("tax_type_unsupported.exclusive", "tax_code", code.code, name=code.name)


def _unsupported(why: Phrase, codes: Sequence[TaxCode]) -> Problem:
    named = shown(LIST.join(code.code for code in codes), MOST_NAMED)
    return problem("tax_code_unsupported.sync", "tax_code", named, count=len(codes), why=why)


def _unknown(name: str) -> Problem:
    return problem("dimension_unknown.sync", "settings.sync_dimensions", name)
