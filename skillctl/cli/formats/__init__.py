"""What is written for other programs: findings of `validate` and reports of `eval`, one format a file, text out."""
