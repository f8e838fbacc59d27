"""What a published OpenAPI document has that our contract has not."""
