"""SuiteQL: Oracle's dialect over the account's tables, answered by an SQL engine."""
