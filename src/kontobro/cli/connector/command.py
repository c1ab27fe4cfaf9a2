"""`kontobro connector new`: a package with a connector that works, its tests and its CI."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.words import _
from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import told

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
        raise Misconfigured(*told("cli_folder_exists", folder=str(folder)))
    require_extra("connector")
    written = {"name": name, "package": package, "module": package.replace("-", "_"), "label": label}
    _write(folder, written)
    made = _("✓ {folder} is a package with a complete connector over a SQLite file.")
    show.say(made.format(folder=folder), "bold green")
    show.say("  " + _("Install it: {command}").format(command=f"pip install --editable {folder}[test]"))
    show.say("  " + _("Prove it: {command}").format(command=f"python -m pytest {folder}"))
    show.say("  " + _("Then put your system in place of the file; the tests say what is still missing."))
    show.say("  " + _("Its files are explained in docs/connectors/writing-one.md."))


def _require_free(name: str) -> None:
    """Raises Misconfigured for a name that no package may register."""
    from kontobro.erp.registry import NAME, OURS

    if not NAME.fullmatch(name):
        raise Misconfigured(*told("cli_connector_name", name=shown(name)))
    if name in OURS:
        raise Misconfigured(*told("cli_connector_ours", name=name))


def _require_plain(label: str) -> None:
    """The label is written into Python, TOML and Markdown."""
    if not label.isprintable() or len(label) > 60 or any(sign in label for sign in '"\\{}`'):
        raise Misconfigured(*told("cli_connector_label", label=shown(label)))


def _label(name: str) -> str:
    return " ".join(word.capitalize() for word in name.replace("_", "-").split("-") if word)


def _write(folder: Path, data: dict[str, str]) -> None:
    from copier import run_copy

    with as_file(files("kontobro.cli.connector") / "template") as template:
        run_copy(str(template), folder, data=data, defaults=True, quiet=True)
