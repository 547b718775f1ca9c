/**
 * Virtual MTAs as ACLs: when a message has come in, they write where it leaves from, names for HELO and the addresses that it
 * can't be sent to into variables, which stay with it in the queue.
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
    ...vmtas.flatMap(({ name }) =>
      vmtaAcl(
        name,
        faces({ sources, vmtas }).filter((one) => one.vmta === name),
      ),
    ),
  ];
}

/** Where a message can leave from: an address of each family that its virtual MTA has. */
export interface Face {
  readonly vmta: string;
  /** Its place among those of all virtual MTAs. */
  readonly index: number;
  readonly four: MtaSource | undefined;
  readonly six: MtaSource | undefined;
}

/** All of them. A virtual MTA with several addresses of a family has several. */
export function faces({ sources, vmtas }: Pick<MtaPlan, 'sources' | 'vmtas'>): Face[] {
  const all = vmtas.flatMap(({ name, sources: indexes }: VirtualMta) => {
    const own = indexes.flatMap((index) => sources[index] ?? []);
    const six = own.filter(isSix);
    const four = own.filter((source) => !isSix(source));
    return Array.from({ length: Math.max(six.length, four.length) }, (_, i) => ({
      vmta: name,
      four: four[i % four.length],
      six: six[i % six.length],
    }));
  });
  return all.map((face, index) => ({ ...face, index }));
}

/** The addresses that a face sends from, as Exim's `interface` has them. */
export function addressesOf({ four, six }: Face): string {
  return `<; ${[six, four].flatMap((source) => source?.address ?? []).join(' ; ')}`;
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

/** Where a virtual MTA has several faces, the low bits of the dice choose. */
function vmtaAcl(name: string, own: readonly Face[]): string[] {
  const lines = own.flatMap((face, i) =>
    accept(
      i === own.length - 1 ? undefined : `\${if ={\${eval:$acl_m_dice % ${own.length}}}{${i}}}`,
      ...settings(face),
    ),
  );
  return [`vmta_${name}:`, ...lines, ''];
}

function settings(face: Face): string[] {
  const { vmta, index, four, six } = face;
  return [
    `set acl_m_vmta = ${vmta}`,
    `set acl_m_face = ${index}`,
    `set acl_m_interface = ${addressesOf(face)}`,
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
