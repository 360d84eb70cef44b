"""The configuration: a file that says which vaults are meant, and what is meant for each."""
