"""What a seed makes of a world, and what goes wrong in it: data alone, so that a failing seed can be shrunk."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

Reference = Literal["enforced", "searchable"]
StoreKind = Literal["sqlite", "postgresql"]
ErpKind = Literal["memory", "beancount", "plain", "files"]
Auth = Literal["api_key", "oauth"]
Voided = Literal["book", "ask"]
"""The setting: what is to become of an expense whose entry a person voided."""

BOOKS: Final[Mapping[ErpKind, str]] = {
    "memory": "an accounting system in memory",
    "beancount": "Beancount",
    "plain": "a file that doubles what is written twice",
    "files": "documents in a folder",
}

FORM: Final = 9
"""Goes up when a seed would make another plan, or its run would be judged by more: seeds are counted by form."""

KINDS: Final[Mapping[str, int]] = {
    # what goes wrong: how often, beside the others
    "kill": 30,
    "stay away": 5,
    "lose the answer": 14,
    "lose the request": 8,
    "take effect late": 8,
    "die during the write": 10,
    "deliver twice": 5,
    "refuse for a while": 6,
    "book a part": 5,
    "lose the machine": 5,
    "writes go astray for a while": 5,
    "restart the accounting system": 4,
    "expire the job": 4,
    "cancel the job": 2,
    "press Export again": 5,
    "revoke the login": 2,
    "connect again": 2,
    "move the clock": 5,
    "delay": 5,
    "void by hand": 5,
    "delete by hand": 3,
    "post by hand": 3,
    "edit by hand": 5,
    "wake everyone": 6,
    "delete our history": 2,
    "copy our history": 3,
    "break the page": 3,
    "expire receipt addresses": 3,
}

OF_TOKENS: Final[Mapping[str, int]] = {"expire the token": 8}
"""Beside them, where the login is by OAuth."""

OF_WEBHOOKS: Final[Mapping[str, int]] = {
    "lose the webhook": 4,
    "repeat the webhook": 4,
    "delay the webhook": 3,
    "forge a webhook": 2,
}
"""Beside them, where Pleo tells of new jobs."""

OF_FILES: Final[Mapping[str, int]] = {
    "take the files": 14,
    "mark as imported": 4,
    "take the mark back": 2,
    "release a document": 5,
    "look after the documents": 4,
    "delete our history": 5,
}
"""Beside them, where documents are delivered to a folder."""

NOT_OF_FILES: Final = (
    *("void by hand", "delete by hand", "post by hand", "edit by hand"),
    "writes go astray for a while",
)
"""No one works in a sealed document, and a folder says at once whether it has a file."""

INTERRUPTS: Final = ("void by hand", "delete by hand", "edit by hand", "take the files", "release a document")
"""What people do matters most where an export was interrupted: half of these are followed by a kill."""

NOT_APART: Final = (
    "move the clock",
    "delay",
    "take effect late",
    "die during the write",
    "lose the machine",
    "writes go astray for a while",
    "deliver twice",
)
"""What two installations can't be told apart by where only the reference could (`docs/how-it-works.md`): a living one
that does nothing for longer than the other waits, and a claim that Pleo took from both."""

SET_APART: Final = ("delete our history", "lose the answer", "lose the request")
"""What two installations are told apart by there: what each remembers, and whose claim Pleo took."""

CLAIM: Final = "pleo.POST /v3/export-job-events"
"""Where Pleo says whose claim it took."""

ALL: Final = 0.999
"""Of the size of "press Export again": for each expense."""

ONCE_MORE: Final = ("cancel the job", "expire the job")
"""How a job ends at Pleo by no one's work, so that all of it can be exported again at once."""

ERP_WRITES: Final = ("erp.book", "erp.attach", "erp.post", "erp.withdraw")
PLEO_WRITES: Final = ("pleo.POST", "pleo.PUT")
STORE_WRITES: Final = ("store.claim_job", "store.move", "store.end_job", "store.save_tokens")

AIMS: Final[Mapping[str, Sequence[str]]] = {
    **dict.fromkeys(("kill", "stay away"), (*ERP_WRITES, *PLEO_WRITES, *STORE_WRITES)),
    **dict.fromkeys(
        ("lose the answer", "lose the request", "refuse for a while", "take effect late", "die during the write"),
        (*ERP_WRITES, *PLEO_WRITES),
    ),
    **dict.fromkeys(("lose the machine", "book a part", "writes go astray for a while"), ERP_WRITES),
    **dict.fromkeys(("deliver twice",), PLEO_WRITES),
    **dict.fromkeys(("break the page",), ("pleo.GET /v3/export-items", "pleo.GET /v3/export-jobs/…/items")),
}
"""What may wait for a point of few crossings, and for which: a write, a page of expenses. Most harm is done there."""

