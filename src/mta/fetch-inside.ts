import { nodeBinary } from '../core/process.ts';
import type { MtaHost } from './adapter.ts';

/** The text at an address of the web as the MTA's machine sees it; undefined if nobody answers with 2xx. */
export async function fetchInside(host: MtaHost, url: string): Promise<string | undefined> {
  const script = `fetch(${JSON.stringify(url)}).then(async (got) => {
    if (!got.ok) throw new Error(String(got.status));
    console.log(await got.text());
  })`;
  const { code, stdout } = await host.run([nodeBinary, '--eval', script]);
  return code === 0 ? stdout : undefined;
}
