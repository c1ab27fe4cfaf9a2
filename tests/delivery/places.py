"""The places that deliveries are held against: each real, on this machine, with a look behind it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import paramiko

from kontobro.core.ports.delivery import FileToDeliver
from kontobro.delivery.filed import FiledDelivery
from kontobro.delivery.opening import Ways, open_delivery
from kontobro.net.addresses import ANYWHERE
from tests.delivery import sftp_server, web_servers

WAYS = Ways(network=ANYWHERE, now=lambda: datetime.now(UTC))


@dataclass
class Place:
    """`files`: all that is there, hidden ones too; `plant` puts a file there behind our back; `break_it("full")` or
    ("forbidden") makes every write fail from now on."""

    options: dict[str, str]
    secret: str
    files: Callable[[], Mapping[str, bytes]]
    plant: Callable[[str, bytes], None]
    break_it: Callable[[str], None]
    ways: Ways = WAYS
    root: Path | None = None
    extra: Any = field(default=None)

    def delivery(self, secret: str | None = None, **options: str) -> FiledDelivery:
        given = self.secret if secret is None else secret
        return cast(FiledDelivery, open_delivery({**self.options, **options}, lambda name: given, self.ways))


def a_file(name: str, content: bytes = b"1,2\r\n") -> FileToDeliver:
    digest = hashlib.sha256(content).hexdigest()
    return FileToDeliver(name=name, sha256=digest, size=len(content), content=lambda: [content[:2], content[2:]])


def _files(root: Path) -> Mapping[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _plant(root: Path) -> Callable[[str, bytes], None]:
    def plant(name: str, content: bytes) -> None:
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    return plant


@contextmanager
def folder(root: Path) -> Iterator[Place]:
    def break_it(how: str) -> None:
        raise NotImplementedError("of a real folder: tests/delivery/test_folder.py")

    yield Place({"deliver_to": str(root)}, "", lambda: _files(root), _plant(root), break_it, root=root)


def fingerprint(key: paramiko.PKey) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


@contextmanager
def sftp(root: Path) -> Iterator[Place]:
    (root / "in tray").mkdir()
    with sftp_server.an_sftp_server(root) as server:

        def break_it(how: str) -> None:
            server.fault = {"full": paramiko.SFTP_FAILURE, "forbidden": paramiko.SFTP_PERMISSION_DENIED}[how]

        options = {
            "deliver_to": f"sftp://{sftp_server.USER}@127.0.0.1:{server.port}/in%20tray",
            "delivery_host_key": fingerprint(server.host_key),
        }
        inner = root / "in tray"
        files, plant = (lambda: _files(inner)), _plant(inner)
        yield Place(options, sftp_server.PASSWORD, files, plant, break_it, root=inner, extra=server)


WRITES = ("PUT", "MOVE", "DELETE", "MKCOL")


@contextmanager
def webdav(root: Path) -> Iterator[Place]:
    (root / "in tray").mkdir()
    with web_servers.a_webdav_server(root) as server:

        def break_it(how: str) -> None:
            server.refuse({"full": "507 Insufficient Storage", "forbidden": "403 Forbidden"}[how], WRITES)

        options = {"deliver_to": f"webdav+http://{web_servers.USER}@127.0.0.1:{server.port}/in%20tray"}
        inner = root / "in tray"
        files, plant = (lambda: _files(inner)), _plant(inner)
        yield Place(options, web_servers.PASSWORD, files, plant, break_it, root=inner, extra=server)


@contextmanager
def s3(root: Path) -> Iterator[Place]:
    with web_servers.an_s3_server("books") as server:

        def break_it(how: str) -> None:
            status, code = {"full": ("507 Full", "Full"), "forbidden": ("403 Forbidden", "AccessDenied")}[how]
            server.refuse(status, WRITES, f"<Error><Code>{code}</Code></Error>".encode())

        def files() -> Mapping[str, bytes]:
            return {key.removeprefix("in tray/"): content for key, content in server.objects.items()}

        def plant(name: str, content: bytes) -> None:
            server.objects[f"in tray/{name}"] = content

        end = f"region=eu-north-1&endpoint=http://127.0.0.1:{server.port}"
        options = {"deliver_to": f"s3://{web_servers.KEY_ID}@books/in%20tray?{end}"}
        yield Place(options, web_servers.SECRET, files, plant, break_it, extra=server)


PLACES: Mapping[str, Callable[[Path], AbstractContextManager[Place]]] = {
    "folder": folder,
    "sftp": sftp,
    "webdav": webdav,
    "s3": s3,
}
