"""The part of the store that is about secrets: encrypted, and read for their own destination alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from cryptography.fernet import MultiFernet

from kontobro.core.model.connection import Connection, Destination, Tokens, destination_of, pleo_destination
from kontobro.store.secrets import codec
from kontobro.store.secrets.given import ERP, TOKENS, GivenSecret, secrets_given
from kontobro.store.secrets.vault import is_readable, seal, unseal
from kontobro.store.sql.part import Part
from kontobro.store.sql.session import Row, Session

HAS_ANY = "SELECT 1 AS found FROM kontobro_secret LIMIT 1"


class Secrets(Part):
    """Tokens, the accounting systems' secrets, and their keys."""

    def tokens(self, connection: Connection) -> Tokens | None:
        found = self._secret(connection.id, TOKENS, pleo_destination(connection))
        return None if found is None else codec.tokens_from(cast(Mapping[str, Any], found))

    def save_tokens(self, connection: Connection, tokens: Tokens) -> None:
        """Both tokens in one write: a reader sees the old pair or the new one."""
        self._save(connection.id, secrets_given(connection, tokens, {}))

    def forget_tokens(self, connection_id: str) -> None:
        """Delete all secrets of a connection, the accounting system's too."""
        with self.tables.writing() as session:
            number = self._number(session, connection_id)
            session.run("DELETE FROM kontobro_secret WHERE connection_id = %s", (number,))

    def save_secret(self, connection: Connection, name: str, value: str) -> None:
        self._save(connection.id, secrets_given(connection, None, {name: value}))

    def secret(self, connection: Connection, name: str) -> str | None:
        return cast(str | None, self._secret(connection.id, ERP + name, destination_of(connection, name)))

    def seal(self, place: str, name: str, value: object) -> str:
        """A JSON value encrypted for a row elsewhere in this database; `place` and `name` say where it belongs.

        Not rotated with the others: for what lives for days at most.
        """
        if self._keys.are_given:
            return seal(self._keys.ciphers(), place, name, value)
        with self.tables.reading() as session:
            return seal(self._ciphers(session), place, name, value)

    def unseal(self, place: str, name: str, sealed: str) -> Any:
        """What `seal` hid. Raises Misconfigured for another key or another place."""
        return unseal(self._keys.ciphers(), place, name, sealed)

    def rotate_keys(self) -> int:
        """Encrypt all secrets again with the first key; answers how many. A key file gets a new key first.

        Interrupted, it can be run again: the old keys stay until every secret is written. Raises Busy when another
        rotation is under way.
        """
        with self.tables.lock("keys", 0):
            ciphers = self._keys.begin_rotation()
            with self.tables.writing() as session:
                owners = _owners(session)
                rows = session.select("SELECT * FROM kontobro_secret ORDER BY id FOR UPDATE")
                for row in rows:
                    place = (owners[row.connection_id], row.name)
                    sealed = seal(ciphers, *place, unseal(ciphers, *place, row.sealed))
                    session.run("UPDATE kontobro_secret SET sealed = %s WHERE id = %s", (sealed, row.id))
            self.tables.settle()  # what the old key opens is gone before it is
            self._keys.end_rotation()
        return len(rows)

    def unreadable_secrets(self) -> tuple[int, int]:
        """How many secrets there are, and how many of them the key does not open. Raises Misconfigured for no key."""
        with self.tables.reading() as session:
            owners = _owners(session)
            rows: list[Row] = session.select("SELECT * FROM kontobro_secret")
        if not rows:
            return 0, 0
        ciphers = self._keys.ciphers()
        return len(rows), sum(not is_readable(ciphers, owners[row.connection_id], row.name, row.sealed) for row in rows)

    def _secret(self, connection_id: str, name: str, to: Destination) -> object:
        statement = "SELECT sealed FROM kontobro_secret WHERE connection_id = %s AND name = %s AND destination = %s"
        with self.tables.reading() as session:
            rows = session.select(statement, (self._number(session, connection_id), name, to))
        return unseal(self._keys.ciphers(), connection_id, name, rows[0].sealed) if rows else None

    def _save(self, connection_id: str, secrets: Iterable[GivenSecret]) -> None:
        with self.tables.writing() as session:
            self._write(session, connection_id, secrets)

    def _write(self, session: Session, connection_id: str, secrets: Iterable[GivenSecret]) -> None:
        number = self._known(session, connection_id)
        for one in secrets:
            sealed = seal(self._ciphers(session), connection_id, one.name, one.value)
            row = {"connection_id": number, "name": one.name, "sealed": sealed, "destination": one.destination}
            session.upsert("kontobro_secret", ("connection_id", "name"), row)

    def _ciphers(self, session: Session) -> MultiFernet:
        """The keys for a new secret. A new key beside secrets of a lost one would leave them unreadable without a
        word."""
        return self._keys.ciphers(create=not session.select(HAS_ANY))


def _owners(session: Session) -> Mapping[Any, str]:
    """The core's ids of all connections, by what the other tables call them."""
    rows = session.select(f"SELECT id, {session.key} AS owner FROM kontobro_connection")  # noqa: S608 - our own name
    return {row.id: row.owner for row in rows}
