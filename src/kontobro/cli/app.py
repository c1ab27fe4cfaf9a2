"""The app: global options, one place where faults become a message and an exit code, the verbs."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from kontobro import __version__
from kontobro.cli import (
    bookings,
    check,
    check_again,
    connect,
    demo,
    dimensions,
    disconnect,
    doctor,
    export,
    jobs,
    personal_data,
    preview,
    rotate_keys,
    sandbox,
    serve,
    settings,
    settle,
    sync,
    tie_out,
    web,
    worker,
)
from kontobro.cli.desk import Desk
from kontobro.cli.exits import Exit, epilog, exit_of
from kontobro.core.errors import KontobroError, Misconfigured, said_of


class Verbs(TyperGroup):
    """Turns every fault of a verb into one clear message and its exit code; a traceback only with --debug."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KontobroError as error:
            raise typer.Exit(_tell(error, ctx)) from error
        except KeyboardInterrupt:
            _tell_stopped(ctx)
            raise  # Typer ends with 130
        except BrokenPipeError:
            raise  # who read us has gone (`| head`): Typer ends quietly
        except OSError as error:
            raise typer.Exit(_tell(_of_files(error), ctx)) from error
        except Exception as error:
            if isinstance(error, typer.Abort) or hasattr(error, "exit_code"):
                raise  # Typer's own ways out
            raise typer.Exit(_tell(_of_a_bug(error), ctx)) from error
        finally:
            if isinstance(ctx.obj, Desk):
                ctx.obj.close()


def _of_files(error: OSError) -> KontobroError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "Make room on the disk, then run it again." if full else "See that it exists and is yours."
    return Misconfigured(f"A file can't be used: {said_of(error)}.", remedy)


def _tell_stopped(ctx: Any) -> None:
    """Whoever stops an export wants to know that nothing is lost."""
    from kontobro.cli.show import tell

    if ctx.invoked_subcommand == "export":
        tell("Stopped. Nothing is lost: kontobro export goes on where it was, and books nothing twice.")


def _of_a_bug(error: Exception) -> KontobroError:
    """Its type alone: what a stray exception says may hold anything."""
    remedy = "Nothing is booked twice by running it again; with --debug it shows where: please report that."
    return KontobroError(f"Kontobro has a fault ({type(error).__name__}).", remedy)


def _tell(error: KontobroError, ctx: Any) -> int:
    from kontobro.cli.show import say_fault

    desk = ctx.obj
    if isinstance(desk, Desk) and desk.debug:
        import traceback

        typer.echo("".join(traceback.format_exception(error)), err=True)
    say_fault(error.message, error.remedy)
    return exit_of(error)


app = typer.Typer(
    cls=Verbs,
    name="kontobro",
    help="Books what a bookkeeper exports from Pleo in your accounting system, exactly once.",
    epilog=epilog(),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def default_home() -> Path:
    """Where settings, tokens and history live when nobody says otherwise (platformdirs)."""
    from platformdirs import user_data_path

    return user_data_path("kontobro", appauthor=False)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kontobro {__version__}")
        raise typer.Exit(Exit.FINE)


@app.callback()
def main_options(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(envvar="KONTOBRO_HOME", help="Folder of settings, tokens and history.", show_default=False),
    ] = None,
    connection: Annotated[
        str | None,
        typer.Option(envvar="KONTOBRO_CONNECTION", help="Which connection, when there are several.", metavar="NAME"),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Structured log on stderr.")] = False,
    debug: Annotated[bool, typer.Option(help="Show the traceback of a fault.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    desk = context.obj if isinstance(context.obj, Desk) else Desk()
    desk.home = home or (desk.home if desk.home.parts else default_home())
    desk.name = connection
    desk.debug = debug
    context.obj = desk
    if verbose:
        from kontobro.cli.logs import log_to_stderr

        context.call_on_close(log_to_stderr())


for verb in (connect, disconnect, check, dimensions, jobs, preview, export, settle, bookings, sandbox, demo, doctor):
    app.command(name=verb.__name__.rpartition(".")[2])(verb.run)
app.command(name="check-again")(check_again.run)
app.command(name="rotate-keys")(rotate_keys.run)
for verb in (serve, web, worker):
    app.command(name=verb.__name__.rpartition(".")[2])(verb.run)
app.command(name="tie-out")(tie_out.run)
app.add_typer(personal_data.app, name="personal-data")
app.add_typer(sync.app, name="sync")
app.add_typer(settings.app, name="settings")


def main() -> None:
    """The console script."""
    app(prog_name="kontobro")
