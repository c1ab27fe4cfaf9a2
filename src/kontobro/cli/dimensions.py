"""`kontobro dimensions`: which of the accounting system's dimensions employees get as tags in Pleo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext, cli_of
from kontobro.cli.common.tables import sheet
from kontobro.cli.common.words import _, note_words
from kontobro.core.errors import Misconfigured, NotAllowed, shown
from kontobro.core.model.settings import MOST_DIMENSIONS as MOST
from kontobro.core.settings.codes import dimensions_in_codes
from kontobro.core.settings.suggest import at_pleo, preselected
from kontobro.core.words import phrase, told

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection
    from kontobro.core.model.masterdata import Dimension
    from kontobro.core.ports import Connector


@dataclass(frozen=True, slots=True)
class Choice:
    """One active dimension: how many active values, whether it is chosen, its group at Pleo (None: not known)."""

    dimension: Dimension
    values: int
    chosen: bool
    at_pleo: bool | None

    def shape(self) -> dict[str, object]:
        return {
            "id": self.dimension.id,
            "code": self.dimension.code,
            "name": self.dimension.name,
            "values": self.values,
            "chosen": self.chosen,
            "at_pleo": self.at_pleo,
        }


def run(
    context: typer.Context,
    codes: Annotated[list[str] | None, typer.Argument(metavar="[CODE]...", help="Codes, with --choose.")] = None,
    choose: Annotated[bool, typer.Option("--choose", help="Choose exactly these dimensions, up to five.")] = False,
    none: Annotated[
        bool, typer.Option("--none", help="Choose none: the next sync archives the tag groups in Pleo.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the dimensions and choose which become tags in Pleo."""
    named = _named(codes or [], choose=choose, none=none)
    cli = cli_of(context)
    connection = cli.connection()
    connector = cli.app.connector_for(connection)
    dimensions = active_dimensions(connector)
    groups = groups_at_pleo(cli, connection)
    wanted = _wanted(dimensions, connection, named)
    mapped = connection.settings.dimensions
    proposed = preselected(dimensions, groups or (), mapped) if named is None and _is_first(cli, connection) else []
    if proposed or named is not None:
        store_choice(cli, connection, proposed or wanted)
    known = None if groups is None else at_pleo(groups, mapped)
    choices = _choices(connector, dimensions, proposed or wanted, known)
    if as_json:
        show.emit([choice.shape() for choice in choices])
    else:
        _print(choices, preselected=bool(proposed), stored=named is not None)


def _is_first(cli: CliContext, connection: Connection) -> bool:
    """Nothing was chosen yet, and tags were never synced: a choice of none is a choice too."""
    return not connection.settings.sync_dimensions and "tag_groups" not in cli.store.syncs(connection.id)


def _named(codes: Sequence[str], *, choose: bool, none: bool) -> list[str] | None:
    """What the person asks for: None to leave the choice as it is."""
    if choose and none:
        raise typer.BadParameter(_("use either --choose or --none, not both."))
    if codes and not choose:
        said = _("to choose them, run: kontobro dimensions --choose {codes}").format(codes=" ".join(codes))
        raise typer.BadParameter(said)
    if choose and not codes:
        raise typer.BadParameter(_("--choose needs codes. To choose none, use --none."))
    if len(codes) > MOST:
        said = _("Pleo allows {most} tags per expense; dimensions named: {count}.").format(most=MOST, count=len(codes))
        raise typer.BadParameter(said)
    return [] if none else list(codes) if choose else None


def active_dimensions(connector: Connector) -> list[Dimension]:
    """The dimensions that can be chosen. Raises Misconfigured when the accounting system has none to give."""
    from kontobro.core.model.masterdata import Dimension

    if Dimension not in connector.capabilities.kinds:
        raise Misconfigured(*told("cli_no_dimensions"))
    return sorted((found for found in connector.read(Dimension) if found.active), key=lambda found: found.code)


