"""The NetSuite twin: an account with its rules, its refusals and its SuiteQL."""

from sandbox.netsuite.twin import NetSuiteAccess, NetSuiteTwin

__all__ = ["NetSuiteAccess", "NetSuiteTwin"]
