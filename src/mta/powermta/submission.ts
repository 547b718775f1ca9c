/** How PowerMTA takes mail in: listeners, who may relay, TLS and users; and over HTTP. */
import { isIPv6 } from 'node:net';
import { HarnessError } from '../../core/errors.ts';
import type { ConfigFile, MtaPlan, SubmissionPlan, User } from '../adapter.ts';
import { comment, directive, type Entry, tag, write, yesNo } from './syntax.ts';

/** Certificate and key in one file, as PowerMTA wants them; its users, whose passwords it keeps in plain text; its API key. */
const CERTIFICATE = 'smtp-certificate.pem';
const USERS = 'users';
const API_KEY = 'api-key';

/** Where its monitor listens: on loopback, for whoever reads only. */
const MONITOR_PORT = 8080;

/** The named source that every user has; names in braces are PowerMTA's own. */
const AUTHENTICATED = '{auth}';

/**
 * Listeners and sources.
 * @throws HarnessError of kind `invalid-scenario` for an IPv6 listener, which the guide doesn't describe
 */
export function submissionEntries({ folder, submission, senderDomains, defaultPool }: MtaPlan): Entry[] {
  const { certificate, users, relayFrom } = submission;
  const pool = directive('default-virtual-mta', defaultPool.name);
  const tls = certificate ? [directive('allow-starttls', 'yes')] : [];
  const relay = [
    directive('always-allow-relaying', 'yes'),
    directive('process-x-virtual-mta', 'yes'),
    directive('process-x-job', 'yes'),
    directive('process-x-envid', 'yes'),
    pool,
    directive('max-message-size', 'unlimited'),
  ];
  return [
    ...(certificate ? [directive('smtp-server-tls-certificate', `${folder}/${CERTIFICATE}`)] : []),
    ...listeners(submission),
    comment('Strangers may write to the sender alone.'),
    ...senderDomains.map((domain) => directive('relay-domain', domain)),
    tag('source', '0/0', [
      directive('smtp-service', 'yes'),
      directive('always-allow-relaying', 'no'),
      directive('process-x-virtual-mta', 'no'),
      pool,
      ...tls,
      directive('log-connections', 'no'),
    ]),
    ...relayFrom
      .filter((network) => !network.includes(':'))
      .map((network) =>
        tag('source', network, [
          ...relay,
          // CRAM-MD5 is offered wherever AUTH is.
          ...(users.length > 0 && network.startsWith('127.')
            ? [directive('allow-unencrypted-plain-auth', 'yes')]
            : []),
        ]),
      ),
    ...(users.length > 0
      ? [tag('source', AUTHENTICATED, relay), directive('include', `${folder}/${USERS}`)]
      : []),
  ];
}

/**
 * Its web server: the monitor, and the Transmissions API where mail is to come by that. What right a client needs to hand mail
 * over is not known, so it has all.
 */
export function webEntries({
  folder,
  submission: { http },
}: Pick<MtaPlan, 'folder' | 'submission'>): Entry[] {
  return [
    directive('http-mgmt-port', http?.port ?? MONITOR_PORT),
    directive('http-access', `127.0.0.1 ${http ? 'admin' : 'monitor'}`),
    directive('http-redirect-to-https', 'false'),
    ...(http ? [directive('include', `${folder}/${API_KEY}`)] : []),
  ];
}

/**
 * The files that those entries name.
 * @throws HarnessError of kind `invalid-scenario` for a user that PowerMTA can't have
 */
export function submissionFiles({ certificate, users, http }: SubmissionPlan): ConfigFile[] {
  return [
    ...(certificate
      ? [{ name: CERTIFICATE, text: `${certificate.cert}${certificate.key}`, secret: true }]
      : []),
    ...(users.length > 0 ? [{ name: USERS, text: write(users.map(smtpUser)), secret: true }] : []),
    ...(http ? [{ name: API_KEY, text: write([directive('http-api-key', http.key)]), secret: true }] : []),
  ];
}

function listeners({ addresses, port, tlsPort, listen }: SubmissionPlan): Entry[] {
  const found = addresses.find(isIPv6);
  if (found !== undefined) {
    throw new HarnessError('invalid-scenario', `PowerMTA is not known to listen on ${found}`, {
      hint: 'its guide describes IPv4 listeners alone: take IPv6 addresses out of load.sources',
    });
  }
  const places = listen === 'all' ? ['0.0.0.0'] : addresses;
  return places.flatMap((place) => [
    directive('smtp-listener', `${place}:${port}`),
    ...(tlsPort === undefined
      ? []
      : [tag('smtp-listener', `${place}:${tlsPort}`, [directive('immediate-tls', yesNo(true))])]),
  ]);
}

function smtpUser({ user, password }: User): Entry {
  // A # begins a comment, and nobody has said how a blank or a quote is written.
  if (!/^[\w@.+-]+$/.test(user) || !/^[!$-&(-[\]-_a-~]+$/.test(password)) {
    throw new HarnessError('invalid-scenario', `PowerMTA can't have the user "${user}" with this password`, {
      hint: 'its name may have letters, digits and @ . _ + -; its password ASCII characters but blanks, quotes, # and backslashes',
    });
  }
  return tag('smtp-user', user, [
    directive('password', password),
    directive('authentication-method', 'password'),
    directive('source', AUTHENTICATED),
  ]);
}
