"""Who may call: authentication, addresses, CORS."""
