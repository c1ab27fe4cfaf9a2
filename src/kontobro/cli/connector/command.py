"""`kontobro connector new`: a package with a connector that works, its tests and its CI."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from kontobro.cli.common import show
from kontobro.core.errors import Misconfigured, shown

app = typer.Typer(help="Write a connector for another accounting system.", no_args_is_help=True)


@app.callback()
def connector() -> None:
    """Write a connector for another accounting system."""


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="What people give to --erp: lower-case letters, digits, - and _.")],
    into: Annotated[Path | None, typer.Option(help="Folder of the package; kontobro-NAME unless given.")] = None,
    label: Annotated[str, typer.Option(help="The accounting system's name as people write it.")] = "",
) -> None:
    """Create a package with a complete connector (over a SQLite file), the contract suite and a CI file."""
    from kontobro.cli.common.extras import require_extra

    _require_free(name)
    label = label or _label(name)
    _require_plain(label)
    package = f"kontobro-{name.replace('_', '-')}"
    folder = into or Path(package)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Misconfigured(f"{folder} already exists.", "Choose an empty folder with --into.")
    require_extra("connector")
    written = {"name": name, "package": package, "module": package.replace("-", "_"), "label": label}
    _write(folder, written)
    show.say(f"✓ {folder} is a package with a complete connector over a SQLite file.", "bold green")
    show.say(f"  Install it:  pip install --editable {folder}[test]")
    show.say(f"  Prove it:    python -m pytest {folder}")
    show.say("  Then put your system in place of the file; the tests say what is still missing.")
    show.say("  Its files are explained in docs/connectors/writing-one.md.")


def _require_free(name: str) -> None:
    """Raises Misconfigured for a name that no package may register."""
    from kontobro.erp.registry import NAME, OURS

    if not NAME.fullmatch(name):
        raise Misconfigured(
            f'"{shown(name)}" is not a valid name for a connector.',
            "Use lower-case letters, digits, - and _; begin with a letter.",
        )
    if name in OURS:
        raise Misconfigured(f"{name} is one of Kontobro's own connectors.", "Choose another name.")


def _require_plain(label: str) -> None:
    """The label is written into Python, TOML and Markdown."""
    if not label.isprintable() or len(label) > 60 or any(sign in label for sign in '"\\{}`'):
        raise Misconfigured(
            f'"{shown(label)}" can\'t be the name of an accounting system here.',
            "Use at most 60 characters, without quotes, braces and backslashes.",
        )


def _label(name: str) -> str:
    return " ".join(word.capitalize() for word in name.replace("_", "-").split("-") if word)


def _write(folder: Path, data: dict[str, str]) -> None:
    from copier import run_copy

    with as_file(files("kontobro.cli.connector") / "template") as template:
        run_copy(str(template), folder, data=data, defaults=True, quiet=True)
