/** Makes the security checks of a scenario on an MTA that is up, in a seal. */
import { fileURLToPath } from 'node:url';
import { HarnessError } from '../../../core/errors.ts';
import { nodeBinary, readText } from '../../../core/process.ts';
import type { MtaHost, SubmissionEndpoint } from '../../../mta/adapter.ts';
import type { CheckResult } from '../../../report/summary.ts';
import { type Checks, checkNames, TLS_VERSIONS } from '../../../scenario/checks.ts';
import { type Answer, type Door, type Probe, tryDoor } from './probe.ts';

/** What is to be checked, and where. */
export interface CheckedMta {
  readonly submission: readonly SubmissionEndpoint[];
  /** The addresses that the MTA's machine has beside loopback. */
  readonly addresses: readonly string[];
  /** The sender's domains, and a domain of an ISP. */
  readonly ownDomain: string;
  readonly foreignDomain: string;
  /** The MTA's processes. */
  readonly pids: () => readonly number[];
}

/** Nobody's addresses (RFC 5737, RFC 3849): who comes from there is a stranger. */
const STRANGERS = { ipv4: '203.0.113.77', ipv6: '2001:db8::77' };

const CHECKERS: {
  readonly [name in keyof Required<Checks>]: (
    mta: CheckedMta,
    wish: NonNullable<Checks[name]>,
    host: Pick<MtaHost, 'run'>,
  ) => Promise<Omit<CheckResult, 'name'>>;
} = {
  async injection({ submission, addresses }, _wish, host) {
    const ports = [...new Set(submission.map(({ port }) => port))];
    const outside = doorsOf(addresses, ports);
    const own = submission.map(({ address, port }) => ({ address, port, from: undefined }));
    const [answers, ownAnswers] = await Promise.all([outsideAnswers(outside), hostAnswers(host, own)]);
    const open = outside.filter((_, at) => answers[at]?.result === 'open');
    const silent = own.filter((_, at) => ownAnswers[at]?.result !== 'open');
    return {
      passed: open.length === 0 && silent.length === 0,
      sentence:
        open.length > 0
          ? `The injection port answers outside of loopback, on ${list(open.map(nameOf))}.`
          : silent.length > 0
            ? `Nobody answers on ${list(silent.map(nameOf))}.`
            : `The injection port answers on ${list(own.map(nameOf))} alone.`,
      evidence: [...lines(own, ownAnswers, 'from the MTA’s own machine'), ...lines(outside, answers)],
    };
  },

  async relay({ submission, addresses, ownDomain, foreignDomain }) {
    const ports = submission.filter(({ implicitTls }) => !implicitTls).map(({ port }) => port);
    const doors = doorsOf(addresses, [...new Set(ports)]);
    const tries = doors.flatMap((door) =>
      relayTries(ownDomain, foreignDomain).map((commands) => ({ door, commands })),
    );
    const answers = await Promise.all(
      tries.map(({ door, commands }) => tryDoor({ kind: 'say', ...door, commands })),
    );
    // Greeting, EHLO, MAIL, RCPT: whoever gets a 250 to the fourth may go on.
    const relayed = tries.filter((_, at) => answers[at]?.replies[3]?.startsWith('25'));
    const reached = answers.some(({ result }) => result === 'open');
    return {
      passed: relayed.length === 0,
      sentence:
        relayed.length > 0
          ? `A stranger may send to ${foreignDomain}: it is an open relay.`
          : reached
            ? 'Strangers are refused.'
            : 'Strangers do not reach it at all.',
      evidence: tries.map(({ door, commands }, at) => {
        const answer = answers[at];
        const said = answer?.replies.at(-1);
        const [, sender = '', recipient = ''] = commands;
        return `${sender}, ${recipient} at ${nameOf(door)} from ${door.from}: ${answer?.result === 'closed' ? (answer.why ?? 'closed') : (said ?? answer?.why)}`;
      }),
    };
  },

  async management({ addresses }, { port, from }, host) {
    const strangers = doorsOf(addresses, [port]).filter((door) => !from.includes(door.from ?? ''));
    // Each allowed address reaches the machine at itself; only the machine's own are there to come from.
    const allowed = from.map((address) => ({ address, port, from: address }));
    const loopback = { address: '127.0.0.1', port, from: '127.0.0.1' };
    const uninvited = from.includes('127.0.0.1') ? [] : [loopback];
    const inside = [...allowed.filter(({ address }) => isOwn(address, addresses)), ...uninvited];
    const remote = allowed
      .filter(({ address }) => !isOwn(address, addresses))
      .flatMap((door) => doorsOf(addresses, [port], door.from));
    const [insideAnswers, outside] = await Promise.all([
      hostAnswers(host, inside),
      outsideAnswers([...remote, ...strangers]),
    ]);
    const isOpen = (answer: Answer | undefined): boolean => answer?.result === 'open';
    const shut = [
      ...inside.filter((door, at) => !uninvited.includes(door) && !isOpen(insideAnswers[at])),
      ...remote.filter((_, at) => !isOpen(outside[at])),
    ];
    const open = [
      ...inside.filter((door, at) => uninvited.includes(door) && isOpen(insideAnswers[at])),
      ...strangers.filter((_, at) => isOpen(outside[remote.length + at])),
    ];
    return {
      passed: shut.length === 0 && open.length === 0,
      sentence:
        open.length > 0
          ? `The management port answers ${list(open.map(({ from: whom, ...door }) => `${whom} at ${nameOf(door)}`))}, who may not.`
          : shut.length > 0
            ? `The management port does not answer ${list(shut.map(({ from: whom }) => whom ?? ''))}, who may.`
            : 'The management port answers those who may, and nobody else.',
      evidence: [
        ...lines(inside, insideAnswers, 'from the MTA’s own machine'),
        ...lines([...remote, ...strangers], outside),
      ],
    };
  },

  async user({ pids }) {
    const found = pids().flatMap((pid) => processOf(pid) ?? []);
    const roots = found.filter(({ uid }) => uid === 0);
    return {
      passed: found.length > 0 && roots.length === 0,
      sentence:
        found.length === 0
          ? 'No process of the MTA was found.'
          : roots.length > 0
            ? `${roots.length} of its ${found.length} processes ${roots.length === 1 ? 'is' : 'are'} root’s: ${list([...new Set(roots.map(({ name }) => name))])}.`
            : `None of its ${found.length} processes is root’s.`,
      evidence: found.map(
        ({ pid, name, uid }) => `process ${pid} (${name}) has the effective user id ${uid}`,
      ),
    };
  },

  async tls({ submission }, oldest, host) {
    const tries = submission.flatMap(({ address, port, implicitTls }) =>
      TLS_VERSIONS.map((version) => ({
        kind: 'tls' as const,
        address,
        port,
        from: undefined,
        version,
        implicit: implicitTls,
      })),
    );
    const answers = await hostProbes(host, tries);
    const offered = tries.filter((_, at) => answers[at]?.result === 'open');
    const tooOld = offered.filter(
      ({ version }) => TLS_VERSIONS.indexOf(version) < TLS_VERSIONS.indexOf(oldest),
    );
    return {
      passed: offered.length > 0 && tooOld.length === 0,
      sentence:
        offered.length === 0
          ? 'It offers no TLS.'
          : tooOld.length > 0
            ? `It still offers ${list([...new Set(tooOld.map(({ version }) => version))])}.`
            : `It offers ${list([...new Set(offered.map(({ version }) => version))])}, nothing older than ${oldest}.`,
      evidence: tries.map(
        (probe, at) =>
          `${probe.version} at ${nameOf(probe)}${probe.implicit ? '' : ' after STARTTLS'}: ${answers[at]?.result === 'open' ? answers[at]?.replies.at(-1) : (answers[at]?.why ?? 'refused')}`,
      ),
    };
  },
};

