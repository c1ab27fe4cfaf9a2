"""What Tryton keeps and shows: connections, their history, and our fields of moves and invoices."""
