"""What `skillctl validate` writes for other programs: one format a file, findings in, text out."""
