"""The pages for people, as package data: plain HTML, CSS and ES modules, without a build step.

`demo/` is at `/`, `dashboard/` at `/__admin/`; what they load lies below `/__pages/`, by the same
names as here. `handler.py` serves all of it.
"""
