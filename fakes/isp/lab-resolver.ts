/**
 * DNS for an ISP's own checks, read from the zones of the simulated world: no sockets, no resolver of the system. Its
 * answers have the form of node:dns, which mail libraries take.
 */
import { type DnsRecord, reverseName, type Zones } from '../zones.ts';

/** What a lookup can end in besides records: no such name, no such record, or no answer that one can rely on. */
export type LookupError = 'ENOTFOUND' | 'ENODATA' | DnsFailure;

/** The server can't tell (RFC 1035, RCODE 2), or it is silent. */
export type DnsFailure = 'ESERVFAIL' | 'ETIMEOUT';

/** Decides whether a question fails, while DNS has an incident. */
export type DnsFailures = (name: string, type: string) => DnsFailure | undefined;

/** What was found. */
export type Lookup =
  | { readonly records: readonly DnsRecord[] }
  | { readonly records?: undefined; readonly error: LookupError };

/** Whether the name of an address leads back to it (forward-confirmed reverse DNS). `none`: it has no name. */
export type ReverseResult = 'pass' | 'fail' | 'none' | 'temperror';

/** Looks names up in the simulated world. */
export interface LabResolver {
  /** Whether it always gives the same answer to a question. */
  readonly isConstant: boolean;
  lookup(name: string, type: string): Lookup;
  /** As `resolve` of node:dns/promises: rejects with an error that has one of the codes above. */
  resolve(name: string, type: string): Promise<string[][] | string[]>;
  /** Checks the name of an address (RFC 1912 section 2.1). */
  reverse(address: string): ReverseResult;
}

/** Makes a resolver of these zones. */
export function createLabResolver(zones: Zones, failures?: DnsFailures): LabResolver {
  const lookup = (name: string, type: string): Lookup => {
    const key = name.toLowerCase().replace(/\.$/, '');
    const failure = failures?.(key, type);
    if (failure !== undefined) return { error: failure };
    const all = zones.get(key);
    if (!all) return { error: 'ENOTFOUND' };
    const records = all.filter((record) => record.type === type);
    return records.length > 0 ? { records } : { error: 'ENODATA' };
  };
  return {
    isConstant: failures === undefined,
    lookup,
    async resolve(name, type) {
      const found = lookup(name, type);
      if (found.records) return found.records.map(nodeForm) as string[];
      throw lookupFailed(found.error, name, type);
    },
    reverse(address) {
      const own = reverseName(address);
      const names = lookup(own, 'PTR');
      if (!names.records) return isFailure(names.error) ? 'temperror' : 'none';
      const type = address.includes(':') ? 'AAAA' : 'A';
      let failed = false;
      for (const { data: host } of names.records) {
        const forward = lookup(String(host), type);
        if (forward.records?.some(({ data }) => reverseName(String(data)) === own)) return 'pass';
        if (!forward.records && isFailure(forward.error)) failed = true;
      }
      return failed ? 'temperror' : 'fail';
    },
  };
}

/** Whether an error says nothing about the name, so that asking again may help. */
export function isFailure(error: LookupError): error is DnsFailure {
  return error === 'ESERVFAIL' || error === 'ETIMEOUT';
}

/** A record as node:dns gives it. */
function nodeForm(record: DnsRecord): unknown {
  switch (record.type) {
    case 'TXT':
      return [record.data];
    case 'MX':
      return { exchange: record.data.exchange, priority: record.data.preference };
    default:
      return record.data;
  }
}

function lookupFailed(code: LookupError, name: string, type: string): Error {
  const error = Object.assign(new Error(`query${type} ${code} ${name}`), { code });
  // mailauth forgets a failure inside of "include:" unless it comes with the verdict (RFC 7208 section 5.2).
  return isFailure(code)
    ? Object.assign(error, { spfResult: { error: 'temperror', text: `DNS failure: ${code}` } })
    : error;
}
