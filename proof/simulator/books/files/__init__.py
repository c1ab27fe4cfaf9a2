"""Books that are files in a folder: what the product seals and delivers, and what an importer takes out of it."""
