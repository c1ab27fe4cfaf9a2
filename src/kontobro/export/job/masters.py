"""Reading the master data that the posting rules need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kontobro.core.model.bindings import Given, MasterKind, of_another_database
from kontobro.core.model.connection import Connection
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
from kontobro.core.model.masters import Masters
from kontobro.core.model.settings import SyncKind
from kontobro.core.ports import Connector, R, Store
from kontobro.core.settings.codes import in_codes


def masters_for(connection: Connection, connector: Connector, company: Company, store: Store) -> Masters:
    """All masters, and which of their ids we gave to Pleo: what export items are booked with."""
    masters = load_masters(connector, company)
    if connector.capabilities.ids_are_names:
        return masters

    def given(kind: MasterKind, sync: SyncKind) -> Given:
        return Given.of(store.bindings(connection.id, kind), in_sync=sync in connection.settings.sync)

    accounts = given("accounts", "accounts")
    if of_another_database(accounts, masters.accounts.by_id):
        nothing = Given({}, lost=True)
        return replace(masters, given_accounts=nothing, given_vendors=nothing, given_tax_codes=nothing)
    return replace(
        masters,
        given_accounts=accounts,
        given_vendors=given("vendors", "vendors"),
        given_tax_codes=given("tax_codes", "tax-codes"),
    )


def with_codes(connection: Connection, masters: Masters) -> Connection:
    """The connection with codes for the ids that its settings held before (`core.settings_codes`)."""
    return replace(connection, settings=in_codes(connection.settings, masters)[0])


def load_masters(connector: Connector, company: Company) -> Masters:
    """All masters of the company that the connector can read; a kind it can't read is empty.

    Enough for settings; export items need `masters_for`.
    """

    def read(kind: type[R]) -> Iterable[R]:
        return connector.read(kind) if kind in connector.capabilities.kinds else ()

    return Masters.of(
        company=company,
        accounts=read(Account),
        tax_codes=read(TaxCode),
        dimensions=read(Dimension),
        dimension_values=read(DimensionValue),
        vendors=read(Vendor),
        employees=read(Employee),
        journals=read(Journal),
        periods=read(Period),
    )
