"""What answers `ask` cases: each takes one request, and gives one reply or raises `NoAnswer`."""
