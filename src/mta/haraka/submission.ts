/** How Haraka takes mail in: listeners, STARTTLS (plugin `tls`) and AUTH (plugin `auth/flat_file`). */
import { HarnessError } from '../../core/errors.ts';
import type { ConfigFile, MtaPlan, SubmissionEndpoint, SubmissionPlan, User } from '../adapter.ts';
import { endpointsOf } from '../ready.ts';

/** The lines of smtp.ini that say where Haraka listens. */
export function listenLines({ submission, routes }: MtaPlan): string[] {
  const { port, tlsPort } = submission;
  // A listener on this port speaks TLS from the first byte.
  const tls = tlsPort === undefined ? [] : [`smtps_port=${tlsPort}`];
  if (routes || submission.listen === 'loopback')
    return [`listen=${endpointsOf(submission).map(listener).join(',')}`, ...tls];
  // `port` alone is the default of production: all addresses of both families, of IPv4 alone where there is no IPv6.
  return [`port=${port}`, ...(tlsPort === undefined ? [] : [`listen=[::0]:${tlsPort}`]), ...tls];
}

/** How many listeners those are, with that of plugin `http`. */
export function listenerCount({ submission, routes }: Pick<MtaPlan, 'submission' | 'routes'>): number {
  const http = submission.http ? 1 : 0;
  if (routes || submission.listen === 'loopback') return endpointsOf(submission).length + http;
  return (submission.tlsPort === undefined ? 1 : 2) + http;
}

/** The plugins that a submission needs. */
export function submissionPlugins({ certificate, users }: SubmissionPlan): string[] {
  return [...(certificate ? ['tls'] : []), ...(users.length > 0 ? ['auth/flat_file'] : [])];
}

/**
 * The files that those plugins read.
 * @throws HarnessError of kind `invalid-scenario` for a user that Haraka can't have
 */
export function submissionFiles({ certificate, users }: SubmissionPlan): ConfigFile[] {
  const files: ConfigFile[] = [];
  if (certificate) {
    // The key serves this run alone and nobody trusts its authority, so that it may stay in the run's folder.
    files.push({ name: 'config/tls_key.pem', text: certificate.key, secret: true });
    files.push({ name: 'config/tls_cert.pem', text: certificate.cert, secret: false });
    files.push({ name: 'config/dhparams.pem', text: DH_PARAMETERS, secret: false });
  }
  if (users.length > 0)
    files.push({ name: 'config/auth_flat_file.ini', text: flatFile(users), secret: true });
  return files;
}

function listener({ address, port }: SubmissionEndpoint): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function flatFile(users: readonly User[]): string {
  for (const { user, password } of users) {
    if (!NAME.test(user) || !PASSWORD.test(password)) {
      throw new HarnessError('invalid-scenario', `Haraka can't have the user "${user}" with this password`, {
        hint: 'its name may have letters, digits and @ : . _ + / -; its password letters and other ASCII characters but blanks and backslashes, at least one of them a letter',
      });
    }
  }
  const lines = users.map(({ user, password }) => `${user}=${password}`);
  return `[core]\nmethods=PLAIN,LOGIN,CRAM-MD5\nconstrain_sender=false\n\n[users]\n${lines.join('\n')}\n`;
}

/** What Haraka's reader of .ini files takes as a key, and as a value that stays as it is: numbers don't. */
const NAME = /^[\w@:.+/-]+$/;
const PASSWORD = /^(?=.*[A-Za-z])[!-[\]-~]+$/;

/**
 * ffdhe2048 (RFC 7919 appendix A.1). The certificate does without it, but Haraka makes parameters of its own where there are none,
 * which takes openssl and up to a minute of CPU.
 */
const DH_PARAMETERS = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`;
