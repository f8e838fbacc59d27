"""The pure core: sessions, accounts and their rules. No sockets, loop, clock or randomness."""
