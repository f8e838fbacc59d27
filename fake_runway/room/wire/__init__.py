"""What clients and rooms say to each other, as values and text: pure, without sockets or media."""
