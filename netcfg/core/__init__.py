"""Values and functions: no input, no output, no clock, no environment."""
