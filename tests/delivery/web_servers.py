"""WebDAV by WsgiDAV over a real folder, and a small S3 that checks signatures, both on loopback."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote
from xml.sax.saxutils import escape

from cheroot.wsgi import Server
from wsgidav.wsgidav_app import WsgiDAVApp

USER, PASSWORD = "books", "p/w d"
KEY_ID, SECRET = "AKIAEXAMPLE", "p/w d+secret"
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass
class WebPlace:
    """`refuse`: the status and body of every call of these methods from now on. `most`: bytes of a part that
    S3 answers, whatever was asked for."""

    port: int = 0
    status: str = ""
    body: bytes = b""
    methods: tuple[str, ...] = ()
    most: int = 1 << 20
    objects: dict[str, bytes] = field(default_factory=dict)

    def refuse(self, status: str, methods: tuple[str, ...], body: bytes = b"") -> None:
        self.status, self.methods, self.body = status, methods, body


@contextmanager
def _served(place: WebPlace, app: Wsgi) -> Iterator[None]:
    def refusing(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in place.methods:
            _body(environ)
            start(place.status, [("Content-Length", str(len(place.body)))])
            return [place.body]
        return app(environ, start)

    server = Server(("127.0.0.1", 0), refusing, numthreads=4, shutdown_timeout=2)
    server.expiration_interval = 0.02  # how soon it sees that it is stopped
    server.prepare()
    place.port = server.bind_addr[1]
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join(10)


def _body(environ: dict[str, Any]) -> bytes:
    content: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return content


@contextmanager
def a_webdav_server(root: Path) -> Iterator[WebPlace]:
    users = {"*": {USER: {"password": PASSWORD}}}
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/": str(root)},
            "simple_dc": {"user_mapping": users},
            "http_authenticator": {"accept_digest": False, "default_to_digest": False},
            "verbose": 0,
            "logging": {"enable": False},
            "lock_storage": True,
        }
    )
    place = WebPlace()
    with _served(place, app):
        yield place


@contextmanager
def an_s3_server(bucket: str) -> Iterator[WebPlace]:
    place = WebPlace()
    with _served(place, lambda environ, start: _s3(place, bucket, environ, start)):
        yield place


def _s3(place: WebPlace, bucket: str, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    method, content = environ["REQUEST_METHOD"], _body(environ)
    path = environ["PATH_INFO"].encode("latin-1").decode()

    def answer(status: str, body: bytes = b"", *headers: tuple[str, str]) -> Iterable[bytes]:
        start(status, [("Content-Length", str(len(body))), *headers])
        return [body]

    def error(status: str, code: str) -> Iterable[bytes]:
        return answer(status, f"<Error><Code>{code}</Code></Error>".encode())

    if not _signed(environ, path):
        return error("403 Forbidden", "SignatureDoesNotMatch")
    if hashlib.sha256(content).hexdigest() != environ["HTTP_X_AMZ_CONTENT_SHA256"]:
        return error("400 Bad Request", "XAmzContentSHA256Mismatch")
    found, _, key = path.lstrip("/").partition("/")
    if found != bucket:
        return error("404 Not Found", "NoSuchBucket")
    if method == "PUT":
        if environ.get("HTTP_IF_NONE_MATCH") == "*" and key in place.objects:
            return error("412 Precondition Failed", "PreconditionFailed")
        place.objects[key] = content
        return answer("200 OK")
    if method == "DELETE":
        place.objects.pop(key, None)
        return answer("204 No Content")
    if not key:
        return answer("200 OK", _listing(place, dict(parse_qsl(environ["QUERY_STRING"]))))
    if key not in place.objects:
        return error("404 Not Found", "NoSuchKey")
    first, _, last = environ["HTTP_RANGE"].removeprefix("bytes=").partition("-")
    if int(first) >= len(place.objects[key]):
        return error("416 Range Not Satisfiable", "InvalidRange")
    part, total = place.objects[key][int(first) : int(last) + 1][: place.most], len(place.objects[key])
    ends = ("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{total}")
    return answer("206 Partial Content", part, ends)


def _listing(place: WebPlace, query: dict[str, str]) -> bytes:
    """Two a page."""
    keys = sorted(key for key in place.objects if key.startswith(query["prefix"]))
    start = int(query.get("continuation-token", "0"))
    page, more = keys[start : start + 2], len(keys) > start + 2
    items = "".join(f"<Contents><Key>{escape(key)}</Key><Size>1</Size></Contents>" for key in page)
    token = f"<NextContinuationToken>{start + 2}</NextContinuationToken>" if more else ""
    return f'<R xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{items}{token}</R>'.encode()


def _signed(environ: dict[str, Any], path: str) -> bool:
    """AWS Signature Version 4, as a server checks it."""
    fields = dict(part.strip().split("=", 1) for part in environ["HTTP_AUTHORIZATION"].split(" ", 1)[1].split(","))
    key_id, day, region, service, ending = fields["Credential"].split("/")
    headers = "".join(f"{name}:{_header(environ, name)}\n" for name in fields["SignedHeaders"].split(";"))
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
    )
    digest = environ["HTTP_X_AMZ_CONTENT_SHA256"]
    canonical = f"{environ['REQUEST_METHOD']}\n{quote(unquote(path), safe='/-_.~')}\n{query}\n{headers}\n"
    canonical += f"{fields['SignedHeaders']}\n{digest}"
    scope = "/".join((day, region, service, ending))
    text = f"AWS4-HMAC-SHA256\n{environ['HTTP_X_AMZ_DATE']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    secret = b"AWS4" + SECRET.encode()
    for part in (day, region, service, ending):
        secret = hmac.digest(secret, part.encode(), "sha256")
    return key_id == KEY_ID and hmac.digest(secret, text.encode(), "sha256").hex() == fields["Signature"]


def _header(environ: dict[str, Any], name: str) -> str:
    plain = {"content-length": "CONTENT_LENGTH", "content-type": "CONTENT_TYPE"}
    return str(environ[plain.get(name, f"HTTP_{name.upper().replace('-', '_')}")])
