"""`kontobro check`: everything that is wrong, at once, each with its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli import show
from kontobro.cli.desk import Desk, desk_of
from kontobro.cli.exits import Exit, exit_of
from kontobro.core.errors import KontobroError

if TYPE_CHECKING:
    from kontobro.core.connection import Connection
    from kontobro.core.export import Identity, Installation
    from kontobro.core.ports import Connector, Pleo
    from kontobro.install.level import NextLevel

SEVERITY = (Exit.FAULT, Exit.UNREACHABLE, Exit.MEND, Exit.BUSY, Exit.UNFINISHED, Exit.PROBLEMS, Exit.FINE)
"""Which exit code wins when there are several findings."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One look: `code` FINE, or what is wrong and how to mend it."""

    subject: str
    message: str
    remedy: str = ""
    code: Exit = Exit.FINE

    def shape(self) -> dict[str, object]:
        return {
            "subject": self.subject,
            "ok": self.code == Exit.FINE,
            "message": self.message,
            "remedy": self.remedy,
            "exit_code": int(self.code),
        }


def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """See that Pleo and the accounting system answer and the settings are complete."""
    desk = desk_of(context)
    connection = desk.connection()
    findings = list(look(desk, connection))
    code = next(code for code in SEVERITY if code == Exit.FINE or any(f.code == code for f in findings))
    if as_json:
        show.emit({"ok": code == Exit.FINE, "findings": [finding.shape() for finding in findings]})
    else:
        _print(findings)
    raise typer.Exit(code)


def look(desk: Desk, connection: Connection) -> Iterator[Finding]:
    """Every look in turn; one that fails never hides the next."""
    place = desk.workplace
    if connection.status != "connected":
        remedy = "Run kontobro connect again; settings and history are kept."
        yield Finding("connection", f"The connection is {connection.status}.", remedy, Exit.MEND)
    else:
        yield from _guarded("Pleo", lambda: _look_at_pleo(place.pleo_for(connection), desk, connection))
    there = list(_guarded("accounting system", lambda: _look_at_erp(place.connector_for(connection), connection)))
    yield from there
    if all(finding.code == Exit.FINE for finding in there):  # else it would say the same again
        yield from _guarded("settings", lambda: _look_at_settings(place.connector_for(connection), connection))


def _guarded(subject: str, looks: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from looks()
    except KontobroError as error:
        yield Finding(subject, error.message, error.remedy, exit_of(error))


def _look_at_pleo(pleo: Pleo, desk: Desk, connection: Connection) -> Iterator[Finding]:
    identity = pleo.introspect()
    yield Finding("Pleo", f"reachable, logged in by {identity.auth_method.lower().replace('_', ' ')}")
    yield from _guarded("level", lambda: _look_at_level(identity, desk, connection))
    yield _of_installation(pleo.installation())


def _look_at_level(identity: Identity, desk: Desk, connection: Connection) -> Iterator[Finding]:
    """What the connection keeps in step, whether the credential suffices for it, and what the next level needs."""
    from kontobro.core.level import level_of, scopes_for
    from kontobro.install.level import meanings_of, missing_scopes, next_level

    settings = connection.settings
    level = level_of(settings)
    if scopes := missing_scopes(scopes_for(settings), identity):
        message = f"The credential lacks permissions for what is switched on: {', '.join(scopes)}."
        yield Finding("permissions", message, "Connect again with a credential that has them.", Exit.MEND)
    else:
        yield Finding("permissions", f"all that Level {level} needs")
    on = f"; switched on: {', '.join(settings.sync)}" if settings.sync else ""
    needs = next_level(level, desk.workplace.connector_for(connection).capabilities, identity)
    yield Finding("level", f"{level}: {meanings_of(level)}{on}", _said_of_next(needs))
    if "dimensions" in settings.sync and not settings.sync_dimensions:
        yield Finding("dimensions", "none is chosen, so Pleo gets no tags", "Choose with kontobro dimensions.")


def _said_of_next(needs: NextLevel | None) -> str:
    if needs is None:
        return ""
    if needs.kinds:
        return f"Level {needs.level} needs {', '.join(needs.kinds)}, which this accounting system does not supply."
    permissions = f"the permissions {', '.join(needs.scopes)}; then: " if needs.scopes else ""
    return f"Level {needs.level} needs {permissions}kontobro connect --level {needs.level}"


def _of_installation(installation: Installation | None) -> Finding:
    from kontobro.install.connect import ACTIVE, PENDING

    if installation is not None and installation.status == ACTIVE:
        return Finding("installation", f"Pleo says {installation.status}")
    if installation is not None and installation.status == PENDING:
        remedy = "Run kontobro sync apply: the installation is activated after it."
        return Finding("installation", "Pleo waits for the first sync.", remedy, Exit.MEND)
    state = installation.status if installation else "not there"
    return Finding("installation", f"The installation at Pleo is {state}.", "Run kontobro connect again.", Exit.MEND)


def _look_at_erp(connector: Connector, connection: Connection) -> Iterator[Finding]:
    company = connector.check()
    if connection.erp_company and company.id != connection.erp_company:
        yield Finding(
            "accounting system",
            f"It is company {company.id} ({company.name}); connected was {connection.erp_company}.",
            "Point the connection at the company it was made for, or connect the other one anew.",
            Exit.MEND,
        )
        return
    yield Finding("accounting system", f"{connection.erp}: {company.name}, {company.currency}")


def _look_at_settings(connector: Connector, connection: Connection) -> Iterator[Finding]:
    from kontobro.core.settings_check import check_settings
    from kontobro.export.masters import load_masters

    problems = check_settings(connection.settings, load_masters(connector, connector.check()))
    for problem in problems:
        yield Finding(f"settings: {problem.field}", problem.message, problem.remedy, Exit.MEND)
    if not problems:
        yield Finding("settings", "complete, and all accounts are there")


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        good = finding.code == Exit.FINE
        show.say(f"{'✓' if good else '✗'} {finding.subject}: {finding.message}", None if good else "red")
        if finding.remedy:
            show.say(f"  {finding.remedy}")
    wrong = sum(1 for finding in findings if finding.code != Exit.FINE)
    show.say(f"{wrong} to mend." if wrong else "All is well: kontobro export can run.", "bold")
