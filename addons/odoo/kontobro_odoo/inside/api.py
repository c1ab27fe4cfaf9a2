"""Odoo's models as the API connector calls them over HTTP, in process: one mapping, two transports.

Each call is one transaction on a cursor of its own, as a JSON-2 call is, and its faults are the same. What goes in and
out passes through JSON, so that it is the same to the last digit: Odoo's floats become the `Decimal` of their digits.
"""

import json
from decimal import Decimal
from functools import partial

import msgspec
import psycopg2
from odoo import api, release
from odoo.exceptions import AccessError, UserError
from odoo.models import BaseModel
from odoo.modules.registry import Registry
from odoo.service.model import get_public_method, retrying
from odoo.tools.json import json_default

from kontobro.core.errors import Misconfigured, NotAllowed, Timeout, Uncertain, Unreachable, shown
from kontobro.erp.kit.http import Refused
from kontobro.erp.odoo.api import SYSTEM, Api
from kontobro.store.engines.advisory import is_lost, is_undone

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


class ModelApi(Api):
    """The way to one company of this database, as one of its users."""

    def __init__(self, database: str, user: int, company: int | None) -> None:
        self._database = database
        self._user = user
        self.company = company

    def __repr__(self) -> str:
        return f"ModelApi({self._database}, company={self.company})"

    @property
    def through(self):
        return ""

    def read(self, model, method, **arguments):
        return self._call(model, method, arguments, writes=False)

    def write(self, model, method, **arguments):
        return self._call(model, method, arguments, writes=True)

    def version(self) -> str:
        return release.version

    def _call(self, model, method, arguments, *, writes):
        name = f"{model}.{method}"
        given = json.loads(_encoder.encode(arguments))
        try:
            with Registry(self._database).cursor() as cursor:
                env = api.Environment(cursor, self._user, {})
                env = env(context={**env["res.users"].context_get(), **self._context(given.pop("context", {}))})
                answer = retrying(partial(_called, env, model, method, given), env)
        except AccessError as error:
            raise NotAllowed(
                f"Odoo does not allow {name}: {shown(error, 160)}", "Give the user the groups that the check names."
            ) from error
        except UserError as error:
            raise Refused(SYSTEM, _name_of(error), str(error)) from error
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            raise _fault(error, name, writes=writes) from error
        except (KeyError, AttributeError) as error:
            if model in Registry(self._database) and hasattr(Registry(self._database)[model], method):
                raise Refused(SYSTEM, _name_of(error), str(error)) from error
            raise Misconfigured(f"This Odoo has no {name}.", "Install its Invoicing app.") from error
        except Exception as error:  # as the API answers it: whatever it was, it was rolled back
            raise Refused(SYSTEM, _name_of(error), str(error)) from error
        return _decoder.decode(answer)

    def _context(self, given):
        return {**({"allowed_company_ids": [self.company]} if self.company else {}), **given}


def _called(env, model, method, given):
    """Make the call as Odoo's JSON-2 controller does; the answer as JSON."""
    arguments = dict(given)
    records = env[model].browse(arguments.pop("ids", ()))
    answer = get_public_method(records, method)(records, **arguments)
    if isinstance(answer, BaseModel):
        answer = answer.ids
    return json.dumps(answer, ensure_ascii=False, default=json_default)


def _fault(error, name, *, writes):
    """A database that went away in the middle: a write may have had its effect, unless PostgreSQL said otherwise."""
    if is_undone(error):  # Odoo's own repeats were not enough
        return Timeout(f"Odoo is busy: {name} waited too long for other transactions.", "Try again later.")
    if not is_lost(error):
        return Refused(SYSTEM, _name_of(error), str(error))
    if writes:
        return Uncertain(f"The database was lost during {name}.", "Its result is checked before it is repeated.")
    return Unreachable(f"The database was lost during {name}.", "Try again when PostgreSQL is up.")


def _name_of(error) -> str:
    return f"{type(error).__module__}.{type(error).__name__}"
