/** Leaving a mailing list at one click, as the message offers it (RFC 8058). */
import { headerFields } from '../isp/rfc5322.ts';

/** A POST that unsubscribes (RFC 8058 section 3.1). */
export interface OneClick {
  readonly url: string;
  readonly body: string;
}

const LIST = 'list-unsubscribe';
const POST = 'list-unsubscribe-post';

/** What to ask, if there are an https URL and List-Unsubscribe-Post, and a signature covers both fields (RFC 8058 section 4). */
export function oneClickOf(header: string): OneClick | undefined {
  const fields = headerFields(header);
  const field = (name: string): string => fields.find((one) => one.name.toLowerCase() === name)?.value ?? '';
  const offered = [...field(LIST).matchAll(/<\s*([^<>]*?)\s*>/g)].map(([, uri = '']) => uri);
  const url = offered.find((uri) => /^https:/i.test(uri) && URL.canParse(uri));
  const body = field(POST);
  const isSigned = fields.some(
    ({ name, value }) => name.toLowerCase() === 'dkim-signature' && covers(value, [LIST, POST]),
  );
  return url !== undefined && isSigned && /^List-Unsubscribe=One-Click$/i.test(body)
    ? { url, body }
    : undefined;
}

/** Whether a signature's h= names all these fields (RFC 6376 section 3.5). */
function covers(signature: string, names: readonly string[]): boolean {
  const signed = /(?:^|;)\s*h\s*=([^;]*)/i.exec(signature)?.[1]?.toLowerCase().split(':') ?? [];
  const all = new Set(signed.map((name) => name.trim()));
  return names.every((name) => all.has(name));
}
