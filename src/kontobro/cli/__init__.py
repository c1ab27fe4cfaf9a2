"""The command line: one file per verb, each of them parse, call, show."""

from __future__ import annotations


def main() -> None:
    """Entry point of the `kontobro` script; imports the app only when it runs."""
    from kontobro.cli.app import main as run

    run()
