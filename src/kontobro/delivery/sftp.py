"""SFTP by paramiko: the server shows a known host key before any secret is sent; no shell, no agent, no key files."""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from textwrap import wrap
from typing import Final, TypeVar

import paramiko

from kontobro.core.errors import Conflict, KontobroError, LoginFailed, Misconfigured, NotAllowed, Timeout, Unreachable
from kontobro.core.ports.delivery import FileToDeliver
from kontobro.core.words import told
from kontobro.delivery.address import Address
from kontobro.delivery.filed import MOST_NAMES, PIECE, is_ours_to_hide, put_beside, whole, within
from kontobro.net.addresses import NetworkPolicy
from kontobro.net.backend import connected
from kontobro.net.deadline import seconds_left

SECONDS: Final = 30.0
"""Of one step: connecting, the login, an answer."""
_BLOCK: Final = 32 * 1024
"""What every server takes in one write."""
_KEYS: Final = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_KEY_TEXT: Final = re.compile(r"(-----BEGIN [A-Z ]+-----)(.*?)(-----END [A-Z ]+-----)?", re.ASCII | re.DOTALL)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """`secret`: a password, or a private key as text (with or without its line breaks). `host_keys`: the
    fingerprints that `ssh-keygen -lf` prints (`SHA256:…`), of which the server shows one. `seconds`: of one step."""

    secret: str = field(repr=False)
    host_keys: frozenset[str]
    seconds: float = SECONDS


@contextmanager
def open_sftp(address: Address, login: Login, network: NetworkPolicy) -> Iterator[Sftp]:
    """The folder of the address, logged in."""
    place = str(address)
    with _faults(place):
        transport = paramiko.Transport(connected(address.host, address.port or 22, network, login.seconds))
        try:
            transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = login.seconds
            transport.start_client(timeout=login.seconds)
            if not transport.initial_kex_done:
                raise TimeoutError  # paramiko stops waiting without a word
            _require_known(transport.get_remote_server_key(), login.host_keys, address.host)
            _log_in(transport, address.user, login.secret)
            client = paramiko.SFTPClient.from_transport(transport)
            if client is None or (channel := client.get_channel()) is None:
                raise Unreachable(*told("sftp_missing", place=place))
            channel.settimeout(login.seconds)
            yield Sftp(client, address.path or ".", place)
        finally:
            transport.close()


def _require_known(key: paramiko.PKey, known: frozenset[str], host: str) -> None:
    """Before the login. Raises Misconfigured without a known key, LoginFailed for another one."""
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    shows = f"SHA256:{digest}"
    if not known:
        raise Misconfigured(*told("host_key_unknown", host=host, shows=shows, kind=key.get_name()))
    if shows not in known:
        raise LoginFailed(*told("host_key_other", host=host, shows=shows, kind=key.get_name()))


def _log_in(transport: paramiko.Transport, user: str, secret: str) -> None:
    text = _key_text(secret)
    try:
        if text:
            transport.auth_publickey(user, _private_key(text))
        else:
            transport.auth_password(user, secret)
    except paramiko.AuthenticationException as error:
        if "timeout" in str(error):
            raise TimeoutError from None
        # no chaining: the server's own words may repeat the login
        raise LoginFailed(*told("sftp_login_refused")) from None


def _key_text(secret: str) -> str:
    """A private key's text, its lines put back (a page's field takes one line); empty for a password."""
    found = _KEY_TEXT.fullmatch(secret.strip())
    if found is None:
        return ""
    begin, body, end = found.groups("")
    return "\n".join([begin, *wrap("".join(body.split()), 64), end, ""])


def _private_key(text: str) -> paramiko.PKey:
    for kind in _KEYS:
        with suppress(paramiko.SSHException, ValueError, IndexError, UnicodeError):
            return kind.from_private_key(io.StringIO(text))
    raise Misconfigured(*told("private_key_unreadable"))


