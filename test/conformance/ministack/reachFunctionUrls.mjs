// Loaded into the CLI: no DNS server knows the host names of MiniStack's function URLs, so a connection to one is made to
// MiniStack itself. The request stays as it is.
import tls from 'node:tls';

const { connect } = tls;
const { hostname, port } = new URL(process.env.AWS_ENDPOINT_URL);

tls.connect = (options, ...rest) =>
  /\.lambda-url\./.test(options.host ?? options.hostname ?? '')
    ? connect({ ...options, host: '127.0.0.1', port, servername: hostname }, ...rest)
    : connect(options, ...rest);
