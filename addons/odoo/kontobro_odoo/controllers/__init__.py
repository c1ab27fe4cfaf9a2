from . import pleo

__all__ = ["pleo"]
