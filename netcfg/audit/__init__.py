"""The audit logs of vaults, as Azure exports them: files that are read, and never written."""
