"""Logins at Pleo-in-a-box by API key or OAuth; whether an exporter shows a refresh token a second time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from kontobro.core.model.connection import Tokens
from pleo_sandbox.company.oauth import ACCESS_LIFE, ALL_SCOPES, OAuthClient, Request, s256
from pleo_sandbox.state.sandbox import Sandbox
from proof.simulator.plan import Auth
from proof.simulator.schedule import Worker

REDIRECT: Final = "http://127.0.0.1/callback"
VERIFIER: Final = "v" * 64
TOKEN: Final = "/oauth/token"
HURTS: Final = ("lose the answer", "take effect late", "die during the write", "deliver twice")
"""What uses a refresh token up, or shows it to Pleo twice, without an exporter's doing."""


class Logins:
    """One company's at all installations. `wrong`: what no exporter may do with them."""

    def __init__(self, auth: Auth, sandbox: Sandbox, company_id: str) -> None:
        self.auth = auth
        self.wrong: list[str] = []
        self._sandbox, self._company_id = sandbox, company_id
        self._clients: dict[int, OAuthClient] = {}
        self._secrets: set[str] = set()
        self._unsaved: dict[int, Worker] = {}
        """By installation: who was given new tokens that are not stored yet."""
        self._hurt: set[int] = set()

    @property
    def secrets(self) -> Sequence[str]:
        """All that no log may say."""
        return sorted(self._secrets)

    def client_id(self, home: int) -> str | None:
        return self._client(home).client_id if self.auth == "oauth" else None

    def give(self, home: int, now: datetime) -> Tokens:
        """A person connects the installation, for the first time or again."""
        self._hurt.discard(home)
        self._unsaved.pop(home, None)
        if self.auth == "api_key":
            key = self._sandbox.add_api_key(self._company_id)
            self._secrets.add(key)
            return Tokens(access=key)
        client, access = self._client(home), self._sandbox.access
        code = access.grant(Request(client, REDIRECT, ALL_SCOPES, None, s256(VERIFIER)), self._company_id)
        authorisation, pair = access.redeem(client, code, REDIRECT, VERIFIER)
        self._sandbox.installations.install(authorisation.credential(), "ACTIVATED")
        self._secrets |= {pair.access, pair.refresh, client.secret}
        expires_at = now + timedelta(seconds=ACCESS_LIFE)
        return Tokens(access=pair.access, refresh=pair.refresh, expires_at=expires_at, client_secret=client.secret)

    def revoke(self, home: int, held: Tokens) -> None:
        """Pleo lets this installation in no more."""
        self._hurt.add(home)
        if self.auth == "oauth":
            self._sandbox.access.revoke_company(self._company_id, self._client(home).client_id)
        else:
            self._sandbox.revoke_token(held.access)

    def expire(self, held: Tokens) -> None:
        """The access token is worth nothing before its time."""
        self._sandbox.revoke_token(held.access)

    # ------------------------------------------------------------------------------- what crosses the line

    def hurt(self, worker: Worker) -> None:
        """An act befell a renewal."""
        self._hurt.add(worker.home)

    def answered(self, worker: Worker, status: int, body: bytes) -> None:
        """What Pleo answered to a renewal."""
        if status == 200:
            answer = json.loads(body)
            self._secrets |= {answer["access_token"], answer["refresh_token"]}
            self._unsaved[worker.home] = worker
        elif status == 400 and not self._is_excused(worker.home):
            self.wrong.append("Pleo is shown a used refresh token, and no answer of its was lost")

    def died(self, worker: Worker) -> None:
        """Its process was killed, and what it had not stored is lost."""
        if self._unsaved.get(worker.home) is worker:
            self._hurt.add(worker.home)

    def stored(self, worker: Worker) -> None:
        """New tokens are committed."""
        self._unsaved.pop(worker.home, None)

    def _is_excused(self, home: int) -> bool:
        """Whether tokens were lost on the way, with the process that had them or without."""
        had = self._unsaved.get(home)
        return home in self._hurt or (had is not None and had.fenced)

    def _client(self, home: int) -> OAuthClient:
        if home not in self._clients:
            self._clients[home] = self._sandbox.register_client([REDIRECT], needs_activation=False)
        return self._clients[home]
