"""The avatar's picture and voice, and how it hears that a user speaks."""
