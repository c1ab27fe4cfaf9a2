"""Pages of exports: jobs, expenses, problems, the tie-out."""
