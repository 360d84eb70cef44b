"""Opens a private Azure Key Vault to Azure DevOps and to the agents, and to nobody else."""

__version__ = "0.1.0"
