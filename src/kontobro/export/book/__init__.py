"""Items booked, looked up, compared and reported."""
