from . import (
    test_access,
    test_books,
    test_buttons,
    test_form,
    test_lines,
    test_oauth,
    test_reference,
    test_shown,
    test_turns,
    test_words,
)

__all__ = [
    "test_access",
    "test_books",
    "test_buttons",
    "test_form",
    "test_lines",
    "test_oauth",
    "test_reference",
    "test_shown",
    "test_turns",
    "test_words",
]
