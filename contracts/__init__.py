"""The wire contracts: what each request and response of the fake and of a gateway looks like.

`schemas/` holds the shapes as OpenAPI documents and `SOURCES.md` says where each comes from;
`documents.py` reads them, `schema.py` checks against them, `problems.py` says what is wrong.
Nothing here imports `fake_runway` or `gateway`.
"""
