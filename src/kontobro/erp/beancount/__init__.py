"""Beancount: one company in a folder of text files (`docs/connectors/beancount.md`)."""

from kontobro.erp.kit.registration import LEDGER, Option, Registration

CONNECTOR = Registration(
    label="Beancount",
    factory="kontobro.erp.beancount.connector:from_options",
    install="pip install 'kontobro[beancount]'",
    options=(LEDGER, Option("fava", "address of its Fava, if there is one", "link", required=False)),
)
