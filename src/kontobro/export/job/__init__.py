"""A job before it is booked: claimed, listed, given time."""
