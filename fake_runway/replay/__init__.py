"""Records of runs, running them again, and comparing the two journals."""
