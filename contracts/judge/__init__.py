"""The judge: plays situations against a target and checks what it was seen to do."""
