/** Haraka's HTTP door for tests, before a queue that only listens. */
import { pluginWith } from './plugins-for-tests.ts';

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

/** A message as it is handed to Haraka. */
interface Mail {
  readonly sender: { readonly address: string };
  readonly recipients: readonly { readonly address: string }[];
  readonly content: Buffer;
}

/** The plugin. */
export interface Http {
  answer(request: Request, body: Buffer | undefined): Promise<Answer>;
  respond(request: unknown, response: unknown): Promise<void>;
  queue(mail: Mail): Promise<{ why?: string; uuid: string }>;
}

export const KEY = 'e6f1a0c2'.repeat(5);
/** Its settings. */
export const settings = { address: '127.0.0.1', port: 8000, apis: ['kumomta', 'sparkpost'], key: KEY };

/** The plugin with a queue that takes everything, or fails for a reason. */
export function door(
  why?: string,
  apis: readonly string[] = settings.apis,
): { plugin: Http; queued: Mail[] } {
  const { plugin } = pluginWith<Http>('http', { http: { ...settings, apis } });
  const queued: Mail[] = [];
  plugin.queue = async (mail) => {
    queued.push(mail);
    return { uuid: 'ID', ...(why !== undefined && { why }) };
  };
  return { plugin, queued };
}

export const JSON_TYPE = { 'content-type': 'application/json' };
export const AUTHORIZED = { ...JSON_TYPE, authorization: KEY };
export const KUMO = '/api/inject/v1';
export const SPARK = '/api/v1/transmissions';

/** Requests in both forms. */
export const kumo = {
  envelope_sender: 'b-1@news.test',
  recipients: [{ email: 'a@gmail.com' }, { email: 'b@Yahoo.com', name: 'B' }],
  content: 'Subject: x\r\n\r\nhello\r\n',
};
export const spark = {
  return_path: 'b-1@news.test',
  recipients: [{ address: { email: 'a@gmail.com', name: 'A' } }, { address: 'b@Yahoo.com' }],
  content: { email_rfc822: 'Subject: x\r\n\r\nhello\r\n' },
};
