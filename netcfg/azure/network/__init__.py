"""Virtual networks and their subnets: found by name, read, and written."""
