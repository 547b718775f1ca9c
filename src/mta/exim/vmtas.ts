/**
 * Virtual MTAs as ACLs: when a message has come in, they write its sources, names for HELO and the addresses that it can't
 * be sent to into variables, which stay with it in the queue.
 */
import type { MtaPlan, MtaSource, VirtualMta, VirtualMtaPool } from '../adapter.ts';

/** The ACL that chooses, for messages by SMTP and for Exim's own. */
export const CHOICE = 'choose_virtual_mta';

/** A throw of dice for each message: 28 bits of a hash of its id. */
const DICE = `\${eval:0x\${length_7:\${md5:$message_exim_id}}}`;
const FACES = 2 ** 28;

/** The ACLs: one that chooses, one for each pool, one for each virtual MTA. */
export function choiceAcls({ sources, vmtas, pools, defaultPool }: MtaPlan): string[] {
  const header = '$h_X-Virtual-MTA:';
  const all = pools.some(({ name }) => name === defaultPool.name) ? pools : [...pools, defaultPool];
  return [
    `${CHOICE}:`,
    `  warn set acl_m_dice = ${DICE}`,
    ...vmtas.flatMap(({ name }) => accept(`\${if eq{${header}}{${name}}}`, `acl = vmta_${name}`)),
    ...pools.flatMap(({ name }) => accept(`\${if eq{${header}}{${name}}}`, `acl = pool_${name}`)),
    ...accept(undefined, `acl = pool_${defaultPool.name}`),
    '',
    ...all.flatMap(poolAcl),
    ...vmtas.flatMap((vmta) => vmtaAcl(vmta, sources)),
  ];
}

function poolAcl({ name, members }: VirtualMtaPool): string[] {
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  const lines = members.flatMap(({ vmta, weight }, i) => {
    sum += weight;
    const bound = Math.round((sum / total) * FACES);
    const last = i === members.length - 1;
    return accept(last ? undefined : `\${if <{$acl_m_dice}{${bound}}}`, `acl = vmta_${vmta}`);
  });
  return [`pool_${name}:`, ...lines, ''];
}

/** One address of each family; where a virtual MTA has several, the low bits of the dice choose. */
function vmtaAcl({ name, sources: indexes }: VirtualMta, sources: readonly MtaSource[]): string[] {
  const own = indexes.flatMap((index) => sources[index] ?? []);
  const six = own.filter(isSix);
  const four = own.filter((source) => !isSix(source));
  const faces = Math.max(six.length, four.length);
  const lines = Array.from({ length: faces }, (_, i) => {
    const last = i === faces - 1;
    return accept(
      last ? undefined : `\${if ={\${eval:$acl_m_dice % ${faces}}}{${i}}}`,
      `set acl_m_vmta = ${name}`,
      ...settings(four[i % four.length], six[i % six.length]),
    );
  });
  return [`vmta_${name}:`, ...lines.flat(), ''];
}

function settings(four: MtaSource | undefined, six: MtaSource | undefined): string[] {
  const addresses = [six, four].flatMap((source) => source?.address ?? []);
  return [
    `set acl_m_interface = <; ${addresses.join(' ; ')}`,
    `set acl_m_helo4 = ${four?.helo ?? ''}`,
    `set acl_m_helo6 = ${six?.helo ?? ''}`,
    // From an address of the other family nothing may be sent, and Exim would take any.
    `set acl_m_unreachable = <; ${[...(six ? [] : ['::/0']), ...(four ? [] : ['0.0.0.0/0'])].join(' ; ')}`,
  ];
}

/** A verb of an ACL, a line for each condition and modifier. */
function accept(condition: string | undefined, ...modifiers: readonly string[]): string[] {
  const lines = [...(condition === undefined ? [] : [`condition = ${condition}`]), ...modifiers];
  return lines.map((line, i) => `${i === 0 ? '  accept' : '        '} ${line}`.trimEnd());
}

function isSix({ address }: MtaSource): boolean {
  return address.includes(':');
}
