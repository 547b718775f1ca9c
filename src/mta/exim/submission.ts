/** How Exim takes mail in: listeners, TLS and AUTH. */
import type { MtaPlan, SubmissionPlan, User } from '../adapter.ts';
import { PLACES, SEEN } from './places.ts';

/** Options that say where Exim listens, and what it shows there. */
export function listenLines({ submission, sources }: MtaPlan): string[] {
  const { listen, addresses, port, tlsPort, certificate, users } = submission;
  const ipv6 = [...addresses, ...sources.map(({ address }) => address)].some((each) => each.includes(':'));
  const [four, six] = listen === 'all' ? ['0.0.0.0', '::0'] : ['127.0.0.1', '::1'];
  return [
    `daemon_smtp_ports = ${[port, ...(tlsPort === undefined ? [] : [tlsPort])].join(' : ')}`,
    ...(tlsPort === undefined ? [] : [`tls_on_connect_ports = ${tlsPort}`]),
    `local_interfaces = <; ${ipv6 ? `${six} ; ${four}` : four}`,
    ...(certificate
      ? [
          'tls_advertise_hosts = *',
          `tls_certificate = ${SEEN.home}/${PLACES.certificate}`,
          `tls_privatekey = ${SEEN.home}/${PLACES.key}`,
          // RFC 8996; Debian's Exim still offers both. The words are GnuTLS's.
          '.ifdef _HAVE_GNUTLS',
          'tls_require_ciphers = NORMAL:-VERS-TLS1.0:-VERS-TLS1.1',
          '.endif',
        ]
      : ['tls_advertise_hosts =']),
    users.length > 0 ? 'auth_advertise_hosts = *' : 'auth_advertise_hosts =',
  ];
}

/** The section `authenticators`; nothing if nobody logs in. */
export function authenticators({ users }: Pick<SubmissionPlan, 'users'>): string[] {
  if (users.length === 0) return [];
  const allowed = (user: string, password: string): string =>
    `\${if or{${users.map((each) => `{and{{eq{${user}}{${quoted(each.user)}}}{eq{${password}}{${quoted(each.password)}}}}}`).join('')}}}`;
  return [
    'begin authenticators',
    '',
    'plain:',
    '  driver = plaintext',
    '  public_name = PLAIN',
    '  server_prompts = :',
    `  server_condition = ${allowed('$auth2', '$auth3')}`,
    '  server_set_id = $auth2',
    '',
    'login:',
    '  driver = plaintext',
    '  public_name = LOGIN',
    '  server_prompts = <| Username: | Password:',
    `  server_condition = ${allowed('$auth1', '$auth2')}`,
    '  server_set_id = $auth1',
    '',
    'cram_md5:',
    '  driver = cram_md5',
    '  public_name = CRAM-MD5',
    `  server_secret = ${secretOf(users)}`,
    '  server_set_id = $auth1',
    '',
  ];
}

function secretOf([user, ...others]: readonly User[]): string {
  if (!user) return 'fail';
  return `\${if eq{$auth1}{${quoted(user.user)}}{${quoted(user.password)}}${others.length > 0 ? `{${secretOf(others)}}` : 'fail'}}`;
}

/** A text as Exim's expansion has it, whatever is in it: bytes in hexadecimal, but for letters and digits. */
function quoted(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
}
