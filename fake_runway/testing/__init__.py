"""What tests use: the pytest plugin and a server inside the process."""
