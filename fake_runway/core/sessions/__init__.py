"""What a realtime session is, and its rules."""
