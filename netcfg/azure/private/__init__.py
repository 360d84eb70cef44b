"""Private endpoints and private DNS: looked at, made, and taken down."""
