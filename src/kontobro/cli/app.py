"""The app: global options, one place where faults become a message and an exit code, the verbs."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
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
    dimensions,
    disconnect,
    doctor,
    documents,
    elsewhere,
    export,
    jobs,
    personal_data,
    preview,
    probe,
    prove,
    rotate_keys,
    sandbox,
    serve,
    settle,
    template,
    tie_out,
    web,
    worker,
)
from kontobro.cli.common import words
from kontobro.cli.common.context import CliContext
from kontobro.cli.common.exits import Exit, epilog, exit_of
from kontobro.cli.common.extras import extra_of
from kontobro.cli.common.words import _
from kontobro.cli.connector import command as connector
from kontobro.cli.demo import command as demo
from kontobro.cli.settings import command as settings
from kontobro.cli.sync import command as sync
from kontobro.core.errors import KontobroError, Misconfigured, said_of
from kontobro.core.words import phrase, told

GLOBAL_VALUES = ("--home", "--connection", "--lang")
GLOBAL_FLAGS = ("--verbose", "-v", "--debug", "--no-debug")


def globals_first(words: Sequence[str]) -> list[str]:
    """The words with the global options moved before the verb: a person may give them after it too."""
    ahead: list[str] = []
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--":
            rest += [word, *left]
        elif word in GLOBAL_VALUES:
            ahead += [word, *(value for value in [next(left, None)] if value is not None)]
        elif word in GLOBAL_FLAGS or word.partition("=")[0] in GLOBAL_VALUES:
            ahead.append(word)
        else:
            rest.append(word)
    return [*ahead, *rest]


class Verbs(TyperGroup):
    """Turns every fault of a verb into one clear message and its exit code; a traceback only with --debug."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words.choose(args)
        if not args or {"--help", "-h"} & set(args):
            words.in_language(self)
        return super().parse_args(ctx, globals_first(args))

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
        except ModuleNotFoundError as error:
            raise typer.Exit(_tell(_of_an_extra(error), ctx)) from error
        except Exception as error:
            if isinstance(error, typer.Abort) or hasattr(error, "exit_code"):
                raise  # Typer's own ways out
            raise typer.Exit(_tell(_of_a_bug(error), ctx)) from error
        finally:
            if isinstance(ctx.obj, CliContext):
                ctx.obj.close()


def _of_files(error: OSError) -> KontobroError:
    names = {errno.ENOSPC: "full", errno.ENOENT: "path", errno.EACCES: "rights"}
    remedy = phrase(f"cli_file_{names.get(error.errno or 0, 'owner')}")
    why = error.strerror or said_of(error)
    if not error.filename:
        return Misconfigured(*told("cli_file_unusable", why=why, remedy=remedy))
    return Misconfigured(*told("cli_file_unusable_named", file=str(error.filename), why=why, remedy=remedy))


def _tell_stopped(ctx: Any) -> None:
    """Whoever stops an export wants to know that nothing is lost."""
    from kontobro.cli.common.show import tell

    if ctx.invoked_subcommand == "export":
        tell(_("Stopped. Nothing is lost: kontobro export continues where it stopped, and books nothing twice."))


def _of_a_bug(error: Exception) -> KontobroError:
    """Its type alone: what a stray exception says may hold anything."""
    return KontobroError(*told("cli_unexpected", kind=type(error).__name__))


def _of_an_extra(error: ModuleNotFoundError) -> KontobroError:
    """A library of one of the extras is not installed: which extra has it."""
    extra = extra_of((error.name or "").partition(".")[0])
    if extra is None:
        return _of_a_bug(error)
    return Misconfigured(*told("cli_extra_missing", extra=extra))


def _tell(error: KontobroError, ctx: Any) -> int:
    from kontobro.cli.common.show import say_fault

    cli = ctx.obj
    if isinstance(cli, CliContext) and cli.debug:
        import traceback

        typer.echo("".join(traceback.format_exception(error)), err=True)
    say_fault(*words.fault_words(error), error.command)
    return exit_of(error)


