"""What Pleo's documents say of its answers, and what an answer looks like without what it says."""
