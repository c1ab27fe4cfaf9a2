"""What a person says of the accounting system: its options, its secrets, its company."""

from __future__ import annotations

import getpass
import inspect
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext
from kontobro.cli.common.words import _
from kontobro.core.errors import Misconfigured, SeveralCompanies, shown
from kontobro.core.words import part_of, told
from kontobro.erp.kit.registration import COMPANY, FLAGGED, Option, Registration
from kontobro.erp.registry import Registry

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection


ErpOptions = Annotated[
    list[str] | None, typer.Option(metavar="KEY=VALUE", help="An option of the accounting system; repeatable.")
]
ErpSecret = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="Name of a secret that your own connector needs; you are asked for it. Repeatable."
    ),
]
ErpSecretStdin = Annotated[
    bool, typer.Option("--erp-secret-stdin", help="Read the accounting system's secrets from stdin, one per line.")
]


def with_erp_flags(verb: Callable[..., None]) -> Callable[..., None]:
    """The verb with a flag for each option of a connector that has one, after its first option."""
    whole = inspect.signature(verb, eval_str=True)
    own = [parameter for parameter in whole.parameters.values() if parameter.kind is not inspect.Parameter.VAR_KEYWORD]
    verb.__signature__ = whole.replace(parameters=[*own[:2], *map(_flag, FLAGGED), *own[2:]])  # type: ignore[attr-defined]
    return verb


def _flag(option: Option) -> inspect.Parameter:
    """The option as Typer reads it."""
    told = typer.Option(option.flag, help=option.help, metavar=option.metavar, show_default=False)
    given = Annotated[Path | None, told] if option.kind == "path" else Annotated[str | None, told]
    return inspect.Parameter(_name(option), inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=given)


def _name(option: Option) -> str:
    """`erp_url` of `--erp-url`."""
    return option.flag.lstrip("-").replace("-", "_")


def erp_options(erp: str, pairs: Sequence[str], flags: Mapping[str, str | Path | None]) -> dict[str, str]:
    """The connector's options, of `--erp-option` and of flags of their own (`--erp-url`); a path is kept absolute, for
    cron starts in another folder. Raises Misconfigured for a connector that is not installed."""
    registration = Registry().get(erp)
    options = dict(_pair(registration, pair) for pair in pairs)
    options |= {option.name: str(value) for option in FLAGGED if (value := flags.get(_name(option)))}
    for name in registration.unknown(options):
        known = ", ".join(option.name for option in registration.settings)
        has = _("Its options are {names}.").format(names=known) if known else _("It has none.")
        said = _('{erp} has no option "{name}".').format(erp=erp, name=shown(name))
        raise typer.BadParameter(f"{said} {has}", param_hint="--erp-option")
    return options | {name: _absolute(path) for name, path in registration.values_of("path", options).items()}


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().resolve())


def _pair(registration: Registration, pair: str) -> tuple[str, str]:
    name, found, value = pair.partition("=")
    if name in [option.name for option in registration.secrets]:
        said = _(
            "{name} is a secret. Don't pass it as an argument, because other users of this machine can read arguments. "
            "You are asked for it, or it is read from {variable}."
        )
        raise typer.BadParameter(said.format(name=name, variable=variable_of(name)), param_hint="--erp-option")
    if not found or not name:
        raise typer.BadParameter(_('"{pair}" is not KEY=VALUE.').format(pair=pair), param_hint="--erp-option")
    return name, value


def variable_of(name: str) -> str:
    """The environment variable of a secret: KONTOBRO_ERP_API_KEY."""
    return f"KONTOBRO_ERP_{name.upper().replace('-', '_')}"


def erp_secrets(erp: str, options: Mapping[str, str], named: Sequence[str] = (), *, from_stdin: bool) -> dict[str, str]:
    """The accounting system's secrets, and those `named` by the person: lines of stdin, the environment, or asked.
    Raises Misconfigured for a missing one."""
    declared = Registry().get(erp).secrets_for(options)
    own = [Option(name, name, "secret") for name in named if name not in [option.name for option in declared]]
    given = {option.name: _secret(erp, option, from_stdin=from_stdin) for option in (*declared, *own)}
    return {name: secret for name, secret in given.items() if secret}


def _secret(erp: str, option: Option, *, from_stdin: bool) -> str:
    variable = variable_of(option.name)
    secret = sys.stdin.readline() if from_stdin else os.environ.get(variable, "")
    if not secret and not from_stdin:
        question = _("{erp}: {label} (not shown)") if option.required else _("{erp}: {label} (not shown, may be empty)")
        secret = asked_secret(question.format(erp=erp, label=option.label))
    if option.required and not secret.strip():
        raise Misconfigured(*told("cli_erp_secret", label=option.label, erp=shown(erp), variable=variable))
    return secret.strip()


def asked_secret(question: str) -> str:
    """A secret as typed; none where no terminal can hide it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return str(typer.prompt(question, default="", show_default=False, hide_input=True, err=True))
        except getpass.GetPassWarning:
            return ""


def with_company(cli: CliContext, draft: Connection, secrets: Mapping[str, str]) -> Connection:
    """The draft with its company of the accounting system named: one that is added there later changes nothing.

    A trial of the accounting system: raises what its `check` raises.
    """
    if not Registry().get(draft.erp).takes_company:
        return draft
    try:
        company = cli.app.connector_for(draft, secrets).check().id
    except SeveralCompanies as several:
        company = _chosen_company(cli, several)
    return replace(draft, erp_options={**draft.erp_options, COMPANY.name: company})


def _chosen_company(cli: CliContext, several: SeveralCompanies) -> str:
    """The company that the person picks from the list; without a person to ask it is a setting to fix."""
    if not several.companies or not cli.can_ask():
        raise Misconfigured(*told("cli_several_companies", message=part_of(several.message))) from several
    show.tell(_("This login has access to several companies:"))
    for number, name in several.companies:
        show.tell(f"  {number}  {name}")
    answer = str(typer.prompt(_("Company (number in the list)"), err=True)).strip()
    if answer not in dict(several.companies):
        said = _('"{answer}" is not one of them.').format(answer=shown(answer))
        raise typer.BadParameter(said, param_hint="--erp-company")
    return answer
