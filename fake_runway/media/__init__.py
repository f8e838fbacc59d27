"""Pictures, films and sounds that tasks answer with, and what can be read of those sent in."""
