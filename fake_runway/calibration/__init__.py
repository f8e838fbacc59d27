"""What an endpoint does where the documentation is silent, learned from its answers.

`history.py` is what was asked and answered, `rules.py` reads from it how the endpoint is set,
`plays.py` makes the smallest set of calls that tells the settings apart, `har.py` reads recorded
traffic instead, `result.py` makes a table and a scenario of what was learned.
"""
