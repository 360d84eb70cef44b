"""Options in, workflow, format, exit status out."""
