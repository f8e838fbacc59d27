"""The wire contracts: OpenAPI documents, a validator, and sentences that say what is wrong."""
