"""Tests of what is fetched and parsed of the publishers."""