/** Makes all checks that a scenario asks for, one after the other. */
export async function makeChecks(
  wished: Checks,
  mta: CheckedMta,
  host: Pick<MtaHost, 'run' | 'proof'>,
): Promise<CheckResult[]> {
  if (host.proof.lab !== 'sealed') throw new HarnessError('lab', 'security checks need a seal');
  const results: CheckResult[] = [];
  for (const name of checkNames(wished)) {
    const check = CHECKERS[name] as (
      mta: CheckedMta,
      wish: unknown,
      host: Pick<MtaHost, 'run'>,
    ) => Promise<Omit<CheckResult, 'name'>>;
    results.push({ name, ...(await check(mta, wished[name], host)) });
  }
  return results;
}

/** What a stranger would try, RFC 5321 in form; each must be refused for a domain that the server does not serve. */
export function relayTries(ownDomain: string, foreignDomain: string): string[][] {
  const senders = ['stranger@elsewhere.test', '', `postmaster@${ownDomain}`];
  return [
    ...senders.map((sender) => [`MAIL FROM:<${sender}>`, `RCPT TO:<victim@${foreignDomain}>`]),
    // A source route (RFC 5321 appendix C), which may lead a server to believe that the mail is for it.
    ['MAIL FROM:<stranger@elsewhere.test>', `RCPT TO:<@${ownDomain}:victim@${foreignDomain}>`],
  ].map((commands) => ['EHLO stranger.elsewhere.test', ...commands]);
}

