"""What keeps a plan from being carried out."""

from __future__ import annotations

from collections.abc import Iterable

from kontobro.core.errors import EmptySource, TooManyChanges, shown
from kontobro.core.plan.types import Limits, LimitScope


def check_plan(kind: str, empty_source: bool, scopes: Iterable[LimitScope], limits: Limits | None) -> None:
    """Raises what is against the plan, the graver first."""
    if empty_source:
        named = "dimensions with values" if kind == "dimensions" else kind.replace("-", " ")
        raise EmptySource(
            f"The accounting system has no {named}, but Pleo has: nothing was changed.",
            "See that the accounting system gives them out (permissions, the right company), then plan again.",
        )
    if limits:
        for scope in scopes:
            _check_scope(scope, limits)


def _check_scope(scope: LimitScope, limits: Limits) -> None:
    """The floor never lets all of them go: one dimension may be read empty, while the others are whole."""
    if scope.archives == scope.active > 0 and scope.kind != "tag_groups":  # groups go by a person's choice
        raise TooManyChanges(
            f"The plan would archive all {scope.active} {_named(scope)}.",
            "See that the accounting system gives them out; if it is right, apply the plan by its digest.",
        )
    for count, what in ((scope.archives, "archive"), (scope.updates, "change")):
        if not limits.allow(count, scope.active):
            raise TooManyChanges(
                f"The plan would {what} {count} of {scope.active} {_named(scope)}; {limits.percent} % is the limit "
                f"({limits.floor} always pass, unless they are all).",
                "Look at the plan and apply it by its digest if it is right.",
            )


def _named(scope: LimitScope) -> str:
    kind = scope.kind.replace("_", " ")
    return f"{kind} of {shown(scope.name)}" if scope.name else kind
