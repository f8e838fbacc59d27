"""The Runway API: its handler, the pipeline of a call, and a file for each resource."""
