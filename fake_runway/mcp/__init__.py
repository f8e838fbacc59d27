"""The admin API and the judge as tools for coding agents: `fake-runway mcp`.

`tools.py` makes them from the admin API's document (pure), `judging.py` runs the judge,
`server.py` speaks the protocol, by the package `mcp` (an extra).
"""
