"""The catalogue of scenarios, and the check of scenario files."""
