"""Model routers: their settings, how they choose a model, and what they chose."""
