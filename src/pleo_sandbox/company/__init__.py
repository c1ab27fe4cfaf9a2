"""What a company at Pleo has, and the rules of each."""
