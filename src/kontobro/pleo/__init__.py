"""Pleo's side: one company's Pleo over HTTP, behind the `Pleo` and `Target` ports of the core (`pleo/api.md`)."""

from kontobro.pleo.export.client import PleoClient, open_pleo
from kontobro.pleo.http.calls import Ways
from kontobro.pleo.http.environments import ENVIRONMENTS, SCOPES, SCOPES_LEVEL_1, Environment
from kontobro.pleo.http.oauth import Grant, TokenFacts, authorize_url, exchange_code, introspect_token
from kontobro.pleo.target.masterdata import PleoTarget, open_target

__all__ = [
    "ENVIRONMENTS",
    "SCOPES",
    "SCOPES_LEVEL_1",
    "Environment",
    "Grant",
    "PleoClient",
    "PleoTarget",
    "TokenFacts",
    "Ways",
    "authorize_url",
    "exchange_code",
    "introspect_token",
    "open_pleo",
    "open_target",
]
