"""Microsoft.Network: networks, endpoints, DNS, and where this machine is."""
