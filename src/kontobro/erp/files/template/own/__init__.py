"""Which template a connection uses: one that comes with Kontobro, a file, or a text that is kept with the connection.

texts     the template in use, the one before it, another kept in its place
changes   what differs between two templates, in words
"""
