"""One file for each group of pages: parse, ask the core, render."""
