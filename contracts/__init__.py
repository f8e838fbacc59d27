"""The wire contracts: the shape of each request and response of the fake and of a gateway.

`wire/` holds the shapes as OpenAPI documents with their sources, and a validator; `judge/` plays
situations against a gateway, `report/` renders the findings, `drift/` compares our contract with a
published one.
Nothing here imports `fake_runway` or `gateway`.
"""
