"""Doing what the plan says: units of work in this process or in others, and what they make into the stores.

Nothing is imported here: most commands find nothing to do, and need of all this the :class:`~.workplace.Workplace`.
"""
