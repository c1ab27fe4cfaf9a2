"""Reading the master data that the posting rules need."""

from __future__ import annotations

from collections.abc import Iterable

from kontobro.core.masterdata import (
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
from kontobro.core.masters import Masters
from kontobro.core.ports import Connector, R


def load_masters(connector: Connector, company: Company) -> Masters:
    """All masters of the company that the connector can read; a kind it can't read is empty."""

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
