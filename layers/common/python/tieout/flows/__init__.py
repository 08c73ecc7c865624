"""One file a flow. A flow says what it needs as Protocols (`ports`) and never meets AWS or a vendor."""
