"""How every client of ours reads the network: so much, so long, and only from addresses that were checked.

deadline   how long a call may take; `time_limit` for those whom a person waits for
limits     how large an answer may be
addresses  what is public; the rule that a client connects by
backend    looking up, checking and connecting, in one place: what was checked is what is connected to
client     a client with all of it
"""
