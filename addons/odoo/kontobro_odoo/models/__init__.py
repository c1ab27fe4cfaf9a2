from . import account_move, booking, connection, connection_form, connection_work, sync_plan, tables

__all__ = ["account_move", "booking", "connection", "connection_form", "connection_work", "sync_plan", "tables"]
