"""The wire contracts: OpenAPI documents, validators, and sentences about what breaks them."""
