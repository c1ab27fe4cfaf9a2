"""`kontobro rotate-keys`: encrypt all secrets with a new key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext, cli_of
from kontobro.cli.common.words import _, ngettext
from kontobro.core.errors import Misconfigured
from kontobro.core.words import told

if TYPE_CHECKING:
    from kontobro.store import DjangoStore


def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Encrypt all secrets again: with a new key file, or with the first key in KONTOBRO_KEY."""
    store = open_store_of(cli_of(context))
    try:
        count = store.rotate_keys()
    finally:
        store.close()
    if as_json:
        show.emit({"secrets": count})
        return
    told = ngettext(
        "{count} secret is encrypted with the new key.", "{count} secrets are encrypted with the new key.", count
    )
    show.say(told.format(count=count))
    show.say(
        _("You can now remove the old keys from KONTOBRO_KEY on all machines. Keep them together with old backups.")
    )


def open_store_of(cli: CliContext) -> DjangoStore:
    """The service's database where one is configured, else the home's. Raises Misconfigured, Busy."""
    import os

    from kontobro.bootstrap import DATABASE
    from kontobro.store import open_store

    where = os.environ.get("KONTOBRO_DATABASE_URL") or cli.home / DATABASE
    if not isinstance(where, str) and not where.exists():
        raise Misconfigured(*told("cli_no_database"))
    return open_store(where)
