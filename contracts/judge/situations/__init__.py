"""The situations that the judge plays, as data."""
