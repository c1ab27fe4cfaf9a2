from . import connect, connect_oauth, line_kinds, lines

__all__ = ["connect", "connect_oauth", "line_kinds", "lines"]
