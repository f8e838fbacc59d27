"""Records of runs, running them again, and comparing what came out."""
