"""Azure DevOps: organizations, their library and their agents."""
