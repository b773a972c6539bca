"""A month handed out: workbook, CSV, bulletin."""
