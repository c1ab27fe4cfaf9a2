"""WebDAV (RFC 4918): PUT beside, GET to compare, MOVE without overwriting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit

import httpx2

from kontobro.core.errors import KontobroError, Misconfigured
from kontobro.core.ports.delivery import FileToDeliver
from kontobro.core.words import told
from kontobro.delivery.address import Address
from kontobro.delivery.filed import is_ours_to_hide, put_beside, whole
from kontobro.delivery.http import SECONDS, Web, body_of, elements, open_web
from kontobro.net.addresses import NetworkPolicy

_ASKED: Final = b'<?xml version="1.0"?><propfind xmlns="DAV:"><prop><resourcetype/></prop></propfind>'


@contextmanager
def open_webdav(address: Address, password: str, network: NetworkPolicy, seconds: float = SECONDS) -> Iterator[WebDav]:
    scheme = address.scheme.removeprefix("webdav+")
    base = f"{scheme}://{address.netloc}{quote(address.path)}/"
    place = f"{scheme}://{address.netloc}{address.path}"

    def explain(answer: httpx2.Response) -> KontobroError | None:
        if answer.status_code not in (404, 409):
            return None
        return Misconfigured(*told("webdav_folder_missing", place=place))

    with open_web(network, seconds, auth=httpx2.BasicAuth(address.user, password)) as client:
        yield WebDav(Web(client, place, explain), base)


@dataclass(frozen=True, slots=True)
class WebDav:
    """`base` is the folder's URL, with its slash."""

    web: Web
    base: str

    def read(self, name: str) -> Iterator[bytes]:
        yield from self.web.read(self._url(name), dict)

    def put(self, file: FileToDeliver) -> None:
        put_beside(self, file)

    def write(self, name: str, file: FileToDeliver) -> None:
        """What is not as it was sealed is not begun: a server may go on writing, after we broke off and cleaned up."""
        for _ in whole(file):
            pass
        folder = name.rpartition("/")[0]
        if folder:
            self.web.call("MKCOL", f"{self._url(folder)}/", (201, 405))  # 405: it exists
        sized = {"Content-Length": str(file.size), "Content-Type": "application/octet-stream"}
        self.web.call("PUT", self._url(name), (200, 201, 204), sized, **body_of(file))

    def rename(self, old: str, new: str) -> None:
        target = {"Destination": self._url(new), "Overwrite": "F"}
        if self.web.call("MOVE", self._url(old), (201, 204, 412), target).status_code == 412:
            raise FileExistsError(new)

    def remove(self, name: str) -> None:
        if self.web.call("DELETE", self._url(name), (200, 202, 204, 404)).status_code == 404:
            raise FileNotFoundError(name)

    def names(self) -> Iterator[str]:
        for name, is_folder in self._entries(self.base):
            if not is_folder:
                yield name
                continue
            for inner, deeper in self._entries(f"{self._url(name)}/"):
                if not deeper:
                    yield f"{name}/{inner}"

    def _entries(self, url: str) -> list[tuple[str, bool]]:
        """Name and whether it is a folder, of what is directly in that folder."""
        headers = {"Depth": "1", "Content-Type": "application/xml"}
        answer = self.web.call("PROPFIND", url, (207,), headers, content=_ASKED)
        found: dict[str, bool] = {}
        href = ""
        for element, text in elements(answer.content, frozenset({"href", "collection"}), self.web.place):
            if element == "href":
                href = unquote(urlsplit(text).path).rstrip("/")
                found[href] = False
            else:
                found[href] = True
        own = unquote(urlsplit(url).path).rstrip("/")
        inner = ((path.removeprefix(f"{own}/"), folder) for path, folder in found.items() if path.startswith(f"{own}/"))
        return [(name, folder) for name, folder in inner if "/" not in name and not is_ours_to_hide(name)]

    def _url(self, name: str) -> str:
        return f"{self.base}{quote(name)}"
