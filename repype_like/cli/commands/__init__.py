"""One module for each command: `HELP`, `DESCRIPTION`, the flags, and which function does the work.

They are imported for every call of the program, so they import nothing that costs time before they run.
"""
