"""Calls to Runway's own hosts reach the fake, whatever a program says: `run --intercept`.

`authority.py` makes a certificate authority for one run, `hosts.py` serves Runway's hosts with it,
`tunnel.py` is the HTTPS proxy that leads there, `variables.py` says how programs find both (pure),
`hooks/` has what Python and Node load for clients that read no variable, `interception.py` puts
them together. Only Runway's hosts are touched.
"""
