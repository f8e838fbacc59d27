"""The wire contracts: what each request and response of the fake and of a gateway looks like.

`wire/` holds the shapes as OpenAPI documents, says where each comes from, and checks against them;
`judge/` plays situations against a gateway, `report/` shows what was found, `drift/` compares our
contract with a published one.
Nothing here imports `fake_runway` or `gateway`.
"""
