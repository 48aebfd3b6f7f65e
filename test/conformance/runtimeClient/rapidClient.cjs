// In place of the native part of aws-lambda-ric, which a compiler would have to build: the calls of Lambda's runtime API,
// as https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html documents them.
const { request } = require('node:http');

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
let sent = Promise.resolve();

function call(method, path, body, headers) {
  return new Promise((resolve, reject) => {
    const options = { hostname, port, method, path: `/2018-06-01/runtime/invocation/${path}`, headers };
    request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ bodyJson: text, headers: response.headers }));
    })
      .on('error', reject)
      .end(body);
  });
}

module.exports = {
  next: async () => {
    await sent;
    return call('GET', 'next');
  },
  done: (id, body) => {
    sent = call('POST', `${id}/response`, body, { 'content-type': 'application/json' });
  },
  error: (id, body) => {
    const { errorType } = JSON.parse(body);
    sent = call('POST', `${id}/error`, body, { 'lambda-runtime-function-error-type': errorType });
  },
};
