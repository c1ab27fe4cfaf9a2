"""An SFTP server on loopback over a real folder, as OpenSSH's behaves: a rename never overwrites, links are links."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko

USER, PASSWORD = "books", "p/w d"


@dataclass
class SftpPlace:
    """`fault`: the status of every write from now on, as the protocol numbers them."""

    root: Path
    port: int = 0
    fault: int = paramiko.SFTP_OK
    host_key: paramiko.PKey = field(default_factory=lambda: paramiko.ECDSAKey.generate())
    user_key: paramiko.PKey | None = None
    logins: list[str] = field(default_factory=list)


class _Ssh(paramiko.ServerInterface):
    def __init__(self, place: SftpPlace) -> None:
        self.place = place

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        self.place.logins.append(password)
        return paramiko.AUTH_SUCCESSFUL if (username, password) == (USER, PASSWORD) else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = self.place.user_key is not None and key.get_base64() == self.place.user_key.get_base64()
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Handle(paramiko.SFTPHandle):
    def __init__(self, file: int, flags: int, place: SftpPlace) -> None:
        super().__init__(flags)
        self.file, self.place = file, place

    def read(self, offset: int, length: int) -> bytes:
        return os.pread(self.file, length, offset)

    def write(self, offset: int, data: bytes) -> int:
        if self.place.fault != paramiko.SFTP_OK:
            return self.place.fault
        os.pwrite(self.file, data, offset)
        return paramiko.SFTP_OK

    def stat(self) -> paramiko.SFTPAttributes:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.file))

    def close(self) -> None:
        os.close(self.file)


class _Sftp(paramiko.SFTPServerInterface):
    def __init__(self, server: _Ssh, *args: Any, **kwargs: Any) -> None:
        super().__init__(server, *args, **kwargs)
        self.place = server.place

    def _path(self, path: str) -> Path:
        return self.place.root / path.lstrip("/")

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        return self._answer(lambda: _Handle(os.open(self._path(path), flags, 0o644), flags, self.place))

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        def listed() -> list[paramiko.SFTPAttributes]:
            entries = sorted(self._path(path).iterdir())
            return [paramiko.SFTPAttributes.from_stat(entry.lstat(), entry.name) for entry in entries]

        return self._answer(listed)

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        return self._answer(lambda: paramiko.SFTPAttributes.from_stat(self._path(path).stat()))

    def lstat(self, path: str) -> paramiko.SFTPAttributes | int:
        return self._answer(lambda: paramiko.SFTPAttributes.from_stat(self._path(path).lstat()))

    def remove(self, path: str) -> int:
        return self._done(lambda: self._path(path).unlink())

    def rename(self, oldpath: str, newpath: str) -> int:
        if self._path(newpath).exists():
            return paramiko.SFTP_FAILURE
        return self._done(lambda: self._path(oldpath).rename(self._path(newpath)))

    def mkdir(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        return self._done(lambda: self._path(path).mkdir())

    def _answer(self, make: Any) -> Any:
        try:
            return make()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def _done(self, do: Any) -> int:
        answer = self._answer(do)
        return answer if isinstance(answer, int) else paramiko.SFTP_OK


@contextmanager
def an_sftp_server(root: Path) -> Iterator[SftpPlace]:
    place = SftpPlace(root)
    transports: list[paramiko.Transport] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place.port = listener.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                transport = paramiko.Transport(connection)
                transports.append(transport)
                transport.add_server_key(place.host_key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Sftp)
                try:
                    transport.start_server(server=_Ssh(place))
                except (paramiko.SSHException, EOFError, OSError):
                    transport.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield place
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            for transport in transports:
                transport.close()
                transport.join(10)
