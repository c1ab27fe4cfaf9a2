"""The master data that templates are tried with, and the chart of it."""

from __future__ import annotations

from decimal import Decimal

from kontobro.core.model.masterdata import (
    Account,
    Company,
    Dimension,
    DimensionValue,
    Employee,
    Journal,
    TaxCode,
    Vendor,
)
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.template.layout import Format, read_layout
from kontobro.erp.files.template.own.texts import ready_text
from kontobro.erp.files.template.target import TemplateTarget, in_format
from kontobro.testing.connector.entries import Chart

CHART = Chart(
    expense="3600",
    input_tax="6410",
    payable="6700",
    output_tax="6421",
    wallets={"DKK": "5810", "EUR": "5811", "JPY": "5812", "KWD": "5813"},
    vendor="V100",
    dimensions=(("COST", "100"), ("PROJECT", "P1")),
    last_account="3999",
)
MASTERS = MasterFile(
    {
        Company: (Company("1", "Fjord & Bro ApS", "DKK", "Europe/Copenhagen"),),
        Account: tuple(
            Account(number, number, name)
            for number, name in {
                "5810": "Pleo DKK",
                "5811": "Pleo EUR",
                "5812": "Pleo JPY",
                "5813": "Pleo KWD",
                "6410": "Input VAT",
                "6421": "Output VAT",
                "6700": "Payables",
                "6800": "Employees",
                "3600": "Office; supplies",
                "3610": 'Software "and" more',
                "3999": "Last",
            }.items()
        ),
        Dimension: (Dimension("COST", "COST", "Cost centre"), Dimension("PROJECT", "PROJECT", "Project")),
        DimensionValue: (
            DimensionValue("100", "COST", "100", "Sales"),
            DimensionValue("P1", "PROJECT", "P1", "Bridge"),
        ),
        Vendor: (Vendor(id="V100", code="V100", name="Staples"),),
        Employee: (Employee("E7", "E7", "Anna Berg"),),
        Journal: (Journal("PLEO", "PLEO", "Pleo"),),
        TaxCode: (
            TaxCode("I25", "I25", "Input 25 %", Decimal("0.25"), "inclusive", "6410"),
            TaxCode("R25", "R25", "Reverse 25 %", Decimal("0.25"), "reverse", "6410", "6421"),
        ),
    },
    extra={Account: {"3600": {"visma_class": "3"}}},
)


def ready(name: str, format: Format = "csv", **options: str) -> TemplateTarget:
    """A target with a ready-made template."""
    return target(ready_text(name), format, **options)


def target(text: str, format: Format = "csv", **options: str) -> TemplateTarget:
    return TemplateTarget(in_format(read_layout(text, "ours.toml"), format, "ours.toml"), options, MASTERS)
