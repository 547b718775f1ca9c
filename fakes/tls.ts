/**
 * A certificate authority that lives as long as a run. Its certificates are ECDSA P-256 (RFC 5480) in the profile of
 * RFC 5280; whoever is handed `caPem` can check them, nobody else trusts them.
 */
import { KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import * as asn1 from 'asn1js';
import * as pki from 'pkijs';
import { wallClock } from '../src/core/clock.ts';

/** A certificate and its key, in PEM, as node:tls and mail servers take them. */
export interface Leaf {
  readonly cert: string;
  readonly key: string;
}

export interface LeafOptions {
  /** Host names that it is for; the first one is its subject too. */
  readonly names: readonly [string, ...string[]];
  /** Default: a day ago. */
  readonly validFrom?: Date;
  /** Default: in thirty days. A moment that has passed makes an expired certificate. */
  readonly validTo?: Date;
}

/** Signs certificates for the mail hosts of one run. */
export interface Authority {
  /** Its own certificate, for the trust store of a mail server under test. */
  readonly caPem: string;
  leaf(options: LeafOptions): Promise<Leaf>;
}

const DAY_MS = 86_400_000;
const LIFE_MS = 30 * DAY_MS;
const NAME = 'windtunnel throwaway CA';

/** Bits of KeyUsage (RFC 5280 section 4.2.1.3), counted from the left. */
const DIGITAL_SIGNATURE = 0b1000_0000;
const SIGN_CERTIFICATES = 0b0000_0110;

/** id-kp-serverAuth (RFC 5280 section 4.2.1.12). */
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
/** id-at-commonName (RFC 5280 appendix A.1). */
const COMMON_NAME = '2.5.4.3';
/** The choice dNSName of GeneralName (RFC 5280 section 4.2.1.6). */
const DNS_NAME = 2;

type Keys = webcrypto.CryptoKeyPair;

/** Makes an authority with a new key. Its certificate is valid from a day before `now` to thirty days after. */
export async function createAuthority(now: Date = wallClock()): Promise<Authority> {
  const keys = await newKeys();
  const validFrom = new Date(now.getTime() - DAY_MS);
  const validTo = new Date(now.getTime() + LIFE_MS);
  const caPem = await issue({
    subject: NAME,
    keys,
    signer: keys,
    validFrom,
    validTo,
    extensions: [
      extension(pki.id_BasicConstraints, new pki.BasicConstraints({ cA: true }).toSchema(), true),
      extension(pki.id_KeyUsage, bits(SIGN_CERTIFICATES), true),
    ],
  });
  return {
    caPem,
    async leaf({ names, ...validity }) {
      const own = await newKeys();
      const cert = await issue({
        subject: names[0],
        keys: own,
        signer: keys,
        validFrom,
        validTo,
        ...validity,
        extensions: [
          extension(pki.id_SubjectAltName, alternativeNames(names)),
          extension(pki.id_KeyUsage, bits(DIGITAL_SIGNATURE), true),
          extension(pki.id_ExtKeyUsage, new pki.ExtKeyUsage({ keyPurposes: [SERVER_AUTH] }).toSchema()),
        ],
      });
      return { cert, key: keyPem(own) };
    },
  };
}

interface Request {
  readonly subject: string;
  readonly keys: Keys;
  readonly signer: Keys;
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly extensions: pki.Extension[];
}

async function issue(request: Request): Promise<string> {
  const certificate = new pki.Certificate({
    // Version 3, the only one with extensions.
    version: 2,
    serialNumber: new asn1.Integer({ valueHex: serialNumber() }),
    extensions: request.extensions,
  });
  certificate.issuer.typesAndValues.push(commonName(NAME));
  certificate.subject.typesAndValues.push(commonName(request.subject));
  certificate.notBefore.value = request.validFrom;
  certificate.notAfter.value = request.validTo;
  await certificate.subjectPublicKeyInfo.importKey(request.keys.publicKey);
  await certificate.sign(request.signer.privateKey, 'SHA-256');
  return new X509Certificate(Buffer.from(certificate.toSchema(true).toBER(false))).toString();
}

function newKeys(): Promise<Keys> {
  return webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
}

function keyPem({ privateKey }: Keys): string {
  return KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** 128 random bits, the first of them 0: a serial number is positive (RFC 5280 section 4.1.2.2). */
function serialNumber(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(randomBytes(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function commonName(value: string): pki.AttributeTypeAndValue {
  return new pki.AttributeTypeAndValue({ type: COMMON_NAME, value: new asn1.Utf8String({ value }) });
}

interface Encodable {
  toBER(sizeOnly: boolean): ArrayBuffer;
}

function extension(extnID: string, value: Encodable, critical = false): pki.Extension {
  return new pki.Extension({ extnID, critical, extnValue: value.toBER(false) });
}

/** A string of bits that fit one byte, without the zeros at its end (X.690 section 11.2.2). */
function bits(byte: number): asn1.BitString {
  const unusedBits = 31 - Math.clz32(byte & -byte);
  return new asn1.BitString({ valueHex: Uint8Array.of(byte), unusedBits });
}

function alternativeNames(names: readonly string[]): Encodable {
  return new pki.GeneralNames({
    names: names.map((value) => new pki.GeneralName({ type: DNS_NAME, value })),
  }).toSchema();
}
