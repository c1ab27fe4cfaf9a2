"""Kontobro inside Tryton: Pleo's exports booked by Tryton itself. GPL-3-or-later.

transport  the connector's calls, in process: one transaction each
tables     Kontobro's store over Tryton's own tables
house      everything one connection needs, put together
connect, pending, web, page   connecting: the wizard; by OAuth, what is kept meanwhile, and the pages
runner     what cron and the buttons start
connection, history, move, invoice   the models
settings, sync, reports      the other screens
access     who may open them, and on what
"""
