"""What installing and removing does beyond models and views."""

from odoo.api import Environment

from kontobro.store.schema.guards import install_guards, remove_guards

GUARDED = (("kontobro_booking", "state"), ("kontobro_event", "at"), ("kontobro_job", "claimed_at"))


def guard_tables(cursor) -> None:
    """Create the triggers, as soon as these columns of all tables exist."""
    known = "SELECT count(*) FROM information_schema.columns WHERE (table_name, column_name) IN %s"
    cursor.execute(known, (GUARDED,))
    if cursor.fetchone()[0] == len(GUARDED):
        install_guards(cursor)


def uninstall_hook(env: Environment) -> None:
    """The books stay whole: entries, receipts and their external ids are Odoo's own. Ours are the triggers."""
    remove_guards(env.cr)
