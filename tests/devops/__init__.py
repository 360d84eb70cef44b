"""Tests of the room that talks to Azure DevOps."""
