/** How an ISP is described: domains, mail hosts, limits, mailboxes. Data: <isp>/profile.yaml, replies beside it. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asset } from '../../src/core/assets.ts';
import { HarnessError } from '../../src/core/errors.ts';
import { authenticationFaults } from './authentication-profile.ts';
import { readDataFile, unknownName } from './data-file.ts';
import { withNeutralReplies } from './neutral.ts';
import { profileFaults } from './profile-faults.ts';
import { type ProfileData, profileSchema } from './profile-schema.ts';
import { loadReplies, type Reply } from './replies.ts';

/** An ISP as its files describe it. */
export interface IspProfile extends ProfileData {
  readonly replies: readonly Reply[];
}

/** The names of the ISPs that have a folder here. */
export function profileNames(): string[] {
  return readdirSync(asset('fakes'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(asset('fakes', entry.name, 'profile.yaml')))
    .map((entry) => entry.name)
    .sort();
}

/**
 * Loads an ISP by its name, or by the path of a profile.yaml with a replies.yaml beside it.
 * @throws HarnessError of kind `invalid-scenario` with file, line, value and expectation of every fault
 */
export function loadProfile(nameOrPath: string): IspProfile {
  const isPath = /[/\\]|\.ya?ml$/.test(nameOrPath);
  if (!isPath && !profileNames().includes(nameOrPath)) {
    throw new HarnessError('invalid-scenario', unknownName('ISP', nameOrPath, profileNames()), {
      hint: 'a path to a profile.yaml works too',
    });
  }
  const file = isPath ? nameOrPath : asset('fakes', nameOrPath, 'profile.yaml');
  const { data, error } = readDataFile(file, profileSchema);
  const own = loadReplies(join(dirname(file), 'replies.yaml'));
  const { session, replies } = withNeutralReplies(data.session, own);
  const faults = [
    ...profileFaults({ ...data, session }, replies),
    ...(data.authentication ? authenticationFaults(data.authentication, replies) : []),
  ];
  if (faults.length > 0) throw error(faults);
  return { ...data, session, replies };
}
