"""Secrets at rest: encrypted with a key that is not in the database."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from kontobro.core.errors import Misconfigured
from kontobro.core.words import Fact, Phrase, told

ENVIRONMENT = "KONTOBRO_KEY"
"""Fernet keys separated by commas: the first encrypts, all decrypt. Wins over the key file."""


class KeyRing:
    """The keys, looked up at each use, so that a rotation by another process is seen.

    Raises Misconfigured for given keys that are none, and when none are given and there is no `path` for a key file.
    """

    def __init__(self, path: Path | None, given: bytes | None = None) -> None:
        self._path = path
        self._given = given
        if path is None or self._fixed() is not None:
            self.ciphers()

    @property
    def are_given(self) -> bool:
        """Whether no key file counts: none is made."""
        return self._fixed() is not None

    def ciphers(self, *, create: bool = False) -> MultiFernet:
        """The keys, ready for use. With `create` a missing key file is made. Raises Misconfigured."""
        if self._fixed() is None and create and not self._file.exists():
            _create_file(self._file, Fernet.generate_key())
        return _ciphers(self._keys(), self._source())

    def begin_rotation(self) -> MultiFernet:
        """The keys for encrypting all again. A key file gets a fresh first key; given keys are rotated by hand."""
        if self._fixed() is None:
            _replace_file(self._file, Fernet.generate_key() + b"\n" + self._keys())
        return self.ciphers()

    def end_rotation(self) -> None:
        """Drop the old keys from the key file. Given keys are left to whom gave them."""
        if self._fixed() is None:
            _replace_file(self._file, _split(self._keys())[0])

    def _fixed(self) -> bytes | None:
        return self._given or os.environ.get(ENVIRONMENT, "").encode() or None

    def _source(self) -> Fact:
        if self._given:
            return Phrase("key_given", {"variable": ENVIRONMENT})
        return ENVIRONMENT if self._fixed() else Phrase("key_file", {"file": self._file.name})

    @property
    def _file(self) -> Path:
        if self._path is None:
            raise Misconfigured(*told("key_not_set", variable=ENVIRONMENT))
        return self._path

    def _keys(self) -> bytes:
        fixed = self._fixed()
        if fixed is not None:
            return fixed
        file = self._file
        try:
            return file.read_bytes()
        except OSError as error:
            raise Misconfigured(*told("key_file_missing", file=file.name, variable=ENVIRONMENT)) from error


def seal(ciphers: MultiFernet, connection_id: str, name: str, value: object) -> str:
    """Encrypt a JSON value with the place it belongs to: Fernet has no associated data, so that goes inside."""
    return ciphers.encrypt(json.dumps([connection_id, name, value]).encode()).decode("ascii")


def unseal(ciphers: MultiFernet, connection_id: str, name: str, sealed: str) -> object:
    """What `seal` hid. Raises Misconfigured for another key, or a secret moved from another place."""
    try:
        owner, label, value = json.loads(ciphers.decrypt(sealed))
    except (InvalidToken, ValueError):
        # No chaining: the cause would carry bytes of the secret into a traceback.
        raise Misconfigured(
            *told("secret_unreadable", name=name, connection=str(connection_id), variable=ENVIRONMENT)
        ) from None
    if (owner, label) != (connection_id, name):
        raise Misconfigured(*told("secret_elsewhere", name=name, connection=str(connection_id)))
    return value


def is_readable(ciphers: MultiFernet, connection_id: str, name: str, sealed: str) -> bool:
    """Whether these keys open it, in its own place."""
    try:
        unseal(ciphers, connection_id, name, sealed)
    except Misconfigured:
        return False
    return True


def _ciphers(keys: bytes, source: Fact) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in _split(keys)])
    except ValueError:
        raise Misconfigured(*told("key_invalid", source=source)) from None


def _split(keys: bytes) -> list[bytes]:
    return keys.replace(b",", b" ").split()


def _create_file(path: Path, content: bytes) -> None:
    """Write a file that was not there. Of two processes at once one wins, and both read the same file after."""
    written = _written_beside(path, content)
    try:
        with suppress(FileExistsError):
            os.link(written, path)
    finally:
        written.unlink()


def _replace_file(path: Path, content: bytes) -> None:
    _written_beside(path, content).replace(path)


def _written_beside(path: Path, content: bytes) -> Path:
    """A new file (mode 0600) on the same disk, safely written."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(number, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
