"""All APIs behind one port: options, application, sockets, logs."""
