"""The parts of `document_contract`."""
