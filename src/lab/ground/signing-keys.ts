/** The DKIM keys of a run. They live as long as the run, in memory. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { DkimRecord } from '../../../fakes/zones.ts';
import type { DkimKind, SigningKey } from '../../driver/message/dkim.ts';

/** The keys that the driver signs with, and what DNS says of them; a kind's name is its selector. */
export interface SigningKeys {
  readonly keys: readonly SigningKey[];
  readonly records: readonly DkimRecord[];
}

/** Makes a key of each kind. */
export function makeSigningKeys(kinds: readonly DkimKind[]): SigningKeys {
  const pairs = kinds.map((kind) => ({ kind, ...keyPair(kind) }));
  return {
    keys: pairs.map(({ kind, privateKey }) => ({
      kind,
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    })),
    records: pairs.map(({ kind, publicKey }) => {
      const info = publicKey.export({ type: 'spki', format: 'der' });
      return kind === 'ed25519'
        ? // The SubjectPublicKeyInfo ends in the 32 bytes of the key (RFC 8410 section 4).
          { selector: kind, type: 'ed25519', publicKey: info.subarray(-32).toString('base64') }
        : { selector: kind, type: 'rsa', publicKey: info.toString('base64') };
    }),
  };
}

function keyPair(kind: DkimKind): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (kind) {
    case 'rsa-1024':
      return generateKeyPairSync('rsa', { modulusLength: 1024 });
    case 'rsa-2048':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'ed25519':
      return generateKeyPairSync('ed25519');
  }
}
