"""What all verbs share: the context, output, exit codes."""
