"""How this house speaks HTTP where no SDK does: for the rooms that ask Azure DevOps and the publishers."""
