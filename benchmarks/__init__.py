"""Measurements that are run by hand. Nothing here is asserted and nothing here is installed."""
