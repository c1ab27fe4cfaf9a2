"""Kontobro inside Tryton: Pleo's exports booked by Tryton itself. GPL-3-or-later.

inside    the store over Tryton's tables, the connector's calls in process, what cron and the buttons start, access
models    connections and their history; our fields of moves and invoices
wizards   connecting, settings, syncs, checks
oauth     connecting by OAuth: what is kept meanwhile, and the pages
series    what differs between Tryton 7.0 and 8.2
"""

from trytond import __version__

if __version__.startswith("7.0."):  # 8.2 reads tryton.cfg itself

    def register() -> None:
        from .series.v7_0 import register_listed

        register_listed()
