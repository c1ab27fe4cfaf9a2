from . import tables, connection, connection_form, connection_work, booking, sync_plan, account_move

__all__ = ["account_move", "booking", "connection", "connection_form", "connection_work", "sync_plan", "tables"]
