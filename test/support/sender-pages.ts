/** Reads the pages that ISPs have for senders. */
import { request } from 'node:https';

export interface PageAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Asks for a page of a host, whose certificate has to be for its name. `at`: where it is, if not where DNS says. */
export function readPage({
  host,
  path,
  ca,
  at,
  method = 'GET',
}: {
  readonly host: string;
  readonly path: string;
  readonly ca: string;
  readonly at?: { readonly address: string; readonly port: number };
  readonly method?: string;
}): Promise<PageAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: at?.address ?? host,
        port: at?.port ?? 443,
        servername: host,
        path,
        method,
        ca,
        agent: false,
        headers: { host, authorization: 'Bearer any' },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, type: String(response.headers['content-type']), text }),
        );
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}
