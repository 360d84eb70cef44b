"""Microsoft.KeyVault: vaults, what holds them, and what they answer."""
