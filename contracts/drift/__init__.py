"""How a published OpenAPI document differs from our contract."""
