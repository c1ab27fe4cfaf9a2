"""What the parts of the suite share: a failure names the rule, the connector, and the page that explains it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

PAGE = "docs/connectors/writing-one.md"


class Contract:
    """A part of `ConnectorContract`. `page` is the heading of the page that explains its rules."""

    page: ClassVar[str] = "the-eight-methods"

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if cls.__module__.startswith(f"{__name__.partition('.')[0]}."):
            for name, test in list(vars(cls).items()):
                if name.startswith("test_"):
                    setattr(cls, name, _explained(test, cls.page))


def _explained(test: Callable[..., None], heading: str) -> Callable[..., None]:
    """The test, whose failure says which rule was broken and where it is explained."""
    rule = test.__name__.removeprefix("test_").replace("_", " ")

    @wraps(test)
    def explained(*args: Any, **given: Any) -> None:
        __tracebackhide__ = True
        try:
            test(*args, **given)
        except Exception as fault:
            connector = getattr(given.get("books"), "connector", None)
            name = type(connector).__name__
            if not isinstance(fault, AssertionError) and not type(fault).__module__.startswith("_pytest"):
                fault.add_note(
                    f"{name} raised {type(fault).__name__}: only the errors of kontobro.core.errors are answers."
                )
            fault.add_note(f"Rule: {rule}.\nConnector: {name}. See {PAGE}#{heading}")
            raise

    return explained
