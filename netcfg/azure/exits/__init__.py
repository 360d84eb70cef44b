"""By which public addresses a subnet is left, and who depends on them."""