/** Every address and port of the machine, knocked at by a stranger, or by whom it is told. */
function doorsOf(addresses: readonly string[], ports: readonly number[], from?: string): Door[] {
  return addresses
    .filter((address) => from === undefined || address.includes(':') === from.includes(':'))
    .flatMap((address) =>
      ports.map((port) => ({
        address,
        port,
        from: from ?? (address.includes(':') ? STRANGERS.ipv6 : STRANGERS.ipv4),
      })),
    );
}

function outsideAnswers(doors: readonly Door[]): Promise<Answer[]> {
  return Promise.all(doors.map((door) => tryDoor({ kind: 'knock', ...door })));
}

function hostAnswers(host: Pick<MtaHost, 'run'>, doors: readonly Door[]): Promise<Answer[]> {
  return hostProbes(
    host,
    doors.map((door) => ({ kind: 'knock', ...door })),
  );
}

/** The same from the MTA's own machine, whose loopback is not this one's. */
async function hostProbes(host: Pick<MtaHost, 'run'>, probes: readonly Probe[]): Promise<Answer[]> {
  if (probes.length === 0) return [];
  const program = fileURLToPath(new URL('./probe-program.js', import.meta.url));
  const { code, stdout, stderr } = await host.run([nodeBinary, program], {
    input: JSON.stringify(probes),
    timeoutMs: 30_000,
  });
  if (code !== 0) throw new HarnessError('lab', `the security checks could not be made: ${stderr.trim()}`);
  return JSON.parse(stdout) as Answer[];
}

function isOwn(address: string, addresses: readonly string[]): boolean {
  return address.startsWith('127.') || address === '::1' || addresses.includes(address);
}

function lines(doors: readonly Door[], answers: readonly Answer[], where?: string): string[] {
  return doors.map((door, at) => {
    const answer = answers[at];
    const said =
      answer?.result === 'open'
        ? `answered${answer.replies[0] === undefined ? '' : `: ${answer.replies[0]}`}`
        : `closed (${answer?.why ?? 'no answer'})`;
    return `${nameOf(door)} ${where ?? `from ${door.from}`} ${said}`;
  });
}

function nameOf({ address, port }: Pick<Door, 'address' | 'port'>): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** A process with its user as the machine knows it: root of a user namespace is somebody else outside. */
function processOf(pid: number): { pid: number; name: string; uid: number } | undefined {
  const status = readText(`/proc/${pid}/status`);
  const inside = Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status ?? '')?.[1]);
  if (status === undefined || Number.isNaN(inside)) return undefined;
  const name = /^Name:\s+(.*)$/m.exec(status)?.[1] ?? '?';
  return { pid, name, uid: outerId(inside, readText('/proc/self/uid_map') ?? '') };
}

/** A user id of this namespace as its parent knows it, by a uid_map (user_namespaces(7)). */
export function outerId(inside: number, map: string): number {
  for (const line of map.split('\n')) {
    const [first = Number.NaN, outer = Number.NaN, count = Number.NaN] = line.trim().split(/\s+/).map(Number);
    if (inside >= first && inside < first + count) return outer + inside - first;
  }
  return inside;
}
