"""Month end: the equation per wallet, what blocks closing, who closed which month."""
