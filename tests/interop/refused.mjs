// node refused.mjs REQUEST.json: calls VerifyHousehold over mutual TLS with stock packages (nice-grpc, its error
// details, proto-loader) and prints what the refused call says, as these packages decode it.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';

// The packages are where they were installed, which is not beside this file.
const require = createRequire(process.env.HEDUI_NODE_MODULES + '/');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const {createChannel, createClientFactory} = require('nice-grpc');
const {errorDetailsClientMiddleware, RichClientError} = require('nice-grpc-error-details');

const {HEDUI_SERVER, HEDUI_CA, HEDUI_CERT, HEDUI_KEY} = process.env;

const definitions = protoLoader.loadSync('hedui/v1/verification.proto', {
  includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))],
  enums: String,
});
const {VerificationService} = grpc.loadPackageDefinition(definitions).hedui.v1;
const channel = createChannel(
  HEDUI_SERVER,
  grpc.credentials.createSsl(readFileSync(HEDUI_CA), readFileSync(HEDUI_KEY), readFileSync(HEDUI_CERT)),
);
const client = createClientFactory()
  .use(errorDetailsClientMiddleware)
  .create(VerificationService.service, channel);

try {
  await client.VerifyHousehold(JSON.parse(readFileSync(process.argv[2], 'utf8')));
  console.log(JSON.stringify({code: grpc.status.OK}));
} catch (error) {
  if (!(error instanceof RichClientError)) throw error;
  const {code, details, extra} = error;
  console.log(JSON.stringify({code: grpc.status[code], details, extra}, null, 2));
} finally {
  channel.close();
}