ROWS: Final = "place.rename rows"
"""The rows of a document get their name: from then on an importer may take them."""

SEALED: Final = "store.save_secret"
"""Documents are sealed, and their numbers about to be kept beside the tables."""

AIMS_OF_FILES: Final[Mapping[str, Sequence[str]]] = {
    "kill": (
        *("place.write", "place.rename", ROWS, ROWS, "store.keep_file", "store.seal_documents", SEALED, SEALED),
        *("store.note_delivery", "store.move", *PLEO_WRITES),
    ),
    **dict.fromkeys(("lose the answer", "lose the request"), ("place.", ROWS, ROWS, *PLEO_WRITES)),
    **dict.fromkeys(("take effect late", "die during the write"), ("place.rename", ROWS, *PLEO_WRITES)),
    "refuse for a while": ("place.",),
    "lose the machine": ("place.rename", ROWS, "place.write"),
    "book a part": ("place.write",),
    "deliver twice": PLEO_WRITES,
}
"""The same where documents are delivered to a folder."""

AIMED: Final = 0.35
"""The part of these that does."""

MOST_ACTS: Final = 12
SPREAD: Final = 240
"""Crossings among which the acts fall: more than an undisturbed export has."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that goes wrong at the crossing `at`, or at the next one where it can. `size`: from 0 to 1, how much
    or how long. `aim`: the beginning of the point that it waits for. `then`: what follows on it, each `at` crossings
    later."""

    at: int
    kind: str
    size: float
    aim: str = ""
    then: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A world and its acts. `homes`: each exporter's installation by number, so `(0, 0)` are two exporters at one.
    `by_the_clock`: exporters look for work each quarter of an hour, all at once, as cron starts them.
    `restart_seconds`: until a new process takes a dead one's place. `presses`: how often Export is pressed again when
    nothing is left to do and something is still to go wrong."""

    seed: int
    reference: Reference
    drafts: bool
    posted: bool
    batch_size: int
    fingerprints: bool
    bills: bool
    settle_seconds: int
    voided: Voided = "book"
    homes: tuple[int, ...]
    auth: Auth = "api_key"
    webhooks: bool = False
    by_the_clock: bool = False
    store: StoreKind = "sqlite"
    erp: ErpKind = "memory"
    restart_seconds: int = 20
    presses: int = 3
    acts: tuple[Act, ...]

    def in_words(self) -> Sequence[str]:
        """The world, for a person."""
        many = "two exporters of one installation" if self.homes == (0, 0) else "two installations"
        return (
            "" if self.store == "sqlite" else "the store is PostgreSQL",
            "" if self.erp == "memory" else f"entries are booked into {BOOKS[self.erp]}",
            *((self._papers,) if self.erp == "files" else self._entries),
            "one exporter" if self.homes == (0,) else many,
            "login by OAuth" if self.auth == "oauth" else "login by API key",
            "webhooks" if self.webhooks else "",
            "all look at the same minute" if self.by_the_clock else "",
            "" if self.bills else "no bills",
            "what was voided is asked about" if self.voided == "ask" else "",
        )

    @property
    def is_apart(self) -> bool:
        """Whether nothing but Pleo's job keeps two installations apart."""
        return self.homes == (0, 1) and self.reference == "searchable"

    @property
    def _papers(self) -> str:
        sizes = {1: "a document for each entry", 2: "a document for a few rows"}
        return sizes.get(self.batch_size, "a document for each export")

    @property
    def _entries(self) -> Sequence[str]:
        return (
            f"the reference is {self.reference}",
            f"a late write shows within {self.settle_seconds} s" if self.reference == "searchable" else "",
            f"entries are {'drafts' if self.drafts else 'posted at once'}"
            + (", to be posted" if self.drafts and self.posted else ""),
            f"{self.batch_size} in a batch" if self.batch_size > 1 else "one by one",
            "" if self.fingerprints else "no fingerprints are kept",
        )


