"""hledger: one company in plain text, read back by hledger itself (see README.md)."""

from kontobro.erp.kit.registration import Option, Registration

CONNECTOR = Registration(
    label="hledger",
    factory="kontobro_hledger.connector:from_options",
    install="pip install kontobro-hledger",
    options=(
        Option("journal", "path of the journal for Pleo", "path", help="Include it in your main journal."),
        Option("masters", "path of the master data", "path", help="TOML: company, accounts, vendors, tax codes."),
    ),
)
