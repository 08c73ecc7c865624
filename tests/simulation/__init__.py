"""A whole deployment in one process, on a virtual clock, with everything going wrong by a seed.

The flows are the real ones; ports are the in-memory fakes, each call of which may be struck by a fault. Nothing is left
to chance: one seed is one history, to the last call.
"""
