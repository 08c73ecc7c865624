"""The local AWS: MiniStack in a virtual environment of its own."""
