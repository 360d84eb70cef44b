"""Where Microsoft publishes ranges."""
