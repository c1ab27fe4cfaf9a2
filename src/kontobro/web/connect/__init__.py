"""Connect a company: from Pleo or from here, step by step."""
