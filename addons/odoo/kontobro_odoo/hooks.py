"""What installing and removing does beyond models and views."""

from odoo.api import Environment

from kontobro.store.guards import install_guards, remove_guards

GUARDED = ("kontobro_booking", "kontobro_event")


def guard_tables(cursor) -> None:
    """Create the triggers, as soon as both tables are there."""
    cursor.execute("SELECT count(*) FROM pg_class WHERE relname = ANY(%s) AND relkind = 'r'", (list(GUARDED),))
    if cursor.fetchone()[0] == len(GUARDED):
        install_guards(cursor)


def uninstall_hook(env: Environment) -> None:
    """The books stay whole: entries, receipts and their external ids are Odoo's own. Ours are the triggers."""
    remove_guards(env.cr)
