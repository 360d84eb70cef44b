"""Where ranges are published, and the editions that come with the program."""
