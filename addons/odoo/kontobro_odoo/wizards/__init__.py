from . import connect, connect_oauth

__all__ = ["connect", "connect_oauth"]
