"""Azure DevOps over REST."""
