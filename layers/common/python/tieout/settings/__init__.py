"""The settings model, a file a section; `tieout.config` puts them together and reads the file."""
