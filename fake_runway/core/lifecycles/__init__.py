"""One table per kind of resource: which event leads from which state to which."""
