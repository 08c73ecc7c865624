"""NetSuite: authentication, record REST, SuiteQL, and the meaning of its refusals."""
