from . import test_access, test_form, test_oauth, test_reference

__all__ = ["test_access", "test_form", "test_oauth", "test_reference"]
