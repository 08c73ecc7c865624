"""Pure rules: no clock, no network, no settings of their own. What finance would recognise lives here."""
