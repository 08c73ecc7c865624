"""What SuiteQL would not take."""


class QueryRefused(Exception):
    """A query SuiteQL would not take. `unknown_table` and `unknown_column` say which word, where it is one."""

    def __init__(self, words: str, *, unknown_table: str = "", unknown_column: str = "") -> None:
        super().__init__(words)
        self.unknown_table = unknown_table
        self.unknown_column = unknown_column
