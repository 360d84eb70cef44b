"""Azure Resource Manager: who may, what lasts, what is found."""
