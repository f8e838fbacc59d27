"""Named data that says how an account and its sessions behave."""
