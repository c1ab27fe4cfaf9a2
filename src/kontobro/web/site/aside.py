"""Pages that ask Pleo or an accounting system: the asking is done aside, and no thread of the pages waits for long.

A slow page answers in time, or the reader gets a page that shows progress and continues on its own when there is a
result. One organisation can hold neither all threads of the pages nor all threads aside.
"""

from __future__ import annotations

import copy
import re
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final, TypedDict

from django.conf import settings
from django.contrib.messages.storage import default_storage
from django.core.cache import cache
from django.core.handlers.exception import response_for_exception
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _

from kontobro.core.errors import KontobroError
from kontobro.net.deadline import time_limit
from kontobro.service.config import config
from kontobro.service.shares import Shares
from kontobro.web.middleware import TooManyAtOnce, fault_page
from kontobro.web.models import Membership
from kontobro.web.tenancy import is_operator, member_of, require_now

AT_ONCE: Final = 4
"""What is asked for one organisation side by side, in each process; more waits for its turn."""
MOST_OF_ONE: Final = 24
MOST: Final = 96
"""Threads aside, of one organisation and of all."""
LONGEST: Final = 600
"""Seconds that one piece of work may take, however many calls it makes: a call under way then is a timeout."""
LONGEST_WAIT: Final = 240
"""Seconds that one waits for its turn. With LONGEST it ends while its reader's page still asks for it."""
KEPT: Final = 900
"""Seconds that a result is kept for its reader."""

TICKET: Final = re.compile(r"[\w-]{1,100}", re.ASCII)

Call = Callable[[HttpRequest], HttpResponse]


OPERATOR = "doctor"
"""The owner of what is asked for the whole service: its views let the operator in alone."""


def too_many() -> TooManyAtOnce:
    return TooManyAtOnce(
        _("Too many requests are running."), _("Wait until they have finished, then open the page again.")
    )


class Kept(TypedDict, total=False):
    """What the cache has of a piece of work: whose it is, where its page is, and once it is done what came of it."""

    user: object
    owner: str
    role: str
    page: str
    part: bool
    done: int
    total: int
    status: int
    content: bytes
    kind: str
    location: str
    messages: list[tuple[int, str, str]]


