"""What netcfg writes for itself to read again: records of what it did, and plans that somebody saved."""
