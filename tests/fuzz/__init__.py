"""Any bytes as a small tree of skills: whatever they are, `validate` answers, soon, at places that exist."""
