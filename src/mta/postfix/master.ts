/** master.cf: the services of Postfix, and one more for each transport. */
import type { MtaPlan } from '../adapter.ts';
import { type Transport, transportsOf } from './transports.ts';

/**
 * What relaying takes, as in Postfix's own file, but for the fifth column: no service is in a chroot, where it would read the
 * queue folder's resolv.conf and not the seal's. Without postlog there is no log, and without proxymap no greeting.
 */
const SERVICES = `pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
`;

/**
 * The file's text.
 * @param wakeupS how often the queue manager looks at new mail unasked, in seconds. A message whose wait is over while its last
 *   delivery is not quite done ("skipped, still being delivered") lies there until then: with short waits it would miss many.
 */
export function masterCf(plan: MtaPlan, wakeupS: number): string {
  const { port, tlsPort, listen } = plan.submission;
  const at = listen === 'loopback' ? 'localhost:' : '';
  // As many processes as clients: how many there are is the scenario's business.
  const smtpd = (where: number): string => `${at}${where} inet n - n - 0 smtpd\n`;
  const implicit = tlsPort === undefined ? '' : `${smtpd(tlsPort)}  -o smtpd_tls_wrappermode=yes\n`;
  return `${smtpd(port)}${implicit}qmgr unix n - n ${wakeupS} 1 qmgr
${SERVICES}${transportsOf(plan).map(service).join('')}`;
}

/** A transport with its source; mail for a host without the source's family doesn't leave from elsewhere. */
function service({ name, vmta, ipv4, ipv6, helo, processes }: Transport): string {
  const options = [
    // The log says by it whose line it is.
    `syslog_name=postfix/${vmta}`,
    `smtp_helo_name=${helo}`,
    `inet_protocols=${ipv4 === undefined ? 'ipv6' : ipv6 === undefined ? 'ipv4' : 'all'}`,
    ...(ipv4 === undefined ? [] : [`smtp_bind_address=${ipv4}`]),
    ...(ipv6 === undefined ? [] : [`smtp_bind_address6=${ipv6}`]),
  ];
  return `${name} unix - - n - ${processes} smtp\n${options.map((option) => `  -o ${option}\n`).join('')}`;
}
