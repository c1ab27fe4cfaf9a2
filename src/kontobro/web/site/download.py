"""A download that takes a while: it has a thread for as long as it is sent, and no longer than a limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from django.http import FileResponse
from django.utils.translation import gettext as _

from kontobro.net.deadline import time_limit
from kontobro.web.middleware import TooManyAtOnce
from kontobro.web.site.aside import LONGEST, give_thread_back, take_thread
from kontobro.web.tenancy import Member

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def made_file(member: Member, name: str, content_type: str, make: Callable[[BinaryIO], None]) -> FileResponse:
    """A file that is whole before it is sent, and on the disk, not in memory. Raises what `make` raises."""
    held = Held(member)
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it when it has been sent
    try:
        with held.in_time():
            make(file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    finally:
        held.close()
    return FileResponse(file, as_attachment=True, filename=name, content_type=content_type)


class Held:
    """A download's content, and the thread that it takes until it is sent: no organisation may have all of them, and
    none has one for longer than LONGEST."""

    def __init__(self, member: Member) -> None:
        self.content: Iterator[bytes] = iter(())
        self._owner = str(member.organisation.id)
        self._closed = False
        self._until = time.monotonic() + LONGEST
        if not take_thread(self._owner):
            raise TooManyAtOnce(_("Too many downloads are running."), _("Wait until one has finished, then try again."))

    def in_time(self) -> AbstractContextManager[None]:
        return time_limit(max(0.0, self._until - time.monotonic()))

    def __iter__(self) -> Iterator[bytes]:
        while True:
            with self.in_time():
                piece = next(self.content, None)
            if piece is None:
                return
            yield piece

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            give_thread_back(self._owner)