def plan_of(seed: int, *, store: StoreKind = "sqlite", erp: ErpKind = "memory") -> Plan:
    """The same seed, the same plan. Another store changes nothing of it; Beancount is as it is."""
    draw = random.Random(seed)
    reference: Reference = draw.choice(("enforced", "searchable"))
    plan = Plan(
        seed=seed,
        reference=reference,
        drafts=draw.random() < 0.7,
        posted=draw.random() < 0.8,
        batch_size=draw.choice((1, 2, 100)),
        fingerprints=draw.random() < 0.8,
        bills=draw.random() < 0.85,
        settle_seconds=draw.choice((5, 60, 300)),
        voided=draw.choice(("book", "ask")),
        homes=draw.choice(((0,), (0,), (0, 0), (0, 1))),
        auth=draw.choice(("api_key", "api_key", "oauth")),
        webhooks=draw.random() < 0.4,
        by_the_clock=draw.random() < 0.4,
        store=store,
        erp=erp,
        acts=(),
    )
    if erp == "beancount":
        plan = replace(plan, reference="enforced", drafts=True, batch_size=100, fingerprints=True, bills=True)
    if erp == "files":
        homes = (0, 0) if len(plan.homes) > 1 else plan.homes  # a folder is one installation's
        plan = replace(plan, reference="enforced", drafts=False, posted=True, fingerprints=True, homes=homes)
    if plan.is_apart and draw.random() < 0.5:  # both claim the same job in the same moment
        plan = replace(plan, by_the_clock=True)
    return replace(plan, acts=_acts(plan, draw))


def _acts(plan: Plan, draw: random.Random) -> tuple[Act, ...]:
    """Those that can happen in this world, in their order."""
    kinds = {
        **KINDS,
        **(OF_TOKENS if plan.auth == "oauth" else {}),
        **(OF_WEBHOOKS if plan.webhooks else {}),
    }
    if plan.is_apart:
        kinds = {kind: weight for kind, weight in kinds.items() if kind not in NOT_APART}
        kinds |= {kind: kinds[kind] * 4 for kind in SET_APART}
    if plan.erp == "files":
        kinds = {kind: weight for kind, weight in {**kinds, **OF_FILES}.items() if kind not in NOT_OF_FILES}
    spread = draw.choice((60, SPREAD, SPREAD))
    chosen = draw.choices(list(kinds), weights=list(kinds.values()), k=draw.randint(1, MOST_ACTS))
    acts = [Act(draw.randrange(spread), kind, draw.random()) for kind in chosen]
    aims = AIMS_OF_FILES if plan.erp == "files" else AIMS
    acts = [replace(act, aim=_aim(act.kind, aims, draw)) for act in acts]
    acts = [_exported_again(act, draw) if act.kind == "lose the machine" else act for act in acts]
    acts += [Act(0, "copy our history", act.size) for act in acts if act.kind == "lose the machine"]
    if plan.is_apart and plan.by_the_clock:
        acts.append(Act(0, "lose the request", draw.random(), aim=CLAIM))
    acts += [Act(act.at + 1, "kill", 0.5) for act in acts if act.kind in INTERRUPTS and draw.random() < 0.5]
    if plan.erp == "files":
        acts += [
            *(Act(act.at, "take the files", draw.random()) for act in acts if act.aim == ROWS and draw.random() < 0.5),
            *(one for act in acts if act.kind == "take the files" for one in _afterwards(act, draw)),
            *(one for act in acts if act.aim == SEALED and draw.random() < 0.5 for one in _all_lost(act.at + SPREAD)),
        ]
    return tuple(sorted(acts, key=lambda act: act.at))


def _exported_again(lost: Act, draw: random.Random) -> Act:
    """Half of the time someone sees that the export stands still, ends it in Pleo, and presses Export again."""
    if draw.random() < 0.5:
        return lost
    return replace(lost, then=(Act(1, draw.choice(ONCE_MORE), 0.5), Act(2, "press Export again", ALL)))


def _all_lost(at: int) -> Sequence[Act]:
    """Manifests too, and our history, before all of it is exported again."""
    return (
        Act(at, "take the files", 0.9),
        Act(at + 1, "delete our history", 0.5),
        Act(at + 2, "press Export again", ALL),
    )


def _afterwards(taken: Act, draw: random.Random) -> Sequence[Act]:
    """What follows on an import: the memory of it is lost as well, and all of it exported again; or it is marked."""
    match draw.random():
        case chance if chance < 0.3:
            return Act(taken.at + 1, "delete our history", 0.5), Act(taken.at + 2, "press Export again", ALL)
        case chance if chance < 0.5:
            return (Act(taken.at + 1, "mark as imported", draw.random()),)
        case chance if chance < 0.6:
            again = (Act(taken.at + at, "take the mark back", draw.random()) for at in (20, 200))
            return Act(taken.at + 1, "mark as imported", draw.random()), *again
    return ()


def _aim(kind: str, aims: Mapping[str, Sequence[str]], draw: random.Random) -> str:
    return draw.choice(aims[kind]) if kind in aims and draw.random() < AIMED else ""


def without(plan: Plan, acts: Sequence[Act]) -> Plan:
    """The same world with these acts alone."""
    return replace(plan, acts=tuple(acts))
