"""The journal of a world, its views, and the findings that follow from it."""
