"""What goes wrong on command: which calls, what happens, when and how often."""
