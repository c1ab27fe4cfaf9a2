"""The command line: one file per verb, each of them parse, call, show."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of the `kontobro` script; imports the app only when it runs."""
    try:
        from kontobro.cli.app import main as run
    except ModuleNotFoundError as error:
        sys.exit(
            f"✗ The command line needs {error.name}, which is not installed.\n"
            '  Install it: pip install "kontobro[app,beancount]", or with pipx: '
            'pipx install --force "kontobro[app,beancount]".'
        )
    run()
