/** The options of `flood`, from text to what the flood is to do. Every mistake says what was expected. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { HarnessError } from '../core/errors.ts';
import { environment } from '../core/process.ts';
import { parseDuration, parseRate, parseSize } from '../core/units.ts';
import type { FloodRequest } from '../lab/drivers/flood.ts';
import { type FloodLoad, MOST } from '../lab/drivers/flood-load.ts';

/** The options as they are typed. */
export interface FloodOptions {
  readonly connections: string;
  readonly rate?: string;
  readonly duration?: string;
  readonly messages?: string;
  readonly messagesPerConnection?: string;
  readonly size: string;
  readonly recipients: string;
  readonly from: string;
  readonly to: string;
  readonly helo?: string;
  readonly tls: string;
  readonly auth?: string;
  readonly user?: string;
  readonly password?: string;
  readonly source: readonly string[];
  readonly pipeline?: true;
  readonly noop?: true;
  readonly pause?: string;
  readonly retry?: string;
  readonly retryWait: string;
  readonly timeout: string;
  readonly giveUp: string;
  readonly workers?: string;
  readonly seed: string;
  readonly iRunThisServer?: string;
  readonly json?: true;
}

/** Messages of a flood that says neither how many nor how long. */
const MESSAGES = 1000;
/** NOOPs come so far apart, unless a pause is asked for. */
const NOOP_PAUSE = 1e6;
const LARGEST_MESSAGE = 50e6;

/** Where the password is taken from if no option gives it: it would be in the list of processes. */
const PASSWORD_VARIABLE = 'WINDTUNNEL_PASSWORD';

/**
 * What a flood is to do.
 * @throws HarnessError of kind `usage` that names the option and what it expects
 */
export function floodRequest(target: string, options: FloodOptions): FloodRequest {
  const { host, port } = endpointOf(target);
  return {
    target: { host, port, named: options.iRunThisServer },
    load: loadOf(options),
    helo: nameOf('--helo', options.helo ?? `injector.${options.from}`),
    pipeline: options.pipeline === true,
    giveUp: durationOf('--give-up', options.giveUp),
    workers: optional(options.workers, (text) => countOf('--workers', text, 64)),
    seed: seedOf(options.seed),
  };
}

function loadOf(options: FloodOptions): FloodLoad {
  const noop = options.noop === true;
  const rate = optional(options.rate, rateOf);
  const duration = optional(options.duration, (text) => durationOf('--duration', text, MOST.duration));
  const messages = optional(options.messages, (text) => countOf('--messages', text, MOST.messages));
  if (noop && (duration === undefined || rate !== undefined || messages !== undefined))
    throw misused('--noop', 'sends no messages: give --duration, and neither --rate nor --messages');
  if (rate !== undefined && options.pause !== undefined)
    throw misused('--pause', 'means nothing beside --rate, which says when each message is due');
  if (rate !== undefined && duration !== undefined && (rate * duration) / 1e6 > MOST.messages)
    throw misused('--rate', `for so long makes more than ${MOST.messages} messages`);
  const pause = optional(options.pause, (text) => durationOf('--pause', text));
  return {
    action: noop ? 'noop' : 'message',
    connections: countOf('--connections', options.connections, 1_000_000),
    rate,
    duration,
    messages: messages ?? (duration === undefined ? MESSAGES : undefined),
    messagesPerConnection: optional(options.messagesPerConnection, (text) =>
      countOf('--messages-per-connection', text, MOST.messages),
    ),
    pause: pause ?? (noop ? NOOP_PAUSE : 0),
    retry: optional(options.retry, (text) => ({
      times: countOf('--retry', text, 1000),
      wait: durationOf('--retry-wait', options.retryWait),
    })),
    timeout: durationOf('--timeout', options.timeout),
    size: sizeOf(options.size),
    recipients: countOf('--recipients', options.recipients, 1000),
    senderDomain: nameOf('--from', options.from),
    recipientDomain: nameOf('--to', options.to),
    tls: oneOf('--tls', options.tls, ['none', 'starttls', 'implicit']),
    auth: credentialsOf(options),
    sources: options.source.map(addressOf),
  };
}

/** `127.0.0.1:2525`, `[::1]:2525`, `localhost:25`. */
function endpointOf(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const [, six, other] = match ?? [];
  const host = six ?? other ?? '';
  const port = Number(match?.[3]);
  if (host !== '' && port > 0 && port < 65_536 && (six === undefined || isIP(six) === 6))
    return { host, port };
  throw new HarnessError(
    'usage',
    `${text}: expected a host and a port, such as 127.0.0.1:2525, [::1]:2525 or localhost:25`,
  );
}

function countOf(option: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d{1,10}$/.test(text) && value >= 1 && value <= most) return value;
  throw wrong(option, text, `a whole number from 1 to ${most.toLocaleString('en')}`);
}

function seedOf(text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw wrong('--seed', text, 'a whole number');
}

function rateOf(text: string): number {
  const parsed = parseRate(text);
  if (parsed && parsed.clock !== 'sim' && parsed.value > 0) return parsed.value;
  throw wrong('--rate', text, 'a rate such as 500/s or 20/m');
}

function durationOf(option: string, text: string, most = 3600e6 * 24): number {
  const parsed = parseDuration(text);
  if (parsed && parsed.clock !== 'sim' && parsed.value > 0 && parsed.value <= most) return parsed.value;
  throw wrong(option, text, 'a duration such as 30s or 5m, at most 24h');
}

function sizeOf(text: string): { min: number; max: number } {
  const [from = '', to = from, ...rest] = text.split('..');
  const [min, max] = [parseSize(from), parseSize(to)];
  if (min !== undefined && max !== undefined && rest.length === 0 && min <= max && max <= LARGEST_MESSAGE)
    return { min, max };
  throw wrong('--size', text, 'a size such as 2KB, or a range such as 2KB..60KB, at most 50MB');
}

function nameOf(option: string, text: string): string {
  if (/^[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/.test(text) && domainToASCII(text) !== '') return text;
  throw wrong(option, text, 'a domain such as example.test');
}

function addressOf(text: string): string {
  if (isIP(text) !== 0) return text;
  throw wrong('--source', text, 'an IPv4 or IPv6 address of this machine');
}

function credentialsOf({ auth, user, password }: FloodOptions): FloodLoad['auth'] {
  const secret = password ?? environment()[PASSWORD_VARIABLE];
  if (auth === undefined) {
    if (user !== undefined || password !== undefined)
      throw misused('--auth', 'is missing: plain, login or cram-md5');
    return undefined;
  }
  const mechanism = oneOf('--auth', auth, ['plain', 'login', 'cram-md5']);
  if (user === undefined) throw misused('--auth', 'needs --user');
  if (secret === undefined) throw misused('--auth', `needs --password, or ${PASSWORD_VARIABLE} set`);
  return { mechanism, user, password: secret };
}

function oneOf<T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((word) => word === text);
  if (found !== undefined) return found;
  throw wrong(option, text, `one of ${known.join(', ')}`);
}

function optional<T>(text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : parse(text);
}

function wrong(option: string, text: string, expected: string): HarnessError {
  return new HarnessError('usage', `${option} ${text}: expected ${expected}`);
}

function misused(option: string, why: string): HarnessError {
  return new HarnessError('usage', `${option} ${why}`);
}
