"""The folder as a delivery sees it: the product's own delivery to a folder, each of whose file operations crosses the
seam, as those of a network drive do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NoReturn, Protocol, TypeVar

from kontobro.core.errors import KontobroError, Unreachable
from kontobro.core.ports.delivery import FileToDeliver
from kontobro.delivery.filed import FiledDelivery, put_beside
from kontobro.delivery.folder import Folder, open_folder
from proof.simulator.plan import Act
from proof.simulator.schedule import Worker
from proof.simulator.world import World

T = TypeVar("T")

NAME: Final = "the folder"
SIDE: Final = "place"
READS: Final = ("kill", "refuse for a while", "restart the accounting system", "lose the request")
WRITES: Final = (*READS, "book a part", "die during the write", "lose the machine")
RENAMES: Final = (*READS, "take effect late", "die during the write", "lose the machine")
AFTER: Final = ("kill", "lose the answer")
ENDS: Final = {".csv": "rows", "-receipts.zip": "receipts", ".manifest.json": "manifest"}

LONGEST: Final = 600.0
"""Seconds that a late rename may take."""

PROBE: Final = "kontobro-check.tmp"
"""What a delivery writes to see whether it can."""


class Watched(Protocol):
    """Whoever has to know what becomes of the files."""

    def arrived(self, name: str, content: bytes) -> None: ...

    def withdrawn(self, name: str) -> None: ...

    def interrupted(self, name: str) -> None:
        """What was done to a file did not end as it should have."""
        ...


Forget = Callable[[int], None]
"""An installation's history is gone."""
Broken = Callable[[Act], None]


def _nothing(_: Act) -> None:
    """The request never came to its place."""


def delivery_by_hand(path: Path, watched: Watched) -> FiledDelivery:
    """A person's: nothing goes wrong on its way."""
    return FiledDelivery(NAME, lambda: _opened(path, lambda folder: Place(folder, watched)))


def delivery_of(path: Path, watched: Watched, world: World, worker: Worker, forget: Forget) -> FiledDelivery:
    """An exporter's, over the seam."""
    seam = Seam(path, watched, world, worker, forget)
    return FiledDelivery(NAME, lambda: _opened(path, lambda folder: Seamed(folder, watched, seam)))


@contextmanager
def _opened(path: Path, place: Callable[[Folder], Place]) -> Iterator[Place]:
    with open_folder(path) as folder:
        yield place(replace(folder, place=NAME))


class Place:
    """An open folder in which every file that gets its name is seen."""

    def __init__(self, folder: Folder, watched: Watched) -> None:
        self._folder, self._watched = folder, watched

    def put(self, file: FileToDeliver) -> None:
        put_beside(self, file)

    def read(self, name: str) -> Iterator[bytes]:
        return self._folder.read(name)

    def names(self) -> Iterator[str]:
        return self._folder.names()

    def write(self, name: str, file: FileToDeliver) -> None:
        self._folder.write(name, file)

    def rename(self, old: str, new: str) -> None:
        self._folder.rename(old, new)
        if new != PROBE:
            self._watched.arrived(new, b"".join(self._folder.read(new)))

    def remove(self, name: str) -> None:
        self._folder.remove(name)
        if not name.startswith(".") and name != PROBE:
            self._watched.withdrawn(name)


@dataclass(frozen=True, slots=True)
class Seam:
    """What an exporter's operations cross, and what goes wrong there."""

    path: Path
    watched: Watched
    world: World
    worker: Worker
    forget: Forget

    def around(self, what: str, kinds: Sequence[str], call: Callable[[], T], broken: Broken = _nothing) -> T:
        """`broken`: what an act leaves of the operation. Raises Unreachable where it did not come through, or the
        answer was lost."""
        act = self.world.cross(self.worker, f"{SIDE}.{what}:before", kinds)
        if act:
            broken(act)
            self.break_off(act.kind)
        answer = call()
        if self.world.cross(self.worker, f"{SIDE}.{what}:after", AFTER):
            raise _no_answer()
        return answer

    def changing(
        self, name: str, what: str, kinds: Sequence[str], call: Callable[[], T], broken: Broken = _nothing
    ) -> T:
        """The same of what changes a file: whoever watches is told that it did not end as it should have."""
        try:
            return self.around(what, kinds, call, broken)
        except FileNotFoundError:
            raise
        except BaseException:  # a kill too
            self.watched.interrupted(name)
            raise

    def write_half(self, name: str, file: FileToDeliver) -> None:
        whole = b"".join(file.content())
        (self.path / name).write_bytes(whole[: len(whole) // 2])

    def rename_later(self, size: float, old: str, new: str) -> None:
        """Whoever is there then; not when the next attempt has begun to write the same file again
        (`docs/proof.md`, what it can't prove)."""
        written = (self.path / old).read_bytes()

        def land() -> None:
            with suppress(FileNotFoundError):
                if (self.path / old).read_bytes() != written:
                    return
            with (
                suppress(FileNotFoundError, FileExistsError, KontobroError),
                _opened(self.path, lambda folder: Place(folder, self.watched)) as place,
            ):
                place.rename(old, new)

        self.world.later(size * LONGEST, land, side=SIDE)

    def break_off(self, kind: str) -> NoReturn:
        """What an act leaves of the caller."""
        if kind == "lose the machine":
            self.forget(self.worker.home)
        if kind in ("die during the write", "lose the machine"):
            self.world.kill(self.worker)
        raise _no_answer()


def what_is(name: str) -> str:
    """Which of a document's files it is, for the story; the rows are what an importer waits for."""
    return next((what for end, what in ENDS.items() if name.endswith(end)), "check")


class Seamed(Place):
    """Each operation crosses the seam twice, and may not come through."""

    def __init__(self, folder: Folder, watched: Watched, seam: Seam) -> None:
        super().__init__(folder, watched)
        self._seam = seam

    def read(self, name: str) -> Iterator[bytes]:
        yield from self._seam.around("read", READS, lambda: list(self._folder.read(name)))

    def names(self) -> Iterator[str]:
        yield from self._seam.around("names", READS, lambda: sorted(self._folder.names()))

    def remove(self, name: str) -> None:
        self._seam.changing(name, "remove", READS, lambda: super(Seamed, self).remove(name))

    def write(self, name: str, file: FileToDeliver) -> None:
        def write(_: Act) -> None:
            self._seam.write_half(name, file)

        self._seam.changing(name, "write", WRITES, lambda: super(Seamed, self).write(name, file), write)

    def rename(self, old: str, new: str) -> None:
        def rename(act: Act) -> None:
            self._seam.rename_later(act.size, old, new)

        self._seam.changing(
            new, f"rename {what_is(new)}", RENAMES, lambda: super(Seamed, self).rename(old, new), rename
        )


def _no_answer() -> Unreachable:
    return Unreachable("The folder did not answer.", "It is tried again.")
