"""What keeps a plan from being carried out."""

from __future__ import annotations

from collections.abc import Iterable

from kontobro.core.errors import EmptySource, TooManyChanges, shown
from kontobro.core.plan.types import Limits, LimitScope
from kontobro.core.words import Fact, Phrase, told


def check_plan(kind: str, empty_source: bool, scopes: Iterable[LimitScope], limits: Limits | None) -> None:
    """Raises what is against the plan, the graver first."""
    if empty_source:
        raise EmptySource(*told("plan_source_empty", kinds=records(kind)))
    if limits:
        for scope in scopes:
            _check_scope(scope, limits)


def _check_scope(scope: LimitScope, limits: Limits) -> None:
    """The floor never lets all of them go: one dimension may be read empty, while the others are whole."""
    if scope.archives == scope.active > 0 and scope.kind != "tag_groups":  # groups go by a person's choice
        raise TooManyChanges(*told("plan_archives_all", count=scope.active, kinds=_named(scope)))
    if not limits.allow(scope.archives, scope.active):
        raise TooManyChanges(
            *told(
                "plan_archives_many",
                count=scope.archives,
                total=scope.active,
                kinds=_named(scope),
                percent=limits.percent,
                floor=limits.floor,
            )
        )
    if not limits.allow(scope.updates, scope.active):
        raise TooManyChanges(
            *told(
                "plan_changes_many",
                count=scope.updates,
                total=scope.active,
                kinds=_named(scope),
                percent=limits.percent,
                floor=limits.floor,
            )
        )


def _named(scope: LimitScope) -> Fact:
    return Phrase("records_tags_of", {"group": shown(scope.name)}) if scope.name else records(scope.kind)


def records(kind: str) -> Phrase:
    """Records of a kind in the middle of a sentence."""
    return Phrase(f"records_{kind.replace('-', '_')}")
