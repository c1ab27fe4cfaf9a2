"""Odoo over its JSON-2 API, or JSON-RPC (`docs/connectors/odoo.md`). One company of one database.

api        one call: the address, the key, retries of reads, faults in the core's words
api.jsonrpc   the same calls for Odoo 17 and 18, and which of the two an Odoo needs
api.versions  what Odoo's versions call differently
masters    Odoo's master data as the core's, cached
names      our external ids, which Odoo keeps unique
vendors    vendors born in Pleo, as partners
entries    Entry -> rows of `account.move.load`
booked     what is booked, as read back -> Booking
taxes      Pleo's own tax amounts on Odoo's tax lines
settling   payments and their bills, reconciled
checks     every reason why Odoo would not take an entry
connector  the seven methods
"""

from dataclasses import replace

from kontobro.erp.kit.registration import COMPANY, DATABASE, URL, Option, Registration

CONNECTOR = Registration(
    label="Odoo",
    factory="kontobro.erp.odoo.connector:from_options",
    install="pip install kontobro",
    options=(
        URL,
        replace(DATABASE, required=False),
        COMPANY,
        Option("login", "login, for Odoo 17 and 18 only", required=False, help="Of the user whose API key it is."),
        Option("api_key", "API key", "secret"),
    ),
)
