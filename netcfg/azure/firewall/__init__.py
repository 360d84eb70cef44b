"""The firewalls of vaults: found, read, written, and what else holds them."""
