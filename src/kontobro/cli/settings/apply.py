"""Settings read, checked against the accounting system and stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kontobro.cli.common.context import CliContext
from kontobro.core.errors import Problem

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection
    from kontobro.core.model.masters import Masters


def with_level_kept(connection: Connection, wanted: Mapping[str, object]) -> dict[str, object]:
    """A file's settings; the level and the chosen dimensions stay where it is silent on them."""
    kept = {"sync": list(connection.settings.sync), "sync_dimensions": list(connection.settings.sync_dimensions)}
    return {**kept, **wanted}


def read_toml(file: Path) -> Mapping[str, object]:
    """The file's settings. Raises Misconfigured that names the file and the place."""
    from kontobro.core.settings import toml as settings_file

    with file.open("rb") as opened:
        return settings_file.read_toml(opened.read(settings_file.LARGEST + 1), str(file))


def apply_settings(
    cli: CliContext,
    connection: Connection,
    wanted: Mapping[str, object],
    known: Sequence[Problem],
    masters: Masters | None,
) -> Sequence[Problem]:
    """Store the settings if nothing is wrong but what was `known` before; else change nothing, give every problem.

    `masters` None: the accounting system is not asked.
    """
    from kontobro.core.settings.check import check_all
    from kontobro.core.settings.toml import settings_from

    settings, problems = settings_from(wanted)
    against = check_all(settings, masters) if masters and not problems else ()
    found = [*problems, *(problem for problem in against if problem not in known)]
    if not found:
        cli.store.save_connection(replace(connection, settings=settings))
    return found


def masters_of(cli: CliContext, connection: Connection) -> Masters:
    """What the accounting system has now."""
    from kontobro.export.job.masters import load_masters

    connector = cli.app.connector_for(connection)
    return load_masters(connector, connector.check())
