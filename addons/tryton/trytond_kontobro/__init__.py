"""Kontobro inside Tryton: Pleo's exports booked by Tryton itself. GPL-3-or-later.

inside    the store over Tryton's tables, the connector's calls in process, what cron and the buttons start, access
models    connections and their history; our fields of moves and invoices
wizards   connecting, settings, syncs, checks
oauth     connecting by OAuth: what is kept meanwhile, and the pages
"""
