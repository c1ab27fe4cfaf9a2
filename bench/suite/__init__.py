"""How many planted faults the connectors' contract suite catches: a bench for the suite itself."""
