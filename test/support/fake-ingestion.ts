import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** One item as Application Insights receives it. */
export interface Envelope {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: { readonly baseType: string; readonly baseData: Readonly<Record<string, unknown>> };
}

/** An ingestion endpoint of Application Insights that keeps what it is sent. */
export interface FakeIngestion {
  readonly url: string;
  readonly connectionString: string;
  /** For NODE_EXTRA_CA_CERTS of the process that sends: the exporter speaks HTTPS only. */
  readonly certificateFile: string;
  readonly received: Envelope[];
  readonly paths: Set<string>;
  stop(): Promise<void>;
}

/** Starts the endpoint on a free local port with a certificate of its own. */
export async function startFakeIngestion(): Promise<FakeIngestion> {
  const directory = mkdtempSync(join(tmpdir(), 'weir-ingestion-'));
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const [keyFile, certificateFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const options = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject];
  execFileSync('openssl', ['req', ...options, '-keyout', keyFile, '-out', certificateFile], { stdio: 'ignore' });
  const received: Envelope[] = [];
  const paths = new Set<string>();
  const identity = { key: readFileSync(keyFile), cert: readFileSync(certificateFile) };
  const server = createServer(identity, async (request, response) => {
    paths.add(request.url ?? '');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
    const envelopes: Envelope[] = text.startsWith('[')
      ? JSON.parse(text)
      : text.split('\n').map((line) => JSON.parse(line));
    received.push(...envelopes);
    const counts = { itemsReceived: envelopes.length, itemsAccepted: envelopes.length, errors: [] };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(counts));
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    connectionString: `InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=${url}`,
    certificateFile,
    received,
    paths,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(directory, { recursive: true });
    },
  };
}