@dataclass(frozen=True, slots=True)
class Sftp:
    """`root` is the folder on the server; links below it are not followed."""

    client: paramiko.SFTPClient
    root: str
    place: str

    def read(self, name: str) -> Iterator[bytes]:
        self._require_plain(name)
        with self.client.open(self._path(name), "rb") as opened:
            yield from within(iter(lambda: _in_time(opened.read, PIECE), b""))

    def put(self, file: FileToDeliver) -> None:
        put_beside(self, file)

    def write(self, name: str, file: FileToDeliver) -> None:
        folder = name.rpartition("/")[0]
        if folder and self._mode(folder) is None:
            self.client.mkdir(self._path(folder))
        self._require_folder(name)
        with self.client.open(self._path(name), "wx") as opened:
            for piece in whole(file):
                for start in range(0, len(piece), _BLOCK):
                    _in_time(opened.write, piece[start : start + _BLOCK])

    def rename(self, old: str, new: str) -> None:
        """The protocol's own rename, which fails for a name that exists; not the extension that overwrites."""
        if self._mode(new) is not None:
            raise FileExistsError(new)
        try:
            self.client.rename(self._path(old), self._path(new))
        except OSError as error:
            if error.errno is None and self._mode(new) is not None:
                raise FileExistsError(new) from error
            raise

    def remove(self, name: str) -> None:
        self._require_folder(name)
        self.client.remove(self._path(name))

    def names(self) -> Iterator[str]:
        folders: list[str] = []
        for name, mode in self._entries(self.root):
            if stat.S_ISREG(mode):
                yield name
            elif stat.S_ISDIR(mode):
                folders.append(name)
        for folder in folders:  # afterwards: paramiko mixes up the answers of two listings at once
            yield from (f"{folder}/{name}" for name, mode in self._entries(self._path(folder)) if stat.S_ISREG(mode))

    def _entries(self, path: str) -> Iterator[tuple[str, int]]:
        entries = islice(self.client.listdir_iter(path), MOST_NAMES + 1)
        return ((entry.filename, entry.st_mode or 0) for entry in entries if not is_ours_to_hide(entry.filename))

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def _mode(self, name: str) -> int | None:
        """Of the entry itself, not of what it links to; None without one."""
        try:
            return self.client.lstat(self._path(name)).st_mode or 0
        except FileNotFoundError:
            return None

    def _require_folder(self, name: str) -> None:
        folder = name.rpartition("/")[0]
        mode = self._mode(folder) if folder else None
        if mode is not None and not stat.S_ISDIR(mode):
            raise _led_away(folder, self.place)

    def _require_plain(self, name: str) -> None:
        self._require_folder(name)
        mode = self._mode(name)
        if mode is None:
            raise FileNotFoundError(name)
        if not stat.S_ISREG(mode):
            raise _led_away(name, self.place)


def _in_time(call: Callable[[T], bytes], value: T) -> bytes:
    """A slow server answers each block in time and none of them all."""
    if (left := seconds_left()) is not None and left <= 0:
        raise TimeoutError
    return call(value)


@contextmanager
def _faults(place: str) -> Iterator[None]:
    try:
        yield
    except (KontobroError, FileNotFoundError, FileExistsError):
        raise
    except TimeoutError:
        raise Timeout(*told("place_slow", place=place)) from None
    except PermissionError:
        raise NotAllowed(*told("place_user_not_writing", place=place)) from None
    except paramiko.SSHException as error:
        raise Unreachable(*told("sftp_broke", place=place, kind=type(error).__name__)) from error
    except (OSError, EOFError) as error:
        raise _of_system(error, place) from error


def _of_system(error: OSError | EOFError, place: str) -> KontobroError:
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT):
        return Unreachable(*told("place_full", place=place))
    if number is None and str(error) and not isinstance(error, ConnectionError | EOFError):
        # the protocol has one answer for a full disk, a missing folder's rename and all else
        return Unreachable(*told("place_refused_file", place=place))
    return Unreachable(*told("sftp_unreachable", place=place))


def _led_away(name: str, place: str) -> Conflict:
    return Conflict(*told("place_has_link", name=name, place=place))
