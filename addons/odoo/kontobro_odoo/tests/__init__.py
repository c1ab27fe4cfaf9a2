from . import test_access, test_form, test_reference, test_words

__all__ = ["test_access", "test_form", "test_reference", "test_words"]
