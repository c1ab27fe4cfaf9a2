"""Personal data: exported, erased, kept from other users of the machine."""
