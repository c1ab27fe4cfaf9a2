"""Odoo 19 over its JSON-2 API (`docs/connectors/odoo.md`). One company of one database.

api        one call: the address, the key, retries of reads, faults in the core's words
masters    Odoo's master data as the core's, cached
names      our external ids, which Odoo keeps unique
vendors    vendors born in Pleo, as partners
entries    Entry -> rows of `account.move.load`
standing   what stands, as read back -> Booking
taxes      Pleo's own tax amounts on Odoo's tax lines
settling   payments and their bills, reconciled
checks     every reason why Odoo would not take an entry
connector  the eight methods
"""

from dataclasses import replace

from kontobro.erp.kit.registration import COMPANY, DATABASE, URL, Option, Registration

CONNECTOR = Registration(
    label="Odoo",
    factory="kontobro.erp.odoo.connector:from_options",
    install="pip install kontobro",
    options=(URL, replace(DATABASE, required=False), COMPANY, Option("api_key", "API key", "secret")),
)
