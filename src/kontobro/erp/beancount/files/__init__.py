"""The files of bookings and receipts, exchanged and never overwritten."""
