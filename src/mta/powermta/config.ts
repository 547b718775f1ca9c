import type { ConfigFile, MtaPlan } from '../adapter.ts';
import { deliveryEntries } from './delivery.ts';
import { accountingEntries, categoryEntries, processorEntries } from './reports.ts';
import { submissionEntries, submissionFiles } from './submission.ts';
import { directive, tag, write } from './syntax.ts';
import { virtualMtaEntries } from './virtual-mtas.ts';

/** Its configuration, spool and log, in its folder. */
export const CONFIG = 'config';
export const SPOOL = 'spool';
export const LOG = 'log/pmta.log';

/** Where its monitor listens: on loopback, for whoever reads only. */
const MONITOR_PORT = 8080;

/**
 * Every file that PowerMTA reads, as an operator would write it: what is not here is PowerMTA's default. directives.yaml says
 * where each directive is known from.
 * @throws HarnessError of kind `invalid-scenario` for what PowerMTA can't do
 */
export function configFiles(plan: MtaPlan): readonly ConfigFile[] {
  const { folder, hostname, senderDomains, resolver, submission } = plan;
  const text = write([
    directive('host-name', hostname),
    directive('postmaster', `postmaster@${senderDomains[0] ?? hostname}`),
    directive('run-as-root', 'no'),
    directive('log-file', `${folder}/${LOG}`),
    ...(resolver === undefined ? [] : [directive('name-server', resolver)]),
    directive('http-mgmt-port', MONITOR_PORT),
    directive('http-access', '127.0.0.1 monitor'),
    directive('http-redirect-to-https', 'false'),
    tag('spool', `${folder}/${SPOOL}`, [directive('deliver-only', 'no')]),
    ...submissionEntries(plan),
    ...virtualMtaEntries(plan),
    ...deliveryEntries(plan),
    ...processorEntries(plan),
    ...categoryEntries(),
    ...accountingEntries(plan),
  ]);
  return [{ name: CONFIG, text, secret: false }, ...submissionFiles(submission)];
}
