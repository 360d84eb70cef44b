"""How long a test lets something take that must not grow without end. What it really takes `scripts/bench` measures."""

# Processor seconds. Some six times what the slowest of these takes on a quiet machine, so that a busy or a slow one
# fails nothing, and still far below what anything takes that grows with the square of its input.
SOON = 10.0
