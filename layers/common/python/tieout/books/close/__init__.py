"""The close pack: everything that a month's sign-off rests on, as a workbook, CSV files, a page and a manifest."""
