"""The judge: plays situations against a target and judges what was observed.

As a library: `contracts.judge.run`.
"""
