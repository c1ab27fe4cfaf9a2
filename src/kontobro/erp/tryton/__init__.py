"""Tryton 8.2 over its JSON-RPC (`docs/connectors/tryton.md`). One company of one database.

api        one call: the address, the session, retries of reads, faults in the core's words
access     which Tryton, which company, which permissions are missing
masters    Tryton's master data as the core's, cached
entries    Entry -> what `account.move.create` takes
bills      Bill -> what `account.invoice.create` takes
booked     what is booked, as read back -> Booking
ledger     reading what exists, by our keys
vendors    vendors born in Pleo -> parties
settling   payments and their bills, reconciled
checks     every reason why Tryton would not take an entry
connector  the seven methods
"""

from kontobro.erp.kit.registration import COMPANY, DATABASE, URL, USER, Option, Registration

CONNECTOR = Registration(
    label="Tryton",
    factory="kontobro.erp.tryton.connector:from_options",
    install="pip install kontobro",
    options=(
        URL,
        DATABASE,
        USER,
        COMPANY,
        Option(
            "settle_after",
            "seconds until a lost write counts as not made",
            required=False,
            help="300 if empty. Higher for a slow server.",
        ),
        Option("password", "password", "secret"),
    ),
)
