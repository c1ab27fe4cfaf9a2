"""Someone at a terminal, with a ledger and Pleo in a box."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from kontobro.bootstrap import DATABASE, App, open_app
from kontobro.cli.app import app
from kontobro.cli.common.context import CliContext
from pleo_sandbox.server import DemoSandbox
from tests.support.empty_store import put_empty_store

DEMO = Path(str(files("kontobro.erp.beancount") / "demo"))


def open_ready_app(path: Path) -> App:
    """What a first verb finds when it has made its home."""
    put_empty_store(path / DATABASE)
    return open_app(path)


@dataclass
class Person:
    """Someone at a terminal, with a ledger and Pleo in a box; keeps all that was ever shown."""

    folder: Path
    sandbox: DemoSandbox
    url: str
    shown: list[str] = field(default_factory=list)

    @property
    def books(self) -> Path:
        return self.folder / "books" / "ledger.beancount"

    def types(self, *words: str, stdin: str | None = None, at_terminal: bool = False) -> Result:
        home = ["--home", str(self.folder / "home"), "--verbose", "--debug"]
        cli = CliContext(open_app=open_ready_app, can_ask=lambda: at_terminal)
        result = CliRunner().invoke(app, [*home, *words], obj=cli, input=stdin, env={"LANG": "C.UTF-8"})
        self.shown.append(result.output)
        return result

    def reads(self, *words: str, codes: tuple[int, ...] = (0, 1)) -> Any:
        result = self.types(*words, "--json")
        assert result.exit_code in codes, result.output
        return json.loads(result.stdout)

    def connects(self, *words: str) -> Result:
        place = ["--environment", "sandbox", "--url", self.url, "--ledger", str(self.books)]
        return self.types("connect", *place, *words, "--api-key-stdin", stdin=f"{self.sandbox.api_key}\n")
