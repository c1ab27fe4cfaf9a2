"""`kontobro prove`: whole exports into an accounting system, killed everywhere and run again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from kontobro.cli.common import show
from kontobro.cli.common.erp_options import (
    ErpOptions,
    ErpSecret,
    ErpSecretStdin,
    erp_options,
    erp_secrets,
    with_erp_flags,
)
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.extras import require_extra
from kontobro.cli.common.words import _
from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import told
from kontobro.erp.registry import Registry, load_connector

if TYPE_CHECKING:
    from kontobro.erp.kit.guard import Guarded
    from kontobro.testing.connector.books import Books
    from kontobro.testing.export.proof import Verdict


@with_erp_flags
def run(
    erp: Annotated[str, typer.Option(help="The accounting system.")],
    books: Annotated[
        str,
        typer.Option(
            metavar="MODULE:FUNCTION", help="Your function that gives the company under test and its bookkeeper."
        ),
    ],
    erp_option: ErpOptions = None,
    erp_secret: ErpSecret = None,
    erp_secret_stdin: ErpSecretStdin = False,
    only: Annotated[str, typer.Option(metavar="TEXT", help="Only boundaries whose name contains this.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    **flags: str | Path | None,
) -> None:
    """Export into an accounting system, kill the exporter everywhere, run it again, and compare what it holds."""
    require_extra("sandbox")
    options = erp_options(erp, erp_option or [], flags)
    Registry().get(erp).require(options)
    secrets = erp_secrets(erp, options, erp_secret or [], from_stdin=erp_secret_stdin)
    connect = partial(connector, erp, options, secrets)
    verdicts = _verdicts(_books_of(books, connect, options), only, quiet=as_json)
    whole = sum(not verdict.wrong for verdict in verdicts)
    if as_json:
        kills = [{"boundary": one.boundary, "history": one.history, "wrong": list(one.wrong)} for one in verdicts]
        show.emit({"summary": {"processes_killed": len(verdicts), "whole": whole}, "kills": kills})
    else:
        for verdict in verdicts:
            if verdict.wrong:
                show.say(f"✗ {verdict}", "red")
        colour = "bold green" if whole == len(verdicts) else "bold red"
        said = _("Processes killed with kill -9: {killed}; whole after the next run: {whole}.")
        show.say(said.format(killed=len(verdicts), whole=whole), colour)
    raise typer.Exit(Exit.OK if whole == len(verdicts) else Exit.PROBLEMS)


def connector(erp: str, options: Mapping[str, str], secrets: Mapping[str, str]) -> Guarded:
    """The connector, made in any process."""
    return load_connector(erp, options, secrets.get)


def _books_of(path: str, connect: Callable[[], Guarded], options: Mapping[str, str]) -> Books:
    """What the author's function makes of the connector. Raises Misconfigured for no such function."""
    module, _, function = path.partition(":")
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does: it is the author's own module
    try:
        make: Any = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise Misconfigured(*told("cli_books_unloadable", path=shown(path), why=str(error))) from error
    return cast("Books", make(connect(), connect, options))


def _verdicts(books: Books, only: str, *, quiet: bool) -> list[Verdict]:
    from kontobro.testing.export.proof import export_proof

    with export_proof(books) as proof:
        try:
            boundaries = [name for name in proof.boundaries() if only in name]
        except AssertionError as fault:
            raise Misconfigured(*told("cli_fails_without_kill", why=str(fault))) from fault
        if not boundaries:
            said = _('no boundary\'s name contains "{text}"').format(text=shown(only))
            raise typer.BadParameter(said, param_hint="--only")
        with show.progress(quietly=quiet) as advance:
            found: list[Verdict] = []
            for boundary in boundaries:
                found += [proof.kill(boundary, "kept"), proof.kill(boundary, "deleted")]
                advance("Killing exporters", len(found), 2 * len(boundaries))
            return found
