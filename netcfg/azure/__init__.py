"""Azure Resource Manager: the only room that imports an Azure SDK."""

import logging

# Without anybody who listens, Python prints warnings on stderr, and azure-identity warns in twenty lines of what we say
# in one sentence. Whoever sets up logging still gets all of them.
for name in ("azure", "msal"):
    logging.getLogger(name).addHandler(logging.NullHandler())
