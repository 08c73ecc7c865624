"""A second matcher, in plain Python and without a library: what the engine finds, it must find too."""