def groups_at_pleo(cli: CliContext, connection: Connection) -> list[str] | None:
    """The codes of Pleo's active tag groups; None when we may not ask."""
    groups = named_groups(cli, connection)
    return None if groups is None else [code for code, _ in groups]


def named_groups(cli: CliContext, connection: Connection) -> list[tuple[str, str]] | None:
    """Code and name of each active tag group of Pleo; None when we may not ask."""
    try:
        existing = cli.sync_ports(connection).target.read("tag_groups")
        return [(group.code, group.name) for group in existing if not group.archived]
    except (NotAllowed, Misconfigured) as fault:
        show.tell(_("Pleo's tag groups are not shown: {why}").format(why=note_words(fault.message)), "yellow")
        return None


def _wanted(dimensions: Sequence[Dimension], connection: Connection, named: Sequence[str] | None) -> list[Dimension]:
    """The named dimensions, else those chosen before that are still active."""
    if named is not None:
        return list(dict.fromkeys(_found(dimensions, name) for name in named))
    kept = dimensions_in_codes(connection.settings, dimensions).sync_dimensions
    return [found for found in dimensions if found.code in kept]


def _folded(code: str) -> str:
    return code.strip().casefold()


def _found(dimensions: Sequence[Dimension], name: str) -> Dimension:
    found = [one for one in dimensions if _folded(name) == _folded(one.code)]
    if len(found) == 1:
        return found[0]
    known = tuple(one.code for one in dimensions)
    fix = phrase("cli_choose_from", names=known) if known else phrase("cli_system_has_none")
    if found:
        raise Misconfigured(*told("cli_dimension_several", name=shown(name), fix=fix))
    raise Misconfigured(*told("cli_dimension_unknown", name=shown(name), fix=fix))


def store_choice(cli: CliContext, connection: Connection, wanted: Sequence[Dimension]) -> Connection:
    """The connection with these dimensions chosen, by code."""
    settings = replace(connection.settings, sync_dimensions=tuple(found.code for found in wanted))
    chosen = replace(connection, settings=settings)
    cli.store.save_connection(chosen)
    return chosen


def _choices(
    connector: Connector, dimensions: Sequence[Dimension], wanted: Sequence[Dimension], known: set[str] | None
) -> list[Choice]:
    from kontobro.core.model.masterdata import DimensionValue

    counts = Counter(value.dimension_id for value in connector.read(DimensionValue) if value.active)
    return [
        Choice(found, counts[found.id], found in wanted, None if known is None else _folded(found.code) in known)
        for found in dimensions
    ]


def _print(choices: Sequence[Choice], *, preselected: bool, stored: bool) -> None:
    if not choices:
        show.say(_("The accounting system has no active dimension, so nothing can be chosen."))
        return
    heads = ("chosen", "code", "name", "values", "tag group in Pleo")
    rows = sheet(*heads, right=["values"], whole=["code"], spare=["values"])
    for choice in choices:
        at_pleo = {True: _("yes"), False: _("not yet"), None: "?"}[choice.at_pleo]
        mark = "✓" if choice.chosen else ""
        rows.add_row(mark, choice.dimension.code, choice.dimension.name, str(choice.values), at_pleo)
    show.console().print(rows)
    chosen = [choice.dimension.code for choice in choices if choice.chosen]
    if preselected:
        said = _("Chosen because Pleo has tag groups with these codes: {codes}.")
        show.say(said.format(codes=", ".join(chosen)))
    if not chosen:
        said = _("None chosen. Choose up to {most}: kontobro dimensions --choose {code}")
        show.say(said.format(most=MOST, code=choices[0].dimension.code))
    elif stored or preselected:
        show.say(_("To see what this changes in Pleo: kontobro sync plan dimensions"), "dim")
    else:
        said = _("To choose others (up to {most}): kontobro dimensions --choose {codes}")
        show.say(said.format(most=MOST, codes=" ".join(chosen)), "dim")
