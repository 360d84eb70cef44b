"""The desired rules as code for other tools; one file per tool."""
