// Preloaded with `node --import`: whatever port a server asks for, it gets a free one of the
// loopback interface (or SERVE_AT), and one line on stdout says which. So servers run unedited,
// side by side.

import net from 'node:net';

const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (...args) {
  const callback = args.findLast((arg) => typeof arg === 'function');
  this.once('listening', () => console.log(JSON.stringify({ port: this.address().port })));
  return listen.call(this, Number(process.env.SERVE_AT ?? 0), '127.0.0.1', callback);
};