@dataclass
class Turns:
    """Of each owner so many run at once; the others wait, `longest` seconds at most."""

    at_once: int
    longest: float = LONGEST_WAIT
    _turns: dict[str, tuple[threading.Semaphore, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def turn(self, owner: str) -> Iterator[None]:
        """Raises TooManyAtOnce when those before it don't end in time."""
        with self._lock:
            semaphore, users = self._turns.get(owner, (threading.Semaphore(self.at_once), 0))
            self._turns[owner] = (semaphore, users + 1)
        try:
            if not semaphore.acquire(timeout=self.longest):
                raise too_many()
            try:
                yield
            finally:
                semaphore.release()
        finally:
            with self._lock:
                users = self._turns[owner][1] - 1
                self._turns[owner] = (semaphore, users)
                if not users:
                    del self._turns[owner]


_threads, _pages, _turns = Shares(), Shares(), Turns(AT_ONCE)


@dataclass
class Asking:
    """One view that runs aside. `late` is set when its page has stopped waiting: then the result goes to the cache."""

    call: Call
    request: HttpRequest
    owner: str
    role: str = ""
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    late: bool = False
    response: HttpResponse | None = None
    fault: Exception | None = None
    part: bool = False
    told_at: float = 0
    done: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    language: str | None = field(default_factory=translation.get_language)

    def run(self) -> None:
        """In the language of the page: Django keeps it for each thread apart."""
        with translation.override(self.language):
            self._run()

    def _run(self) -> None:
        _asking.set(self)
        try:
            with _turns.turn(self.owner), time_limit(LONGEST):
                self.response = self.call(self.request)
        except Exception as fault:  # noqa: BLE001 - raised in the page's thread, or made a page of
            self.fault = fault
        try:
            with self.lock:
                self.done.set()
                if self.late:
                    cache.set(key_of(self.ticket), self._kept(), KEPT)
        finally:
            connections.close_all()
            _threads.give_back(self.owner)

    def leave(self, *, part: bool) -> bool:
        """Stop waiting: True when the result will be in the cache, False when it is there already."""
        with self.lock:
            if self.done.is_set():
                return False
            self.late, self.part = True, part
            cache.set(key_of(self.ticket), {**self._whose(), "part": part}, KEPT)
            return True

    def tell(self, done: int, total: int) -> None:
        """How far it is, for the page that waits: not more than once a second."""
        if not self.late or time.monotonic() - self.told_at < 1:
            return
        self.told_at = time.monotonic()
        cache.set(key_of(self.ticket), {**self._whose(), "part": self.part, "done": done, "total": total}, KEPT)

    def _whose(self) -> Kept:
        return {"user": self.request.user.pk, "owner": self.owner, "role": self.role, "page": self._page()}

    def _page(self) -> str:
        """Where the page is shown: under its own address, so that links within it lead on. A POST has no such page."""
        if self.request.method == "POST":
            return ""
        path = self.request.get_full_path()
        return f"{path}{'&' if '?' in path else '?'}aside={self.ticket}"

    def _kept(self) -> Kept:
        response = self.response or _page_of(self.request, self.fault)
        return {
            **self._whose(),
            "part": self.part,
            "status": response.status_code,
            "content": response.content,
            "kind": response.headers.get("Content-Type", ""),
            "location": response.headers.get("Location", ""),
            "messages": [(one.level, str(one.message), one.extra_tags) for one in _unread(self.request)],
        }


_asking: ContextVar[Asking | None] = ContextVar("asking", default=None)


def progress(done: int, total: int) -> None:
    """A view that runs aside says how far it is. Elsewhere no one is told."""
    if asking := _asking.get():
        asking.tell(done, total)


def aside(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For a view below `of_connection` or `of_organisation` that asks others."""

    @wraps(view)
    def asked(request: HttpRequest, member: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        def call(apart: HttpRequest) -> HttpResponse:
            require_now(member)
            return view(apart, member, *args, **kwargs)

        return ask(request, str(member.organisation.id), call)

    return asked


def ask(request: HttpRequest, owner: str, call: Call) -> HttpResponse:
    """Run a view aside for its owner, an organisation. Raises TooManyAtOnce, and what the view raises in time."""
    ready = result_of(request, request.GET.get("aside", ""))
    if ready is not None and ready["owner"] == owner:  # another organisation's: its rights may have ended meanwhile
        return page_of(ready)
    if not _threads.take(owner, MOST_OF_ONE, MOST):
        raise too_many()
    asking = Asking(call, _apart(request), owner, _role_of(request, owner))
    threading.Thread(target=copy_context().run, args=[asking.run], name="kontobro-aside", daemon=True).start()
    with thread_for(owner) as may_wait:
        if asking.done.wait(settings.ASIDE_PATIENCE if may_wait else 0.05):
            return _answer(request, asking)
    part = bool(getattr(request, "htmx", False))
    if not asking.leave(part=part):
        return _answer(request, asking)
    return still(request, asking.ticket, part=part)


@contextmanager
def thread_for(owner: str) -> Iterator[bool]:
    """Take one of the threads that may wait for others, for as long as the block runs: half of the threads never do,
    and an organisation has a quarter at most."""
    taken = take_thread(owner)
    try:
        yield taken
    finally:
        if taken:
            give_thread_back(owner)


def take_thread(owner: str) -> bool:
    threads = config().threads
    return _pages.take(owner, max(1, threads // 4), max(1, threads // 2))


def give_thread_back(owner: str) -> None:
    _pages.give_back(owner)


def still(request: HttpRequest, ticket: str, kept: Kept | None = None, *, part: bool) -> HttpResponse:
    """Progress: a part of a page, or a page, that asks again on its own."""
    name = "site/part.html" if part else "site/aside.html"
    return render(request, name, {"ticket": ticket, "kept": kept}, status=202)


def key_of(ticket: str) -> str:
    return f"aside.{ticket}"


def result_of(request: HttpRequest, ticket: str) -> Kept | None:
    """What came of it, for the one who asked; None while it runs, and for whatever is not theirs."""
    kept = kept_of(request, ticket)
    return kept if kept and "status" in kept else None


def kept_of(request: HttpRequest, ticket: str) -> Kept | None:
    kept: Kept | None = cache.get(key_of(ticket)) if TICKET.fullmatch(ticket) else None
    if not kept or kept["user"] != request.user.pk or not _may_see(request, kept):
        return None
    return kept


def _role_of(request: HttpRequest, owner: str) -> str:
    if owner == OPERATOR:
        return ""
    mine = Membership.objects.filter(user_id=request.user.pk, organisation_id=owner).first()
    return mine.role if mine else ""


def _may_see(request: HttpRequest, kept: Kept) -> bool:
    """Who left an organisation, or has a lower role by now, does not see what they asked for before."""
    if kept["owner"] == OPERATOR:
        return config().local or is_operator(request.user)
    try:
        return member_of(request.user, uuid.UUID(kept["owner"])).may(kept.get("role", ""))  # type: ignore[arg-type]
    except (Http404, KontobroError, ValueError):  # ValueError: no role was kept
        return False


def page_of(kept: Kept) -> HttpResponse:
    return HttpResponse(kept["content"], status=kept["status"], content_type=kept["kind"] or None)


def _apart(request: HttpRequest) -> HttpRequest:
    """The request for another thread: read whole, with messages of its own."""
    if request.method == "POST":
        request.POST  # noqa: B018 - read here, by the thread that has the connection
    apart = copy.copy(request)
    apart._messages = default_storage(apart)  # type: ignore[attr-defined]  # where Django's own middleware has them
    return apart


def _unread(apart: HttpRequest) -> list[Any]:
    return list(apart._messages._queued_messages)  # type: ignore[attr-defined]


def _answer(request: HttpRequest, asking: Asking) -> HttpResponse:
    request._messages = asking.request._messages  # type: ignore[attr-defined]
    for name in ("member", "connection"):
        if hasattr(asking.request, name):
            setattr(request, name, getattr(asking.request, name))
    if asking.fault is not None:
        raise asking.fault
    if asking.response is None:
        raise RuntimeError("a view gave neither a response nor an error")
    return asking.response


def _page_of(request: HttpRequest, fault: Exception | None) -> HttpResponse:
    """A fault that came late, as the page that it would have been."""
    if isinstance(fault, KontobroError):
        return fault_page(request, fault)
    return response_for_exception(request, fault or RuntimeError("a view gave no response"))