app = typer.Typer(
    cls=Verbs,
    name="kontobro",
    help="Books what a bookkeeper exports from Pleo in your accounting system, exactly once.",
    epilog=epilog(),
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def default_home() -> Path:
    """Where settings, tokens and history live unless told otherwise (platformdirs)."""
    from platformdirs import user_data_path

    return user_data_path("kontobro", appauthor=False)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kontobro {__version__}")
        raise typer.Exit(Exit.OK)


@app.callback()
def main_options(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(envvar="KONTOBRO_HOME", help="Data folder: settings, tokens and history.", show_default=False),
    ] = None,
    connection: Annotated[
        str | None,
        typer.Option(envvar="KONTOBRO_CONNECTION", help="Which connection, when there are several.", metavar="NAME"),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(words.OPTION, help="Language: da, de, en, fr or sv. Else your terminal's (LANG).", metavar="CODE"),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Structured log on stderr.")] = False,
    debug: Annotated[bool, typer.Option(help="Show the traceback of errors, including errors in your hook.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    cli = context.obj if isinstance(context.obj, CliContext) else CliContext()
    cli.home = home or (cli.home if cli.home.parts else default_home())
    cli.name = connection
    cli.debug = debug
    context.obj = cli
    if verbose:
        from kontobro.cli.common.logs import log_to_stderr

        context.call_on_close(log_to_stderr())
    else:
        from kontobro.cli.common.logs import leave_news_to_doctor

        leave_news_to_doctor()
    if debug:
        from kontobro.cli.common.logs import traces_to_stderr

        context.call_on_close(traces_to_stderr())


BOOKING, MASTERS, SETUP, RUNNING = "Book and check", "Settings and master data", "Connect and manage", "Run"


def _add(name: str, run: Callable[..., None], panel: str, example: str) -> None:
    app.command(name=name, rich_help_panel=panel, epilog=f"Example: {example}")(run)


_add("connect", connect.run, SETUP, "kontobro connect --erp odoo --erp-url https://odoo.example.com")
_add("check", check.run, SETUP, "kontobro check")
_add("jobs", jobs.run, BOOKING, "kontobro jobs --all")
_add("preview", preview.run, BOOKING, "kontobro preview 4b1f --problems")
_add("export", export.run, BOOKING, "kontobro export --watch")
_add("bookings", bookings.run, BOOKING, "kontobro bookings --failed")
_add("elsewhere", elsewhere.run, BOOKING, "kontobro elsewhere")
_add("check-again", check_again.run, BOOKING, "kontobro check-again --all")
_add("settle", settle.run, BOOKING, "kontobro settle")
app.add_typer(documents.app, name="documents", rich_help_panel=BOOKING)
app.add_typer(template.app, name="template", rich_help_panel=MASTERS)
_add("tie-out", tie_out.run, BOOKING, "kontobro tie-out --from 2026-10-01 --to 2026-10-31 --xlsx october.xlsx")
app.add_typer(settings.app, name="settings", rich_help_panel=MASTERS)
_add("dimensions", dimensions.run, MASTERS, "kontobro dimensions --choose COST PROJECT")
app.add_typer(sync.app, name="sync", rich_help_panel=MASTERS)
app.add_typer(personal_data.app, name="personal-data", rich_help_panel=SETUP)
app.add_typer(connector.app, name="connector", rich_help_panel=RUNNING)
_add("prove", prove.run, RUNNING, "kontobro prove --erp visma --books tests.test_kontobro_visma:books_of")
_add("probe", probe.run, SETUP, "kontobro probe --set")
_add("rotate-keys", rotate_keys.run, SETUP, "kontobro rotate-keys")
_add("doctor", doctor.run, SETUP, "kontobro doctor")
_add("disconnect", disconnect.run, SETUP, "kontobro disconnect")
_add("demo", demo.run, RUNNING, "kontobro demo")
_add("sandbox", sandbox.run, RUNNING, "kontobro sandbox --ledger books")
_add("serve", serve.run, RUNNING, "kontobro serve")
_add("web", web.run, RUNNING, "kontobro web")
_add("worker", worker.run, RUNNING, "kontobro worker")


def main() -> None:
    """The console script. A terminal whose encoding lacks a character shows another in its place."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    app(prog_name="kontobro")
