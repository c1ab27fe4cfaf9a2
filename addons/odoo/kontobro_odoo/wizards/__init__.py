from . import connect

__all__ = ["connect"]
