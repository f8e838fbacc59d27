// Loaded by every Node in a run with --intercept: Node 20 reads no variable for a proxy. Runway's
// hosts have the address of this machine; what a program trusts by itself stays trusted.
"use strict";

const told = JSON.parse(process.env.FAKE_RUNWAY_INTERCEPT ?? "null");

if (told) {
  const dns = require("node:dns");
  const fs = require("node:fs");
  const tls = require("node:tls");
  const { syncBuiltinESMExports } = require("node:module");
  const hosts = new Set(told.hosts);
  const nameOf = (host) => String(host ?? "").toLowerCase().replace(/\.$/, "");

  const connect = tls.connect;
  tls.connect = function (...given) {
    const rest = [...given];
    let options = {};
    if (rest[0] !== null && typeof rest[0] === "object") {
      options = rest.shift();
    } else {
      const port = rest.shift();
      const host = typeof rest[0] === "string" ? rest.shift() : undefined;
      if (rest[0] !== null && typeof rest[0] === "object") options = rest.shift();
      options = { ...options, port, ...(host === undefined ? {} : { host }) };
    }
    const name = nameOf(options.host ?? options.servername);
    // a socket that is there already leads to a proxy, and so to us
    if (options.socket || !hosts.has(name)) return connect.apply(this, given);
    const ours = fs.readFileSync(told.certificate, "utf8");
    return connect.call(
      this,
      {
        ...options,
        host: "127.0.0.1",
        port: told.port,
        servername: name,
        lookup: undefined,
        ...(options.ca ? { ca: [options.ca, ours].flat() } : {}),
      },
      ...rest,
    );
  };

  if (told.offline) {
    const lookup = dns.lookup;
    dns.lookup = function (host, ...rest) {
      const name = nameOf(host);
      if (name === "localhost" || name === "::1" || name.startsWith("127.")) {
        return lookup.call(this, host, ...rest);
      }
      process.stderr.write(`fake-runway: ${name} is refused: --offline\n`);
      const error = Object.assign(new Error("refused by fake-runway run --offline"), {
        code: "ENOTFOUND",
        syscall: "getaddrinfo",
        hostname: host,
      });
      process.nextTick(rest.at(-1), error);
    };
  }

  syncBuiltinESMExports();
}
