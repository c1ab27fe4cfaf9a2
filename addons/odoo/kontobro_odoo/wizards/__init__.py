from . import connect, line_kinds, lines

__all__ = ["connect", "line_kinds", "lines"]
