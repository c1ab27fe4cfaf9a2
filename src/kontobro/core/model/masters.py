"""The accounting system's master data, indexed once so that each look-up of the posting rules is O(1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypedDict, TypeVar, Unpack

from kontobro.core.model.bindings import Given
from kontobro.core.model.masterdata import (
    Account,
    Company,
    Dimension,
    DimensionValue,
    Employee,
    Journal,
    Period,
    TaxCode,
    Vendor,
)


class _Coded(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def code(self) -> str: ...


class _Activatable(_Coded, Protocol):
    @property
    def active(self) -> bool: ...


T = TypeVar("T", bound=_Coded)
A = TypeVar("A", bound=_Activatable)


@dataclass(frozen=True, slots=True)
class Index(Generic[T]):
    """Records of one kind by id and by code; under a code the blocked ones are found only when none is active.

    Two ways to ask, never one for the other: a number may be one record's id and another's code.
    """

    by_id: Mapping[str, T]
    by_code: Mapping[str, tuple[T, ...]]
    folded: bool = False
    sure: Mapping[str, T] = field(default_factory=dict, repr=False)
    """By code, spelled as there, what has it alone and can be used on all of its days: where most look-ups end."""

    def find(self, code: str) -> tuple[T, ...]:
        """The records with this code: none, one, or several that share it. An id finds nothing."""
        code = code.strip()
        return self.by_code.get(code.casefold() if self.folded else code, ())

    def with_id(self, id: str) -> tuple[T, ...]:
        """The record with this id, for an id that the accounting system gave us or that we gave to Pleo."""
        found = self.by_id.get(id)
        return (found,) if found is not None else ()

    def __len__(self) -> int:
        return len(self.by_id)


def _indexed(records: Iterable[T], *, folded: bool = False) -> Index[T]:
    everything = tuple(records)
    key: Callable[[T], str] = (lambda r: r.code.strip().casefold()) if folded else (lambda r: r.code.strip())
    return Index({record.id: record for record in everything}, _grouped(everything, key), folded)


def _active_first(records: Iterable[A]) -> tuple[A, ...]:
    """Without the blocked ones whose code an active one has too: that code means the active one."""
    everything = tuple(records)
    live = {record.code.strip() for record in everything if record.active}
    return tuple(record for record in everything if record.active or record.code.strip() not in live)


def _activatable(
    records: Iterable[A], *, folded: bool = False, usable: Callable[[A], object] = lambda record: record.active
) -> Index[A]:
    everything = tuple(records)
    coded = _indexed(_active_first(everything), folded=folded)
    alone = (found[0] for found in coded.by_code.values() if len(found) == 1)
    sure = {record.code.strip(): record for record in alone if usable(record)}
    return Index({record.id: record for record in everything}, coded.by_code, folded, sure)


def _accounts(accounts: Iterable[Account]) -> Index[Account]:
    """By code, and by the other name of those that have one where no code is spelled like it."""
    index = _activatable(accounts, usable=lambda account: account.active and not account.currencies)
    names = _grouped(index.by_id.values(), lambda account: account.name_too)
    return Index(index.by_id, {**names, **index.by_code}, sure=index.sure)


def _tax_codes(codes: Iterable[TaxCode]) -> Index[TaxCode]:
    return _activatable(codes, usable=lambda code: code.active and not code.unsupported)


def _grouped(records: Iterable[T], key: Callable[[T], str | None]) -> dict[str, tuple[T, ...]]:
    groups: dict[str, tuple[T, ...]] = {}
    for record in records:
        name = key(record)
        if name:
            groups[name] = (*groups.get(name, ()), record)
    return groups


def tax_number_key(number: str | None) -> str | None:
    """A tax number as it is compared: letters and digits only, upper case ("DK 12 34-56 78" is "DK12345678")."""
    return "".join(c for c in number if c.isalnum()).upper() if number else None


def name_key(name: str) -> str:
    """A name as it is compared: neither case nor runs of blanks matter."""
    return " ".join(name.casefold().split())


@dataclass(frozen=True, slots=True)
class VendorIndex:
    """Active vendors by each key that Pleo may name: a blocked one is not found (`posting-rules.md` §6.1)."""

    by_id: Mapping[str, Vendor]
    by_code: Mapping[str, tuple[Vendor, ...]]
    by_number: Mapping[str, tuple[Vendor, ...]]
    by_tax_number: Mapping[str, tuple[Vendor, ...]]
    by_registration_number: Mapping[str, tuple[Vendor, ...]]
    by_name: Mapping[str, tuple[Vendor, ...]]
    """Never to match by, only to propose: names are not unique."""

    @classmethod
    def of(cls, vendors: Iterable[Vendor]) -> VendorIndex:
        active = tuple(vendor for vendor in vendors if vendor.active)
        return cls(
            {vendor.id: vendor for vendor in active},
            _grouped(active, lambda vendor: vendor.code.strip()),
            _grouped(active, lambda vendor: vendor.number and vendor.number.strip()),
            _grouped(active, lambda vendor: tax_number_key(vendor.tax_registration_number)),
            _grouped(active, lambda vendor: tax_number_key(vendor.registration_number)),
            _grouped(active, lambda vendor: name_key(vendor.name)),
        )


class Records(TypedDict, total=False):
    """Records by kind, beside the accounts that every accounting system has."""

    tax_codes: Iterable[TaxCode]
    dimensions: Iterable[Dimension]
    dimension_values: Iterable[DimensionValue]
    vendors: Iterable[Vendor]
    employees: Iterable[Employee]
    journals: Iterable[Journal]
    periods: Iterable[Period]


@dataclass(frozen=True, slots=True)
class Masters:
    """All master data that the posting rules look at, for one company. `of` builds it."""

    company: Company
    accounts: Index[Account] = field(repr=False)
    tax_codes: Index[TaxCode] = field(repr=False)
    dimensions: Index[Dimension] = field(repr=False)
    dimension_values: Mapping[str, Index[DimensionValue]] = field(repr=False)
    vendors: VendorIndex = field(repr=False)
    employees: Index[Employee] = field(repr=False)
    journals: Index[Journal] = field(repr=False)
    periods: tuple[Period, ...] = field(repr=False)
    given_accounts: Given | None = field(default=None, repr=False)
    """The account ids that we gave to Pleo; None where no code can look like an id (`given.meaning_of`)."""
    given_vendors: Given | None = field(default=None, repr=False)
    given_tax_codes: Given | None = field(default=None, repr=False)

    @classmethod
    def of(cls, company: Company, accounts: Iterable[Account], **more: Unpack[Records]) -> Masters:
        return cls(
            company=company,
            accounts=_accounts(accounts),
            tax_codes=_tax_codes(more.get("tax_codes", ())),
            dimensions=_activatable(more.get("dimensions", ()), folded=True),
            dimension_values=_by_dimension(more.get("dimension_values", ())),
            vendors=VendorIndex.of(more.get("vendors", ())),
            employees=_indexed(more.get("employees", ())),
            journals=_indexed(more.get("journals", ())),
            periods=tuple(sorted(more.get("periods", ()), key=lambda period: period.start)),
        )


def _by_dimension(values: Iterable[DimensionValue]) -> dict[str, Index[DimensionValue]]:
    groups: dict[str, list[DimensionValue]] = {}
    for value in values:
        groups.setdefault(value.dimension_id, []).append(value)
    return {dimension_id: _activatable(group) for dimension_id, group in groups.items()}
