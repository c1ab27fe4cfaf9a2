"""What `make demo ERP=...` does whichever accounting system it is: the demo's Pleo company exported into a real one.

The demo's own accounts, tax codes, dimensions, vendors and employees are read from its ledger and made in a fresh clone
of the system's template, so that the same expenses find the same codes; then the system itself is asked what exists.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext
from kontobro.cli.connect import connect_with, draft_connection
from kontobro.cli.demo.ledger import MARK, clean
from kontobro.cli.demo.show import print_exported
from kontobro.cli.demo.steps import export_all
from kontobro.cli.settings.apply import apply_settings, masters_of, read_toml
from kontobro.core.errors import KontobroError
from kontobro.core.level import Level
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.masters import Masters
from kontobro.erp.registry import load_connector
from kontobro.export.job.masters import load_masters
from pleo_sandbox.demo.cast import ACCOUNTS, CONTRA
from pleo_sandbox.demo.company import SECOND_BATCH
from pleo_sandbox.server import DemoSandbox, demo_sandbox, serve

UNAVAILABLE = 75
FOLDER = Path("demo")
LEVEL: Level = 1
"""A real system's own chart would bring hundreds of accounts into the demo's Pleo: here only the export is shown."""


class Place(Protocol):
    """A real accounting system with an empty company: how to connect to it, furnish it, and ask it what exists."""

    @property
    def erp(self) -> str: ...

    @property
    def options(self) -> Mapping[str, str]: ...

    @property
    def secrets(self) -> Mapping[str, str]: ...

    def furnish(self, masters: Masters) -> None:
        """Make what the demo's expenses name."""
        ...

    def entry_counts(self) -> Mapping[str, int]:
        """What the system itself says: `entries`, `duplicates`, `drafts`, `receipts`."""
        ...


def demo(absent: str | None, opened: Callable[[Path], AbstractContextManager[Place]]) -> int:
    """The exit code. `absent` says what to do where the system is not installed; `opened` starts it with a log."""
    if absent:
        print(absent, file=sys.stderr)
        return UNAVAILABLE
    try:
        clean(FOLDER)
        with opened((FOLDER / "server.log").resolve()) as place:
            return run(place)
    except KontobroError as fault:
        show.say_fault(fault.message, fault.remedy)
        return 1


def run(place: Place) -> int:
    begun = time.monotonic()
    with as_file(files("kontobro.erp.beancount") / "demo") as demo:
        source = load_connector("beancount", {"ledger": str(demo / "ledger.beancount")})
        place.furnish(load_masters(source, source.check()))
        settings = read_toml(demo / "settings.toml")
    sandbox = sandbox_by_codes()
    with serve(sandbox) as url:
        cli, connection = connected(place, url, sandbox.api_key, settings)
        ports = cli.ports(connection)
        with show.progress(quietly=False) as advance:
            results = export_all(connection, ports, advance)
            sandbox.press_export(sandbox.company_id, ids=SECOND_BATCH)
            results += export_all(connection, ports, advance)
        rows = ports.store.bookings(connection.id)
        cli.close()
    print_exported(rows)
    told = {
        "items": sum(result.items for result in results),
        "booked": sum(result.booked + result.already_booked for result in results),
        "failed": sum(result.failed for result in results),
        "uncertain": sum(result.uncertain for result in results),
        **place.entry_counts(),
        "seconds": round(time.monotonic() - begun, 1),
    }
    (FOLDER / MARK).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    show.say(json.dumps(told, indent=2))
    return 1 if told["duplicates"] or told["uncertain"] else 0


def sandbox_by_codes() -> DemoSandbox:
    """The demo's Pleo, Export pressed. It names accounts by their codes: the ids it usually sends are the ledger's."""
    with _named_by_codes():
        sandbox = demo_sandbox()
    sandbox.press_export(sandbox.company_id)
    return sandbox


@contextmanager
def _named_by_codes() -> Iterator[None]:
    """While the demo's company is made; who makes it afterwards finds it as it was."""
    accounts, contra = dict(ACCOUNTS), dict(CONTRA)
    codes = {"DKK": "1081", "EUR": "1082", "SEK": "1083"}
    ACCOUNTS.update({code: replace(account, code=code, identifier=None) for code, account in accounts.items()})
    CONTRA.update({one: replace(account, code=codes[one], identifier=None) for one, account in contra.items()})
    try:
        yield
    finally:
        ACCOUNTS.update(accounts)
        CONTRA.update(contra)


def connected(place: Place, url: str, key: str, settings: Mapping[str, object]) -> tuple[CliContext, Connection]:
    """Connect as a person would, with the demo's own settings."""
    cli = CliContext(home=FOLDER / "home")
    draft = draft_connection("sandbox", url, place.erp, dict(place.options))
    connect_with(cli, draft, Tokens(access=key), LEVEL, dict(place.secrets))
    connection = cli.connection()
    problems = apply_settings(cli, connection, settings, (), masters_of(cli, connection))
    if problems:
        raise KontobroError(" ".join(str(problem) for problem in problems))
    return cli, cli.connection()
