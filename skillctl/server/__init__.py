"""What listens: it answers others' servers, and changes nothing."""
