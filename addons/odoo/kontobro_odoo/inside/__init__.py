"""Kontobro inside Odoo: the same connector, store and engine, over Odoo's own models and tables.

api     calls of Odoo's models, as the API connector makes them over HTTP
store   the Store over our models' tables
app     what a connection works with
work    what the cron does
"""

import logging

for name in ("httpx2", "httpcore2"):
    logging.getLogger(name).setLevel(logging.WARNING)  # they would tell signed addresses in Odoo's log
